// Time stamps and spans as text. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace nonet::cli {

// RFC 3339 in UTC with milliseconds, "2026-11-21T10:42:07.123Z"; empty when unset.
std::string TimeText(const google::protobuf::Timestamp& time);
// "10:42:07.123" in the local zone, for a screen.
std::string ClockText(const google::protobuf::Timestamp& time);
// "90s", "250ms".
std::string SpanText(const google::protobuf::Duration& span);

int64_t UnixNs(const google::protobuf::Timestamp& time);
google::protobuf::Timestamp FromUnixNs(int64_t ns);

}  // namespace nonet::cli
