#include "tests/contract/common/tls_pair.h"

#include "common/real/real_clock.h"

namespace nonet {
namespace {

tls::Authority NewAuthority() {
  return *tls::Authority::Create({.cluster = "test", .zone = "webpubsub.test"}, RealClock().WallNs(),
                                 tls::RealKeys());
}

const tls::Authority& TheAuthority() {
  static const tls::Authority* const authority = new tls::Authority(NewAuthority());
  return *authority;
}

}  // namespace

std::shared_ptr<const tls::Context> TestServer() {
  const tls::Leaf leaf{.common_name = "localhost",
                       .organization = "test",
                       .dns_names = {"localhost"},
                       .addresses = {"127.0.0.1"},
                       .uris = {}};
  return *tls::Context::Server(*TheAuthority().Issue(leaf, RealClock().WallNs()));
}

std::shared_ptr<const tls::Context> TestClient() {
  return *tls::Context::Client(TheAuthority().pair().certificate_pem);
}

std::shared_ptr<const tls::Context> StrangersClient() {
  return *tls::Context::Client(NewAuthority().pair().certificate_pem);
}

}  // namespace nonet
