// A daemon for daemon_test.cc: does on request what a real one never should.
#include <unistd.h>

#include <thread>

#include "absl/flags/flag.h"
#include "common/process/daemon.h"

ABSL_FLAG(std::string, trouble, "", "what goes wrong: start, fail, hang, stop, async");
ABSL_FLAG(int, count, 3, "a number");
ABSL_FLAG(bool, fast, false, "a switch");

namespace nonet {
namespace {

absl::Status Start(Daemon& daemon) {
  const std::string trouble = absl::GetFlag(FLAGS_trouble);
  if (trouble == "start") return absl::UnavailableError("no luck");
  daemon.OnStop([] { (void)!write(STDOUT_FILENO, "first\n", 6); });
  if (trouble == "stop") {
    daemon.OnStopAsync([](absl::AnyInvocable<void()>) {});  // Never done.
  }
  if (trouble == "async") {
    daemon.OnStopAsync([&daemon](absl::AnyInvocable<void()> done) {
      // Done from another thread, once the loop has turned.
      std::thread([&daemon, done = std::move(done)]() mutable {
        daemon.loop().Post([done = std::move(done)]() mutable {
          (void)!write(STDOUT_FILENO, "turned\n", 7);
          done();
        });
      }).detach();
    });
  }
  daemon.OnStop([] { (void)!write(STDOUT_FILENO, "last\n", 5); });
  daemon.AddReadinessCheck("even", [] { return absl::GetFlag(FLAGS_count) % 2 == 0; });
  daemon.Ready({{"dns", "127.0.0.1:53"}});
  if (trouble == "fail") std::thread([&daemon] { daemon.Fail(absl::DataLossError("disk gone")); }).detach();
  if (trouble == "hang") {
    for (;;) pause();
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace nonet

int main(int argc, char** argv) {
  nonet::Daemon daemon(argc, argv, {.name = "nonet-test", .summary = "A daemon for tests."});
  if (absl::GetFlag(FLAGS_count) < 0) daemon.BadFlag("--count is negative");
  return daemon.Run(nonet::Start);
}
