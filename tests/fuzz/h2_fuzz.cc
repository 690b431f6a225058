// libFuzzer on gRPC over HTTP/2 as a codec: whatever arrives, in whatever pieces, at either end, there are
// never more calls than allowed and never more bytes of messages than arrived; a call ends at most once, and
// last.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/base/check.h"
#include "common/h2/grpc_session.h"

namespace nonet::h2 {
namespace {

// The first byte: which end it is (1: a server), whether it answers (2), finishes (4), cancels (8), pauses
// (16).
class Fuzzed {
 public:
  explicit Fuzzed(unsigned mode)
      : mode_(mode),
        session_((mode & 1) != 0 ? GrpcSession::Side::kServer : GrpcSession::Side::kClient, Record()) {
    if ((mode & 1) != 0) return;
    const CallId call = session_.Call("/nonet.peer.v1.PeerSync/Sync", "127.0.0.1:8083", "http");
    NONET_CHECK(call == 1);
    session_.Write(call, "hello");
  }

  void Feed(absl::string_view bytes, size_t piece) {
    while (!bytes.empty() && !session_.over()) {
      const absl::string_view next = bytes.substr(0, piece);
      bytes.remove_prefix(next.size());
      fed_ += next.size();
      if (!session_.Receive(next).ok()) return;
      NONET_CHECK(message_bytes_ <= fed_);
      NONET_CHECK(session_.calls() <= 4 * kCallsMax);  // Some have ended and wait to be forgotten.
      std::string out;
      session_.TakeOutput(&out);
    }
    for (const auto& [id, ended] : ended_) {
      if (!ended) session_.SetReading(id, true);
    }
  }

 private:
  GrpcSession::Events Record() {
    GrpcSession::Events events;
    events.on_call = [this](CallId id, const std::string&) {
      NONET_CHECK(ended_.emplace(id, false).second);
      if ((mode_ & 2) != 0) session_.Write(id, std::string(1000, 'x'));
    };
    events.on_message = [this](CallId id, const std::string& message) {
      NONET_CHECK(!ended_[id]);
      message_bytes_ += message.size();
      if ((mode_ & 16) != 0) session_.SetReading(id, false);
      if ((mode_ & 2) != 0 && session_.Written(id)) session_.Write(id, message);
      if ((mode_ & 4) != 0 && (mode_ & 1) != 0) {
        session_.Finish(id, {9, "no \xC3\xBC", std::string("\0\1", 2)});
        ended_[id] = true;
      } else if ((mode_ & 8) != 0) {
        session_.Cancel(id);
        ended_[id] = true;
      }
    };
    events.on_last_message = [this](CallId id) { NONET_CHECK(!ended_[id]); };
    events.on_end = [this](CallId id, const CallEnd&) { NONET_CHECK(!std::exchange(ended_[id], true)); };
    return events;
  }

  const unsigned mode_;
  std::map<CallId, bool> ended_;
  size_t fed_ = 0, message_bytes_ = 0;
  GrpcSession session_;
};

}  // namespace
}  // namespace nonet::h2

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  nonet::h2::Fuzzed(data[0]).Feed(bytes, data[1] == 0 ? bytes.size() + 1 : data[1]);
  return 0;
}
