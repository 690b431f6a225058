// What a process says about itself: log lines and metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/process/log.h"
#include "common/process/metrics.h"
#include "common/process/process_metrics.h"

namespace nonet {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class Log : public testing::Test {
 protected:
  ~Log() override { log::SetLevel(log::Level::kInfo); }
};

TEST_F(Log, IsOneLogfmtLineAnEvent) {
  testing::internal::CaptureStderr();
  const std::string name = "west us";
  log::Info("probe \"failed\"\n", {{"endpoint", name}, {"failures", 3}, {"empty", ""}, {"plain", "a.b/c"}});
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_THAT(line, ContainsRegex("^time=[0-9-]{10}T[0-9:]{8}\\.[0-9]{6}Z level=info msg="));
  EXPECT_THAT(line,
              HasSubstr(R"(msg="probe \"failed\"\n" endpoint="west us" failures=3 empty="" plain=a.b/c)"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST_F(Log, LeavesOutWhatIsBelowItsLevel) {
  testing::internal::CaptureStderr();
  log::Debug("quiet");
  log::SetLevel(log::Level::kError);
  log::Warning("quiet too");
  log::Error("loud");
  log::SetLevel(log::Level::kDebug);
  log::Debug("now heard");
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_THAT(lines, testing::Not(HasSubstr("quiet")));
  EXPECT_THAT(lines, HasSubstr("level=error msg=\"loud\""));
  EXPECT_THAT(lines, HasSubstr("level=debug msg=\"now heard\""));
}

TEST(Metrics, ArePrometheusText) {
  Metrics metrics;
  Counter sent = metrics.AddCounter("nonet_sent_total", "Messages sent.", {{"peer", "westus"}});
  sent.Increment();
  sent.Increment(2.5);
  metrics.AddGauge("nonet_open", "Open ones.").Set(-7);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# HELP nonet_sent_total Messages sent.\n# TYPE nonet_sent_total counter\n"
                              "nonet_sent_total{peer=\"westus\"} 3.5\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE nonet_open gauge\nnonet_open -7\n"));
}

TEST(Metrics, OfTheSameNameAndLabelsAreTheSameSeries) {
  Metrics metrics;
  metrics.AddCounter("nonet_x_total", "First.", {{"a", "1"}}).Increment();
  metrics.AddCounter("nonet_x_total", "First.", {{"a", "1"}}).Increment();
  metrics.AddCounter("nonet_x_total", "Second.", {{"a", "2"}}).Increment();
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("nonet_x_total{a=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("nonet_x_total{a=\"2\"} 1\n"));
  EXPECT_EQ(text.find("# TYPE nonet_x_total"), text.rfind("# TYPE nonet_x_total"));
  EXPECT_THAT(text, testing::Not(HasSubstr("Second.")));
}

TEST(Metrics, EscapeLabels) {
  Metrics metrics;
  metrics.AddGauge("g", "h", {{"l", "a\"b\\c\n"}}).Set(1);
  EXPECT_THAT(metrics.Text(), HasSubstr(R"(g{l="a\"b\\c\n"} 1)"));
}

TEST(ProcessMetrics, TellStartMemoryAndProcessorTime) {
  Metrics metrics;
  ProcessMetrics process(metrics);
  process.Update();
  const std::string text = metrics.Text();
  EXPECT_THAT(text, ContainsRegex("process_start_time_seconds [1-9][0-9]{9}"));
  EXPECT_THAT(text, ContainsRegex("process_resident_memory_bytes [1-9][0-9]{6}"));
  EXPECT_THAT(text, ContainsRegex("process_cpu_seconds_total [0-9]"));
}

}  // namespace
}  // namespace nonet
