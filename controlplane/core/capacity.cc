#include "controlplane/core/capacity.h"

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/regions/regions.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

using resource::v1::CapacityReport;

const InstanceLoad* NearestLeft(const std::vector<InstanceLoad>& loads, const InstanceLoad& fallen) {
  const Region* from = FindRegion(fallen.location);
  const InstanceLoad* nearest = nullptr;
  int nearest_ms = 0;
  for (const InstanceLoad& other : loads) {
    const Region* to = FindRegion(other.location);
    if (&other == &fallen || !other.in_rotation || from == nullptr || to == nullptr) continue;
    const int ms = RttMs(*from, *to);
    if (nearest == nullptr || ms < nearest_ms) {
      nearest = &other;
      nearest_ms = ms;
    }
  }
  return nearest;
}

void Warn(const CapacityReport::RegionFall& fall, uint64_t connections, CapacityReport& report) {
  resource::v1::Warning& warning = *report.add_warnings();
  if (fall.next_instance().empty()) {
    warning.set_reason("NO_INSTANCE_LEFT");
    warning.set_message(absl::StrCat("if ", fall.location(), " fell, no instance would be left for its ",
                                     connections, " connections"));
    warning.set_next_step("add or enable a replica");
    return;
  }
  const std::string next = InstanceId(fall.next_instance());
  warning.set_reason("CAPACITY_OVERFLOW");
  warning.set_message(absl::StrCat("if ", fall.location(), " fell, ", next, " would have ",
                                   fall.expected_connections(), " connections, above the ", fall.capacity(),
                                   " that its units carry"));
  const auto parsed = ParseName(fall.next_instance());
  warning.set_next_step(parsed->kind == ParsedName::Kind::kReplica
                            ? absl::StrCat("nonet replica update --replica-name ", next, " --name ",
                                           parsed->resource_id, " --unit-count MORE")
                            : absl::StrCat("nonet resource update --name ", next, " --unit-count MORE"));
}

}  // namespace

uint64_t ConnectionCapacity(const resource::v1::Sku& sku) {
  return sku.capacity() * (sku.name() == "Free_F1" ? kConnectionsPerFreeUnit : kConnectionsPerUnit);
}

CapacityReport CapacityOf(const std::vector<InstanceLoad>& loads) {
  CapacityReport report;
  for (const InstanceLoad& load : loads) {
    CapacityReport::InstanceLoad& row = *report.add_instances();
    row.set_instance(load.instance);
    row.set_location(load.location);
    row.set_connections(load.connections);
    row.set_capacity(load.capacity);
    row.set_reported(load.reported);
    row.set_in_rotation(load.in_rotation);
  }
  for (const InstanceLoad& load : loads) {
    if (!load.in_rotation) continue;
    CapacityReport::RegionFall& fall = *report.add_falls();
    fall.set_location(load.location);
    fall.set_instance(load.instance);
    if (const InstanceLoad* next = NearestLeft(loads, load)) {
      fall.set_next_instance(next->instance);
      fall.set_next_location(next->location);
      fall.set_expected_connections(next->connections + load.connections);
      fall.set_capacity(next->capacity);
      // What is too much already is not the fall's doing, unless it adds to it.
      fall.set_overflow(fall.expected_connections() > fall.capacity() && load.connections > 0);
    } else {
      fall.set_expected_connections(load.connections);
      fall.set_overflow(load.connections > 0);
    }
    if (fall.overflow()) Warn(fall, load.connections, report);
  }
  return report;
}

}  // namespace nonet::controlplane
