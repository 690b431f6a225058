// An instance in this process, and a WebSocket client that says exactly what a test says.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/process/metrics.h"
#include "common/real/real_clock.h"
#include "replica/server/instance_server.h"
#include "tests/contract/common/loop_thread.h"
#include "tests/contract/common/raw_socket.h"
#include "tests/unit/replica/client_bytes.h"
#include "tests/unit/replica/jwt.h"

namespace nonet::replica {

inline constexpr char kKey[] = "PRIMARYPRIMARYPRIMARYPRIMARYPRIMARY1";
inline constexpr char kNewKey[] = "REGENERATEDREGENERATEDREGENERATED12";

inline std::string InstanceName(int i) {
  return i == 0 ? "resources/contoso" : absl::StrCat("resources/contoso/replicas/r", i);
}

// One instance on a loop of its own; 127.0.0.1, free ports.
class Instance {
 public:
  using Adjust = std::function<void(InstanceServer::Options&)>;
  explicit Instance(int number, int life = 1, const Adjust& adjust = {})
      : number_(number), loop_(RealClock()) {
    loop_.Call([&] {
      InstanceServer::Options options;
      options.instance = InstanceName(number);
      options.epoch = epoch_ = absl::StrCat("00000000000000", number, life);
      if (adjust) adjust(options);
      server_ = std::make_unique<InstanceServer>(loop_.get(), metrics_, options);
      const absl::Status status = server_->Listen();
      EXPECT_TRUE(status.ok()) << status;
    });
  }
  ~Instance() { Stop(); }

  void Stop() {
    if (server_ == nullptr) return;
    absl::Notification stopped;
    loop_.get().Post([&] { server_->Stop([&] { stopped.Notify(); }); });
    EXPECT_TRUE(stopped.WaitForNotificationWithTimeout(absl::Seconds(5)));
    loop_.Call([&] { server_.reset(); });
  }

  InstanceConfig Config(const std::vector<const Instance*>& peers = {}, std::string key = kKey) const {
    InstanceConfig config;
    config.complete = true;
    config.resource_host = "contoso.webpubsub.test";
    config.tag = Tag();
    config.instance_host = absl::StrCat("contoso-r-", Tag(), ".webpubsub.test");
    config.keys = {std::move(key), "SECONDARYSECONDARYSECONDARYSECONDARY"};
    config.hubs["quick"] = {true, kNanosPerSecond};
    for (const Instance* peer : peers) {
      config.peers.push_back({InstanceName(peer->number_),
                              absl::StrCat("127.0.0.1:", peer->server_->peer_port()), peer->epoch_,
                              peer->Tag()});
    }
    return config;
  }
  void Apply(InstanceConfig config) {
    loop_.Call([&] { server_->ApplyConfig(std::move(config)); });
  }

  std::string Tag() const { return absl::StrCat("0000000", number_); }
  uint16_t http_port() { return server_->http_port(); }
  uint16_t grpc_port() { return server_->grpc_port(); }
  uint16_t peer_port() { return server_->peer_port(); }
  InstanceServer& server() { return *server_; }
  LoopThread& loop() { return loop_; }
  bool WaitServing() {
    return loop_.Eventually([&] { return server_->serving(); });
  }
  bool WaitConnections(size_t count) {
    return loop_.Eventually([&] { return server_->connections() == count; });
  }

 private:
  const int number_;
  std::string epoch_;
  Metrics metrics_;
  LoopThread loop_;
  std::unique_ptr<InstanceServer> server_;
};

inline std::string Token(absl::string_view path, absl::string_view claims = "",
                         const std::string& key = kKey) {
  const int64_t exp = RealClock().WallNs() / kNanosPerSecond + 600;
  return SignJwt(
      absl::StrCat(R"({"aud":"http://contoso.webpubsub.test)", path, R"(","exp":)", exp, claims, "}"), key);
}

constexpr absl::string_view kAllRoles = R"(,"role":["webpubsub.joinLeaveGroup","webpubsub.sendToGroup"])";

// A client of one instance.
class WsClient {
 public:
  struct Options {
    std::string hub = "chat";
    std::string claims = std::string(kAllRoles);
    std::string protocol = "json.webpubsub.azure.v1";
    std::string key = kKey;
    std::string query;  // Instead of a token.
    int receive_buffer = 0;
  };
  WsClient(Instance& instance, const Options& options)
      : socket_(instance.http_port(), options.receive_buffer) {
    const std::string path = "/client/hubs/" + options.hub;
    const std::string query =
        options.query.empty() ? "access_token=" + Token(path, options.claims, options.key) : options.query;
    std::string request =
        absl::StrCat("GET ", path, "?", query,
                     " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    if (!options.protocol.empty())
      absl::StrAppend(&request, "Sec-WebSocket-Protocol: ", options.protocol, "\r\n");
    socket_.Send(request + "\r\n");
    head_ = socket_.ReceiveUntil("\r\n\r\n");
  }
  explicit WsClient(Instance& instance) : WsClient(instance, Options()) {}

  const std::string& head() const { return head_; }
  bool upgraded() const { return head_.rfind("HTTP/1.1 101", 0) == 0; }
  RawSocket& socket() { return socket_; }
  void Send(absl::string_view json) { socket_.Send(ClientFrameBytes(0x81, json)); }
  // The next text frame's payload, "close <code>", "ping", or "" when the stream ended.
  std::string Next() {
    const std::string head = socket_.Receive(2);
    if (head.size() < 2) return "";
    size_t size = static_cast<unsigned char>(head[1]);
    if (size >= 126) {
      const std::string more = socket_.Receive(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : more) size = size << 8 | static_cast<unsigned char>(c);
    }
    const std::string payload = size == 0 ? "" : socket_.Receive(size);
    switch (head[0] & 0xF) {
      case 1:
        return payload;
      case 8:
        return absl::StrCat(
            "close ", static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]));
      case 9:
        return "ping";
      default:
        return "?";
    }
  }

 private:
  RawSocket socket_;
  std::string head_;
};

}  // namespace nonet::replica
