// A resolver in this process, with its own loop, and instances that answer health probes.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/http/server.h"
#include "common/process/metrics.h"
#include "common/real/real_clock.h"
#include "dnsresolver/server/app.h"
#include "dnsresolver/server/options.h"
#include "tests/contract/common/loop_thread.h"
#include "tests/contract/dnsresolver/dns_client.h"

namespace nonet::dns {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nonet-dns-XXXXXX").string();
    NONET_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Quick probes, a free port, no name server on 53.
inline Settings QuickSettings() {
  Settings settings;
  settings.dns_listen = "127.0.0.1:0";
  settings.probe_interval = absl::Milliseconds(100);
  settings.probe_timeout = absl::Seconds(1);
  settings.tolerated_failures = 1;
  return settings;
}

class TestResolver {
 public:
  TestResolver(const std::string& directory, const std::string& controlplane,
               const Settings& settings = QuickSettings())
      : loop_(RealClock()) {
    App::Options options;
    options.settings = *CheckSettings(settings);
    options.directory = directory;
    options.controlplane = controlplane;
    options.epoch = "0123456789abcdef";
    options.seed = 1;
    loop_.Call([&] { app_ = *App::Start(loop_.get(), metrics_, std::move(options)); });
  }
  ~TestResolver() {
    absl::Notification ended;
    loop_.Call([&] { app_->StopCalls([&] { ended.Notify(); }); });
    ended.WaitForNotification();
    loop_.Call([&] { app_.reset(); });
  }

  uint16_t dns_port() {
    return loop_.Call([&] { return app_->dns_addresses().front().port; });
  }
  std::string grpc_address() {
    return loop_.Call([&] { return app_->grpc_address(); });
  }
  std::string MetricsText() const { return metrics_.Text(); }

  // What contoso's name leads to, from an address of a region; "" for nothing.
  std::string Target(const char* source = "127.143.0.1") {
    const Decoded answer =
        UdpClient(dns_port(), source).Ask(MakeQuery("contoso.webpubsub.azure.com", kTypeA));
    return answer.answers.empty() ? "" : answer.answers[0].data;
  }
  // Waits until it leads there; false after 10 s.
  bool WaitForTarget(const std::string& target, const char* source = "127.143.0.1") {
    const int64_t end = RealClock().SteadyNs() + 10 * kNanosPerSecond;
    while (RealClock().SteadyNs() < end) {
      if (Target(source) == target) return true;
      std::this_thread::yield();
    }
    return false;
  }

 private:
  Metrics metrics_;
  LoopThread loop_;
  std::unique_ptr<App> app_;
};

// An instance's health endpoint.
class TestInstance {
 public:
  explicit TestInstance(uint16_t port = 0) : loop_(RealClock()) {
    loop_.Call([&] {
      http::ServerOptions options;
      options.port = port;
      server_ = *http::Server::Listen(loop_.get(), options, [this](http::Request request, http::Reply reply) {
        ++probes_;
        const std::string* host = request.Header("host");
        const bool asked_well = request.path == "/api/health" && host != nullptr &&
                                host->find("contoso-") == 0 &&
                                request.peer_address.find(".0.53") != std::string::npos;
        last_peer_ok_ = asked_well;
        reply({.status = status_, .content_type = "", .body = "", .headers = {}});
      });
      port_ = server_->port();
    });
  }
  ~TestInstance() {
    loop_.Call([&] { server_.reset(); });
  }

  uint16_t port() const { return port_; }
  int probes() const { return probes_; }
  // The last probe had the right path, Host and source.
  bool asked_well() const { return last_peer_ok_; }
  void SetStatus(int status) { status_ = status; }

 private:
  LoopThread loop_;
  std::unique_ptr<http::Server> server_;
  uint16_t port_ = 0;
  std::atomic<int> status_{200};
  std::atomic<int> probes_{0};
  std::atomic<bool> last_peer_ok_{false};
};

}  // namespace nonet::dns
