// Random commands against a naive second opinion: what exists, and which answers are allowed.
// A failure prints the seed; replay it with NONET_SEED=<n>.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "absl/strings/match.h"
#include "common/base/random.h"
#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

// What the rules say, written down a second time as plainly as possible.
struct NaiveReplica {
  std::string location;
  bool enabled = true;
};
struct NaiveResource {
  std::string location;
  std::string sku;
  bool enabled = true;
  std::map<std::string, NaiveReplica> replicas;
};

class Model {
 public:
  // Each answers the expected reason, "" for success, and applies it.
  std::string Create(const std::string& id, const std::string& region, const std::string& sku) {
    if (resources_.contains(id)) return "RESOURCE_EXISTS";
    resources_[id] = {region, sku, true, {}};
    return "";
  }
  std::string Delete(const std::string& id) { return resources_.erase(id) == 1 ? "" : "RESOURCE_NOT_FOUND"; }
  std::string AddReplica(const std::string& id, const std::string& region) {
    const auto it = resources_.find(id);
    if (it == resources_.end()) return "RESOURCE_NOT_FOUND";
    NaiveResource& resource = it->second;
    if (resource.replicas.contains(region)) return "REPLICA_EXISTS";
    if (!absl::StartsWith(resource.sku, "Premium")) return "PREMIUM_REQUIRED";
    if (resource.replicas.size() == 8) return "REPLICA_LIMIT";
    if (resource.location == region) return "LOCATION_TAKEN";
    resource.replicas[region] = {region, true};
    return "";
  }
  std::string DeleteReplica(const std::string& id, const std::string& region) {
    const auto it = resources_.find(id);
    if (it == resources_.end()) return "RESOURCE_NOT_FOUND";
    if (!it->second.replicas.contains(region)) return "REPLICA_NOT_FOUND";
    if (!it->second.enabled && it->second.replicas.size() == 1) return "REPLICA_REQUIRED";
    it->second.replicas.erase(region);
    return "";
  }
  std::string EnablePrimary(const std::string& id, bool enabled) {
    const auto it = resources_.find(id);
    if (it == resources_.end()) return "RESOURCE_NOT_FOUND";
    if (!enabled && it->second.replicas.empty()) return "REPLICA_REQUIRED";
    it->second.enabled = enabled;
    return "";
  }
  std::string SetSku(const std::string& id, const std::string& sku) {
    const auto it = resources_.find(id);
    if (it == resources_.end()) return "RESOURCE_NOT_FOUND";
    if (!absl::StartsWith(sku, "Premium") && !it->second.replicas.empty()) return "PREMIUM_REQUIRED";
    it->second.sku = sku;
    return "";
  }
  const std::map<std::string, NaiveResource>& resources() const { return resources_; }

 private:
  std::map<std::string, NaiveResource> resources_;
};

class Walk {
 public:
  explicit Walk(uint64_t seed) : random_(seed) {}

  void Step() {
    const std::string id = Pick({"contoso", "fabrikam", "adatum"});
    const std::string region = Pick({"eastus", "westus", "westeurope", "northeurope", "uksouth", "japaneast",
                                     "centralus", "brazilsouth", "eastasia", "southindia", "westus3"});
    const uint64_t revision = plane_->core.revision();
    std::string expected;
    absl::StatusOr<Object> answer = absl::UnknownError("");
    switch (random_.Below(12)) {
      case 0: {
        auto request = Plane::CreateRequest(id, region);
        const std::string sku = Pick({"Premium_P1", "Premium_P1", "Standard_S1"});
        request.mutable_resource()->mutable_sku()->set_name(sku);
        expected = model_.Create(id, region, sku);
        answer = plane_->Do(request);
        break;
      }
      case 1: {
        if (random_.Below(4) != 0) return;  // Rarely, or nothing ever grows.
        DeleteResourceRequest request;
        request.set_name(ResourceName(id));
        expected = model_.Delete(id);
        answer = plane_->Do(request);
        break;
      }
      case 2: {
        DeleteReplicaRequest request;
        request.set_name(ReplicaName(id, region));
        expected = model_.DeleteReplica(id, region);
        answer = plane_->Do(request);
        break;
      }
      case 3: {
        UpdateResourceRequest request;
        request.mutable_resource()->set_name(ResourceName(id));
        const bool enabled = random_.Below(2) == 0;
        request.mutable_resource()->set_region_endpoint_enabled(enabled);
        request.mutable_update_mask()->add_paths("region_endpoint_enabled");
        expected = model_.EnablePrimary(id, enabled);
        answer = plane_->Do(request);
        break;
      }
      case 4: {
        UpdateResourceRequest request;
        request.mutable_resource()->set_name(ResourceName(id));
        const std::string sku = Pick({"Premium_P1", "Standard_S1"});
        request.mutable_resource()->mutable_sku()->set_name(sku);
        request.mutable_update_mask()->add_paths("sku");
        expected = model_.SetSku(id, sku);
        answer = plane_->Do(request);
        break;
      }
      case 5:
        if (random_.Below(8) == 0) plane_ = std::make_unique<Plane>(plane_->Restarted());
        return;
      default:
        expected = model_.AddReplica(id, region);
        answer = plane_->Do(Plane::ReplicaRequest(region, id));
        break;
    }
    ASSERT_EQ(Reason(answer), expected);
    if (!expected.empty()) {
      ASSERT_EQ(plane_->core.revision(), revision) << "a refusal changes nothing";
    }
    Compare();
  }

 private:
  std::string Pick(const std::vector<std::string>& choices) { return choices[random_.Below(choices.size())]; }

  void Compare() {
    std::set<std::string> expected;
    for (const auto& [id, resource] : model_.resources()) {
      expected.insert(ResourceName(id));
      expected.insert(KeysName(id));
      for (const auto& [region, replica] : resource.replicas) expected.insert(ReplicaName(id, region));
      const Object* object = plane_->core.resources().Find(ResourceName(id));
      ASSERT_NE(object, nullptr);
      ASSERT_EQ(object->resource().region_endpoint_enabled(), resource.enabled);
      ASSERT_EQ(object->resource().sku().name(), resource.sku);
    }
    std::set<std::string> actual;
    std::set<std::string> hosts;
    for (const auto& [name, object] : plane_->core.resources().objects()) {
      actual.insert(object.name());
      ASSERT_LE(object.revision(), plane_->core.revision());
      if (HasInstance(object)) {
        ASSERT_TRUE(hosts.insert(InstanceOf(object).host_name()).second);
      }
    }
    ASSERT_EQ(actual, expected);
  }

  Random random_;
  Model model_;
  std::unique_ptr<Plane> plane_ = std::make_unique<Plane>();
};

uint64_t FirstSeed() {
  const char* given = std::getenv("NONET_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

TEST(Model, AgreesWithTheNaiveOneOnRandomCommands) {
  const uint64_t first = FirstSeed();
  const uint64_t last = std::getenv("NONET_SEED") == nullptr ? first + 49 : first;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(absl::StrCat("NONET_SEED=", seed));
    Walk walk(seed);
    for (int i = 0; i < 300; ++i) {
      walk.Step();
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace nonet::controlplane
