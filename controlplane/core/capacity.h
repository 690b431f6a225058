// Connections against units, and who would overflow if a region fell: every instance should be able to carry
// what comes to it then. Pure.
//
//   CapacityReport report = CapacityOf(loads);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nonet/resource/v1/resource.pb.h"
#include "nonet/resource/v1/resource_service.pb.h"

namespace nonet::controlplane {

// What the units of a SKU carry (Azure: 1,000 connections a unit, Free 20).
uint64_t ConnectionCapacity(const resource::v1::Sku& sku);

struct InstanceLoad {
  std::string instance;  // The object's name.
  std::string location;
  uint64_t connections = 0;
  uint64_t capacity = 0;
  bool reported = false;
  bool in_rotation = false;  // Enabled, not stopped, Succeeded.
};

// The clients of an instance that falls go to the nearest one left in rotation, by the measured round trips;
// the first of equally near ones in the order given.
resource::v1::CapacityReport CapacityOf(const std::vector<InstanceLoad>& loads);

}  // namespace nonet::controlplane
