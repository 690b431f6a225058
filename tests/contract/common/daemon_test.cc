// The main of every daemon, as its users see it: arguments, ready line, admin port, signals, exit codes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/clock/clock.h"
#include "common/process/files.h"
#include "common/process/stop_watch.h"
#include "common/real/real_clock.h"
#include "tests/contract/common/raw_socket.h"

namespace nonet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Child {  // The test daemon with these arguments.
 public:
  explicit Child(std::vector<std::string> arguments) {
    int out[2];
    int err[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
    std::vector<char*> argv = {const_cast<char*>(NONET_TEST_DAEMON)};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      dup2(err[1], STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(out[1]);
    close(err[1]);
    out_ = out[0];
    err_ = err[0];
  }
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(out_);
    close(err_);
  }

  pid_t pid() const { return pid_; }
  void Signal(int number) const { kill(pid_, number); }
  std::string Line() const {
    std::string line;
    for (char c = 0; c != '\n' && Readable(out_) && read(out_, &c, 1) == 1;) line += c;
    return line;
  }
  std::string RestOfOutput() const { return Rest(out_); }
  std::string Errors() const { return Rest(err_); }
  // Waits for the end: the exit code, or -1 when a signal ended it.
  int ExitCode() {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static bool Readable(int fd) {
    pollfd readable = {.fd = fd, .events = POLLIN, .revents = 0};
    return poll(&readable, 1, 10'000) == 1;
  }
  static std::string Rest(int fd) {
    std::string rest;
    for (char c = 0; Readable(fd) && read(fd, &c, 1) == 1;) rest += c;
    return rest;
  }

  pid_t pid_ = 0;
  int out_ = -1;
  int err_ = -1;
};

class DaemonMain : public testing::Test {
 protected:
  DaemonMain() {
    char name[] = "/tmp/nonet-daemon-XXXXXX";
    dir_ = mkdtemp(name);
  }
  ~DaemonMain() override { std::filesystem::remove_all(dir_); }

  std::string dir_;
};

uint16_t AdminPort(const std::string& ready_line) {
  int port = 0;
  const size_t at = ready_line.find("admin=127.0.0.1:");
  EXPECT_NE(at, std::string::npos) << ready_line;
  EXPECT_TRUE(absl::SimpleAtoi(ready_line.substr(at + 16), &port));
  return static_cast<uint16_t>(port);
}

std::string HttpGet(uint16_t port, absl::string_view path, absl::string_view method = "GET") {
  RawSocket client(port);
  client.Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
  return client.ReceiveAll();
}

TEST_F(DaemonMain, RefusesBadCommandLinesInOneLineWithExitCode2) {
  const struct {
    std::vector<std::string> arguments;
    std::string cause;
  } kCases[] = {
      {{"--dir", dir_, "--nosuch", "1"}, "unknown flag --nosuch"},
      {{"--dir", dir_, "--no-such=1"}, "unknown flag --no-such"},
      {{"--dir", dir_, "--count", "many"}, "'many' is no value for --count"},
      {{"--dir", dir_, "--admin-port=65536"}, "'65536' is no value for --admin-port"},
      {{"--dir", dir_, "--log-level=loud"}, "'loud' is no value for --log-level"},
      {{"--dir", dir_, "--count"}, "--count needs a value"},
      {{"--dir", dir_, "extra"}, "unexpected argument 'extra'"},
      {{"--dir", dir_, "--count=-1"}, "--count is negative"},
      {{"--count", "4"}, "--dir is required"},
  };
  for (const auto& [arguments, cause] : kCases) {
    Child child(arguments);
    const std::string errors = child.Errors();
    EXPECT_THAT(errors, StartsWith(absl::StrCat("error[BAD_FLAG]: ", cause)));
    EXPECT_THAT(errors, testing::EndsWith(" / try: nonet-test --help\n"));
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
    EXPECT_EQ(child.ExitCode(), 2);
  }
}

TEST_F(DaemonMain, PrintsHelpAndVersion) {
  Child help({"--help"});
  EXPECT_THAT(help.RestOfOutput(), AllOf(StartsWith("nonet-test: A daemon for tests."),
                                         HasSubstr("--count VALUE\n      a number (default: 3)"),
                                         HasSubstr("--admin-port VALUE"), HasSubstr("--fast\n")));
  EXPECT_EQ(help.ExitCode(), 0);
  Child version({"--version"});
  EXPECT_THAT(version.RestOfOutput(), testing::MatchesRegex("nonet-test [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(version.ExitCode(), 0);
}

TEST_F(DaemonMain, TakesDashesAndUnderscoresAndSwitches) {
  Child child(
      {"--dir", dir_ + "/a/b", "--ready_file=" + dir_ + "/r1", "--log-level", "error", "--fast", "--nofast"});
  EXPECT_THAT(child.Line(), StartsWith("ready dns=127.0.0.1:53 admin=127.0.0.1:"));
  struct stat info {};
  ASSERT_EQ(stat((dir_ + "/a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(DaemonMain, WritesItsReadyFileAndRemovesItOnACleanStop) {
  const std::string file = dir_ + "/ready.json";
  Child child({"--dir", dir_, "--ready-file", file});
  const uint16_t admin = AdminPort(child.Line());
  EXPECT_EQ(
      *ReadFile(file),
      absl::StrCat("{\"pid\": ", child.pid(),
                   ", \"addresses\": {\"dns\": \"127.0.0.1:53\", \"admin\": \"127.0.0.1:", admin, "\"}}\n"));
  child.Signal(SIGTERM);
  EXPECT_EQ(child.RestOfOutput(), "last\nfirst\n");
  EXPECT_EQ(child.ExitCode(), 0);
  EXPECT_EQ(ReadFile(file).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DaemonMain, ServesMetricsHealthAndReadiness) {
  Child child({"--dir", dir_, "--count=4"});
  const uint16_t admin = AdminPort(child.Line());
  EXPECT_THAT(HttpGet(admin, "/metrics"), AllOf(HasSubstr("content-type: text/plain; version=0.0.4"),
                                                HasSubstr("process_start_time_seconds 1")));
  EXPECT_THAT(HttpGet(admin, "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(HttpGet(admin, "/readyz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(HttpGet(admin, "/else"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(HttpGet(admin, "/metrics", "DELETE"), StartsWith("HTTP/1.1 405 "));
  Child unready({"--dir", dir_, "--count=5"});
  EXPECT_THAT(HttpGet(AdminPort(unready.Line()), "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("not ready: even")));
}

TEST_F(DaemonMain, FailsWithExitCode1) {
  Child start({"--dir", dir_, "--trouble=start"});
  EXPECT_THAT(start.Errors(), HasSubstr("error[UNAVAILABLE]: no luck\n"));
  EXPECT_EQ(start.ExitCode(), 1);
  Child later({"--dir", dir_, "--trouble=fail"});
  EXPECT_THAT(later.Errors(), HasSubstr("error[DATA_LOSS]: disk gone\n"));
  EXPECT_THAT(later.RestOfOutput(), HasSubstr("last\nfirst\n"));
  EXPECT_EQ(later.ExitCode(), 1);
  Child nowhere({"--dir", "/proc/none"});
  EXPECT_THAT(nowhere.Errors(), StartsWith("error[NOT_FOUND]: cannot create directory /proc/none"));
  EXPECT_EQ(nowhere.ExitCode(), 1);
}

TEST_F(DaemonMain, FailsWhenItsAdminPortIsTaken) {
  SilentListener taken;
  Child child({"--dir", dir_, absl::StrCat("--admin-port=", taken.port())});
  EXPECT_THAT(child.Errors(), HasSubstr("error[CANNOT_LISTEN]: cannot listen on 127.0.0.1:"));
  EXPECT_EQ(child.ExitCode(), 1);
}

TEST_F(DaemonMain, TurnsItsLoopWhileAStepStops) {
  Child child({"--dir", dir_, "--trouble=async"});
  child.Line();
  child.Signal(SIGINT);
  child.Signal(SIGTERM);  // A second signal changes nothing.
  EXPECT_EQ(child.RestOfOutput(), "last\nturned\nfirst\n");
  EXPECT_EQ(child.ExitCode(), 0);
}

TEST_F(DaemonMain, EndsWithin5SecondsWhateverHangs) {
  Child loop({"--dir", dir_, "--trouble=hang"});  // Both at once: they take their time.
  Child step({"--dir", dir_, "--trouble=stop"});
  loop.Line();
  step.Line();
  const int64_t begin_ns = RealClock().SteadyNs();
  loop.Signal(SIGTERM);
  step.Signal(SIGTERM);
  EXPECT_EQ(loop.ExitCode(), 1);
  EXPECT_EQ(step.ExitCode(), 1);
  static_assert(kStopNsMax < 5 * kNanosPerSecond);
  // The machine may stand still meanwhile.
  EXPECT_LT(RealClock().SteadyNs() - begin_ns, kStopNsMax + 5 * kNanosPerSecond);
}

}  // namespace
}  // namespace nonet
