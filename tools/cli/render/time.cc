#include "tools/cli/render/time.h"

#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "tools/cli/args/duration.h"

namespace nonet::cli {
namespace {

absl::Time ToTime(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", ToTime(time), absl::UTCTimeZone());
}

std::string ClockText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%H:%M:%E3S", ToTime(time), absl::LocalTimeZone());
}

std::string SpanText(const google::protobuf::Duration& span) {
  return FormatDuration(span.seconds() * kNanosPerSecond + span.nanos());
}

int64_t UnixNs(const google::protobuf::Timestamp& time) {
  return time.seconds() * kNanosPerSecond + time.nanos();
}

google::protobuf::Timestamp FromUnixNs(int64_t ns) {
  google::protobuf::Timestamp time;
  time.set_seconds(ns / kNanosPerSecond);
  time.set_nanos(static_cast<int32_t>(ns % kNanosPerSecond));
  return time;
}

}  // namespace nonet::cli
