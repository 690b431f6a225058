// What HTTP promises, it promises in the clear and over TLS: suites of this class run both ways.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/http/server.h"
#include "tests/contract/common/raw_socket.h"
#include "tests/contract/common/tls_pair.h"

namespace nonet::http {

class OverBoth : public testing::TestWithParam<bool> {
 public:
  static bool secure() { return GetParam(); }
  static ServerOptions Over(ServerOptions options) {
    if (secure()) options.tls = TestServer();
    return options;
  }
  static std::string Name(const testing::TestParamInfo<bool>& info) {
    return info.param ? "OverTls" : "InTheClear";
  }
};

// A client of the suite's kind.
class Client : public RawSocket {
 public:
  explicit Client(uint16_t port, int receive_buffer_bytes = 0)
      : RawSocket(port, receive_buffer_bytes, OverBoth::secure() ? TestClient() : nullptr) {}
};

}  // namespace nonet::http
