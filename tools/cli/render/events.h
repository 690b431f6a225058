// One event of `nonet watch` as a line for people or as one JSON object:
//
//   {"time", "source": "dnsresolver", "kind": "probe", "name", "object", "success", "detail",
//   "consecutiveFailures"}
//   {"time", "source": "dnsresolver", "kind": "verdict", "name", "object", "from", "to"}
//   {"time", "source": "dnsresolver", "kind": "table", "number", "revision", "cause"}
//   {"time", "source": "supervisor", "kind": "started|ready|exited|fault-set|fault-cleared", "name",
//   "detail"}
//
// `name` is what nonet status calls the instance. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "nonet/steering/v1/steering.pb.h"
#include "nonet/supervisor/v1/supervisor.pb.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

struct EventView {
  int64_t time_ns = 0;  // Unix time.
  Json document;
  std::string clock;  // "10:42:07.123"
  std::string who;    // "dns westus", "process westus"
  std::string what;   // "probe failed (2 in a row): connection refused"
  Tone tone = Tone::kPlain;
};

EventView FromSteering(const steering::v1::SteeringEvent& event);
EventView FromProcess(const supervisor::v1::ProcessEvent& event);

// One line with its newline. Only kJson differs from the line for people; yaml makes a document an event.
std::string RenderEvent(const EventView& event, Format format, const Style& style);

}  // namespace nonet::cli
