#include "common/process/daemon.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/http/server.h"
#include "common/process/files.h"
#include "common/process/flags.h"
#include "common/process/log.h"
#include "common/process/process_metrics.h"
#include "common/process/stop_watch.h"
#include "common/real/entropy.h"
#include "common/real/real_clock.h"

ABSL_FLAG(std::string, dir, "", "directory of all state; created with mode 0700; required");
ABSL_FLAG(uint16_t, admin_port, 0, "port of /metrics, /healthz and /readyz; 0 picks a free one");
ABSL_FLAG(std::string, ready_file, "", "file to write when ready: {\"pid\": n, \"addresses\": {...}}");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");

namespace nonet {
namespace {

// Scrapers and orchestrators; nobody else has business here.
constexpr size_t kAdminConnectionsMax = 64;
constexpr size_t kAdminBodyBytesMax = 1024;

[[noreturn]] void ExitForUsage(const std::string& program, const absl::Status& why) {
  std::fprintf(stderr, "%s / try: %s --help\n", FormatError(why).c_str(), program.c_str());
  std::exit(2);
}

absl::Status SetLogLevel(const std::string& level) {
  static const std::map<std::string, log::Level> kLevels = {{"debug", log::Level::kDebug},
                                                            {"info", log::Level::kInfo},
                                                            {"warning", log::Level::kWarning},
                                                            {"error", log::Level::kError}};
  const auto it = kLevels.find(level);
  if (it == kLevels.end()) {
    return BadFlag(absl::StrCat("'", level, "' is no value for --log-level (debug, info, warning or error)"));
  }
  log::SetLevel(it->second);
  return absl::OkStatus();
}

absl::StatusOr<std::string> OpenDirectory(const std::string& path) {
  RETURN_IF_ERROR(MakeDirectories(path));
  if (chmod(path.c_str(), 0700) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot chmod ", path));
  char absolute[PATH_MAX];
  if (realpath(path.c_str(), absolute) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot resolve ", path));
  }
  return std::string(absolute);
}

http::Response PlainText(int status, std::string body) {
  return {
      .status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body), .headers = {}};
}

// The millisecond it began, so that a later life's epoch is the larger, and 16 random bits.
std::string NewEpoch() {
  const int64_t ms = RealClock().WallNs() / kNanosPerMilli;
  return absl::StrCat(absl::Hex(ms, absl::kZeroPad12), RandomHex(2));
}

}  // namespace

struct Daemon::Impl {
  explicit Impl(Spec spec_in) : spec(std::move(spec_in)), loop(RealClock()), process_metrics(metrics) {}

  absl::Status ListenAdmin();
  http::Response Admin(const http::Request& request);
  http::Response Readiness();
  void BeginStop();
  void StopNext();

  Spec spec;
  std::string dir;
  const std::string epoch = NewEpoch();
  Metrics metrics;
  EventLoop loop;
  ProcessMetrics process_metrics;
  std::unique_ptr<http::Server> admin;
  std::unique_ptr<StopWatch> stop_watch;
  bool ready = false;
  bool stopping = false;
  absl::Status failure;
  std::string ready_file;  // To be removed; empty when none was written.
  std::map<std::string, absl::AnyInvocable<bool()>> checks;
  std::vector<StopStep> stop_steps;
  std::list<StopStep> stopped_steps;  // Kept: what a step owns may be at work until `done`.
};

absl::Status Daemon::Impl::ListenAdmin() {
  const http::ServerOptions options = {.address = spec.admin_address,
                                       .port = absl::GetFlag(FLAGS_admin_port),
                                       .connections_max = kAdminConnectionsMax,
                                       .body_bytes_max = kAdminBodyBytesMax};
  ASSIGN_OR_RETURN(
      admin, http::Server::Listen(
                 loop, options, [this](http::Request request, http::Reply reply) { reply(Admin(request)); }));
  return absl::OkStatus();
}

http::Response Daemon::Impl::Admin(const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return PlainText(405, "GET or HEAD only\n");
  if (request.path == "/healthz") return PlainText(200, "ok\n");  // The loop turns: it has just answered.
  if (request.path == "/readyz") return Readiness();
  if (request.path == "/metrics") {
    process_metrics.Update();
    http::Response response = PlainText(200, metrics.Text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  }
  return PlainText(404, "/metrics, /healthz and /readyz are here\n");
}

http::Response Daemon::Impl::Readiness() {
  std::vector<std::string> failed;
  if (!ready) failed.push_back("start");
  if (stopping) failed.push_back("stop");
  for (auto& [name, check] : checks) {
    if (!check()) failed.push_back(name);
  }
  if (failed.empty()) return PlainText(200, "ok\n");
  return PlainText(503, absl::StrCat("not ready: ", absl::StrJoin(failed, ", "), "\n"));
}

void Daemon::Impl::BeginStop() {
  if (stopping) return;
  stopping = true;
  log::Info("stopping", {{"process", spec.name}});
  loop.Post([this] { StopNext(); });
}

void Daemon::Impl::StopNext() {
  if (stop_steps.empty()) return loop.Stop();
  stopped_steps.push_back(std::move(stop_steps.back()));
  stop_steps.pop_back();
  stopped_steps.back()([this] { loop.Post([this] { StopNext(); }); });
}

Daemon::Daemon(int argc, char** argv, Spec spec) : impl_(std::make_unique<Impl>(std::move(spec))) {
  const std::string& program = impl_->spec.name;
  FlagsResult result;
  absl::Status parsed = ParseFlags(std::vector<std::string>(argv + 1, argv + argc), result);
  if (result.help) {
    std::fputs(FlagsHelp(program, impl_->spec.summary).c_str(), stdout);
    std::exit(0);
  }
  if (result.version) {
    std::printf("%s %s\n", program.c_str(), std::string(Version()).c_str());
    std::exit(0);
  }
  if (parsed.ok()) parsed = SetLogLevel(absl::GetFlag(FLAGS_log_level));
  if (parsed.ok() && absl::GetFlag(FLAGS_dir).empty()) parsed = nonet::BadFlag("--dir is required");
  if (!parsed.ok()) ExitForUsage(program, parsed);
  absl::StatusOr<std::string> dir = OpenDirectory(absl::GetFlag(FLAGS_dir));
  if (!dir.ok()) {
    std::fprintf(stderr, "%s\n", FormatError(dir.status()).c_str());
    std::exit(1);
  }
  impl_->dir = *std::move(dir);
  signal(SIGPIPE, SIG_IGN);
  // Debian's Abseil looks for lock cycles at every lock of a mutex, gRPC's included: some hundredths of the
  // CPU.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  impl_->stop_watch =
      StopWatch::Start([impl = impl_.get()] { impl->loop.Post([impl] { impl->BeginStop(); }); });
}

Daemon::~Daemon() = default;

int Daemon::Run(std::function<absl::Status(Daemon&)> start) {
  impl_->loop.Post([this, start = std::move(start)] {
    absl::Status started = impl_->ListenAdmin();
    if (started.ok()) started = start(*this);
    if (!started.ok()) Fail(std::move(started));
  });
  impl_->loop.Run();
  impl_->admin.reset();
  if (!impl_->ready_file.empty()) RemoveFile(impl_->ready_file).IgnoreError();
  if (impl_->failure.ok()) return 0;
  std::fprintf(stderr, "%s\n", FormatError(impl_->failure).c_str());
  return 1;
}

EventLoop& Daemon::loop() { return impl_->loop; }
Metrics& Daemon::metrics() { return impl_->metrics; }
const std::string& Daemon::dir() const { return impl_->dir; }
const std::string& Daemon::epoch() const { return impl_->epoch; }

void Daemon::SetAdminAddress(std::string address) {
  NONET_CHECK(impl_->admin == nullptr);
  impl_->spec.admin_address = std::move(address);
}

void Daemon::AddReadinessCheck(std::string name, absl::AnyInvocable<bool()> check) {
  impl_->checks[std::move(name)] = std::move(check);
}

void Daemon::OnStop(absl::AnyInvocable<void()> stop) {
  impl_->stop_steps.push_back([stop = std::move(stop)](absl::AnyInvocable<void()> done) mutable {
    stop();
    done();
  });
}

void Daemon::OnStopAsync(StopStep stop) { impl_->stop_steps.push_back(std::move(stop)); }

void Daemon::Ready(std::vector<std::pair<std::string, std::string>> addresses) {
  addresses.emplace_back("admin", absl::StrCat(impl_->spec.admin_address, ":", impl_->admin->port()));
  std::string line = "ready";
  std::vector<std::string> members;  // Names and addresses need no escaping.
  for (const auto& [name, address] : addresses) {
    absl::StrAppend(&line, " ", name, "=", address);
    members.push_back(absl::StrCat("\"", name, "\": \"", address, "\""));
  }
  if (const std::string file = absl::GetFlag(FLAGS_ready_file); !file.empty()) {
    const absl::Status written = WriteFileAtomic(
        file,
        absl::StrCat("{\"pid\": ", getpid(), ", \"addresses\": {", absl::StrJoin(members, ", "), "}}\n"));
    if (!written.ok()) return Fail(written);
    impl_->ready_file = file;
  }
  impl_->ready = true;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void Daemon::Fail(absl::Status why) {
  NONET_CHECK(!why.ok());
  impl_->stop_watch->Arm();  // The loop itself may be what hangs.
  impl_->loop.Post([impl = impl_.get(), why = std::move(why)]() mutable {
    if (impl->failure.ok()) impl->failure = std::move(why);
    impl->BeginStop();
  });
}

void Daemon::BadFlag(absl::string_view what) const { ExitForUsage(impl_->spec.name, nonet::BadFlag(what)); }

absl::string_view Version() { return NONET_VERSION; }

}  // namespace nonet
