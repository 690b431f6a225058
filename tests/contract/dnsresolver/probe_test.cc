// Probes over real sockets: a TCP port, a TLS server with a certificate nobody signed, one that never
// answers.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/real/real_clock.h"
#include "dnsresolver/server/prober.h"
#include "tests/contract/common/loop_thread.h"

namespace nonet::dns {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Runs probes and waits for their results.
class Probes {
 public:
  Probes(ProbeSettings settings, int64_t timeout_ns) : loop_(RealClock()) {
    loop_.Call([&] {
      prober_ = std::make_unique<Prober>(loop_.get(), std::move(settings), timeout_ns,
                                         [this](uint64_t probe, ProbeResult result) {
                                           absl::MutexLock lock(&mu_);
                                           results_[probe] = std::move(result);
                                         });
    });
  }
  ~Probes() {
    loop_.Call([&] { prober_.reset(); });
  }

  void Start(uint64_t probe, uint16_t port) {
    loop_.Call([&] { prober_->Start({probe, "e", {"127.0.0.1", port, "contoso.example"}, 0}); });
  }
  // Waits until so many have ended.
  std::map<uint64_t, ProbeResult> Wait(size_t count) {
    absl::MutexLock lock(&mu_);
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return results_.size() >= count; };
    EXPECT_TRUE(mu_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(20)));
    return results_;
  }
  ProbeResult One(uint16_t port) {
    Start(1, port);
    return Wait(1)[1];
  }

 private:
  absl::Mutex mu_;
  std::map<uint64_t, ProbeResult> results_ ABSL_GUARDED_BY(mu_);
  LoopThread loop_;
  std::unique_ptr<Prober> prober_;
};

// Listens and never accepts: the kernel completes connections, nobody answers on them.
class Silent {
 public:
  Silent() : acceptor_(io_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {}
  uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::io_context io_;
  tcp::acceptor acceptor_;
};

// Answers one HTTPS request with `status`.
class TlsServer {
 public:
  explicit TlsServer(int status)
      : context_(asio::ssl::context::tls_server),
        acceptor_(io_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
    EVP_PKEY* key = EVP_RSA_gen(2048);
    X509* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context_.native_handle(), certificate);
    SSL_CTX_use_PrivateKey(context_.native_handle(), key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    thread_ = std::thread([this, status] {
      asio::ssl::stream<tcp::socket> stream(io_, context_);
      boost::system::error_code error;
      acceptor_.accept(stream.lowest_layer(), error);
      if (!error) stream.handshake(asio::ssl::stream_base::server, error);
      asio::streambuf request;
      if (!error) asio::read_until(stream, request, "\r\n\r\n", error);
      const std::string answer = "HTTP/1.1 " + std::to_string(status) + " X\r\ncontent-length: 0\r\n\r\n";
      if (!error) asio::write(stream, asio::buffer(answer), error);
    });
  }
  ~TlsServer() { thread_.join(); }
  uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::io_context io_;
  asio::ssl::context context_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

TEST(Probe, TcpNeedsAConnectionAndNothingMore) {
  const Silent silent;
  const ProbeResult good = Probes({.scheme = http::Scheme::kTcp}, 5 * kNanosPerSecond).One(silent.port());
  EXPECT_TRUE(good.success) << good.detail;
  uint16_t closed = 0;
  {
    const Silent gone;
    closed = gone.port();
  }
  const ProbeResult bad = Probes({.scheme = http::Scheme::kTcp}, 5 * kNanosPerSecond).One(closed);
  EXPECT_FALSE(bad.success);
  EXPECT_EQ(bad.detail, "connection refused");
}

TEST(Probe, HttpsDoesNotAskWhoSignedTheCertificate) {
  const TlsServer server(204);
  const ProbeResult result =
      Probes({.scheme = http::Scheme::kHttps, .expected = {{200, 299}}}, 10 * kNanosPerSecond)
          .One(server.port());
  EXPECT_TRUE(result.success) << result.detail;
  EXPECT_EQ(result.detail.substr(0, 3), "204");
}

TEST(Probe, HttpsFailsOnAStatusOutsideTheRanges) {
  const TlsServer server(503);
  const ProbeResult result =
      Probes({.scheme = http::Scheme::kHttps, .expected = {{200, 299}, {301, 302}}}, 10 * kNanosPerSecond)
          .One(server.port());
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.detail.substr(0, 3), "503");
}

TEST(Probe, HangingEndpointsCostNoThreadAndTimeOut) {
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const Silent silent;
  Probes probes({.scheme = http::Scheme::kHttps}, 2 * kNanosPerSecond);
  const auto before = threads();
  for (uint64_t i = 1; i <= 200; ++i) probes.Start(i, silent.port());
  EXPECT_EQ(threads(), before);
  for (const auto& [probe, result] : probes.Wait(200)) {
    EXPECT_FALSE(result.success);
    EXPECT_EQ(result.detail, "timed out after 2 s");
  }
}

}  // namespace
}  // namespace nonet::dns
