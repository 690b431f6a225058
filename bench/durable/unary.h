// A connection for unary gRPC calls, one at a time, that costs a load little: HTTP/2 written by hand, every
// request the same but for its message. One thread. Source: RFC 9113, RFC 7541, and gRPC's "gRPC over HTTP2".
//
//   UnaryConnection connection("127.0.0.1:7800", "/package.Service/Method", {});
//   connection.Call(request.SerializeAsString());
//   ... epoll says that connection.fd() is readable ...
//   if (connection.Receive()) use(connection.answer());
//
// What goes wrong ends the process: a call that is answered with anything but a message, too.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace nonet::bench {

class UnaryConnection {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // To `target`, an IPv4 "ip:port". `headers` go with every call, behind those that gRPC asks for.
  UnaryConnection(const std::string& target, const std::string& method, const Headers& headers);
  ~UnaryConnection();
  UnaryConnection(const UnaryConnection&) = delete;
  UnaryConnection& operator=(const UnaryConnection&) = delete;

  int fd() const { return fd_; }
  // None is under way.
  void Call(absl::string_view message);
  // What has come. Whether the call is over; does not wait.
  bool Receive();
  // The message that the last call was answered with.
  const std::string& answer() const { return answer_; }

 private:
  bool OnFrame(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload);
  void SendCall();
  void Send(absl::string_view bytes);

  int fd_ = -1;
  std::string header_block_;
  uint32_t stream_ = 0;      // Of the call under way, or the last one.
  std::string request_;      // That waits for credit.
  int64_t credit_ = 65'535;  // Bytes of messages that the server takes.
  std::string in_;
  std::string answer_;
};

}  // namespace nonet::bench
