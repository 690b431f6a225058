// Keep-alive of one client, at times that a test chooses.
#include "replica/server/client_connection.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "common/clock/clock.h"
#include "replica/codec/ws_frame.h"

namespace nonet::replica {
namespace {

constexpr int64_t kInterval = kNanosPerSecond;

class RecordedStream final : public http::Stream {
 public:
  explicit RecordedStream(std::string* sent, Callbacks* callbacks) : sent_(sent), callbacks_(callbacks) {}
  void Start(Callbacks callbacks) override { *callbacks_ = std::move(callbacks); }
  void Append(absl::string_view bytes) override { sent_->append(bytes.data(), bytes.size()); }
  void Write(std::shared_ptr<const std::string> bytes) override { sent_->append(*bytes); }
  size_t queued_bytes() const override { return 0; }
  void SetReading(bool) override {}
  void CloseAfterWrites() override {}
  void Abort() override {}

 private:
  std::string* const sent_;
  Callbacks* const callbacks_;
};

class KeepAlive : public testing::Test {
 protected:
  KeepAlive() { client_.Start(); }

  // How many pings were sent at that time; -1 when the client is to be dropped.
  int CheckAt(int64_t ns) {
    now_ = ns;
    sent_.clear();
    if (!client_.CheckAlive(ns)) return -1;
    EXPECT_TRUE(sent_.empty() || sent_ == EncodeFrame(Opcode::kPing, ""));
    return sent_.empty() ? 0 : 1;
  }
  void HearAt(int64_t ns) {
    now_ = ns;
    stream_.on_data(absl::string_view("\x8A\x80\0\0\0\0", 6));  // A masked pong.
  }

  static ClientConnection::Info MakeInfo() {
    ClientConnection::Info info;
    info.keep_alive_ns = kInterval;
    return info;
  }

  int64_t now_ = 0;
  std::string sent_;
  http::Stream::Callbacks stream_;
  ClientFrameParser parser_;
  ClientConnection client_{MakeInfo(),
                           std::make_unique<RecordedStream>(&sent_, &stream_),
                           parser_,
                           {.on_frame = [](ConnectionKey, ClientFrame&) {},
                            .on_ended = [](ConnectionKey, absl::string_view) {},
                            .on_gone = [](ConnectionKey) {},
                            .steady_ns = [this] { return now_; }}};
};

TEST_F(KeepAlive, PingsEveryIntervalAndDropsWhoIsSilentForTwo) {
  EXPECT_EQ(CheckAt(kInterval - 1), 0);
  EXPECT_EQ(CheckAt(kInterval), 1);
  EXPECT_EQ(CheckAt(2 * kInterval), 1);
  EXPECT_EQ(CheckAt(2 * kInterval + 1), -1);
}

TEST_F(KeepAlive, WhoAnswersStays) {
  for (int64_t at = kInterval; at < 100 * kInterval; at += kInterval) {
    EXPECT_EQ(CheckAt(at), 1) << at;
    HearAt(at + 1);
  }
}

// The checks come once an interval, and late: the first may be too early for a ping, the second past the end.
TEST_F(KeepAlive, NobodyIsDroppedWithoutHavingBeenAsked) {
  EXPECT_EQ(CheckAt(kInterval - 1), 0);
  EXPECT_EQ(CheckAt(2 * kInterval + 1), 1);
  EXPECT_EQ(CheckAt(3 * kInterval + 1), -1);
}

TEST_F(KeepAlive, AnEarlierPingIsNotOneSinceTheClientWasHeard) {
  EXPECT_EQ(CheckAt(kInterval), 1);
  HearAt(kInterval + 2);
  EXPECT_EQ(CheckAt(10 * kInterval), 1);  // The loop stood still, not the client.
  HearAt(10 * kInterval + 1);
  EXPECT_EQ(CheckAt(11 * kInterval), 1);
}

}  // namespace
}  // namespace nonet::replica
