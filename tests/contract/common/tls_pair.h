// A certificate authority of this test program, a server's side and a client's.
#pragma once

#include <memory>

#include "common/tls/session.h"

namespace nonet {

// A server called localhost, at 127.0.0.1.
std::shared_ptr<const tls::Context> TestServer();
// Trusts it.
std::shared_ptr<const tls::Context> TestClient();
// Trusts another authority.
std::shared_ptr<const tls::Context> StrangersClient();

}  // namespace nonet
