// The scripted workload whose every write is a place to crash at: it creates, changes and deletes, groups
// commands, is refused, repeats itself, outgrows the change log, fills write buffers and starts anew.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/crash/node.h"

namespace nonet::crash {

struct Step {
  bool reopen = false;  // A clean end and a new start; no turn.
  std::vector<Mutation> turn;
};

inline resource::v1::CreateResourceRequest Create(const std::string& id, const std::string& request_id) {
  resource::v1::CreateResourceRequest request;
  request.set_resource_id(id);
  request.set_request_id(request_id);
  request.mutable_resource()->set_location("eastus");
  return request;
}

inline resource::v1::CreateReplicaRequest Replica(const std::string& parent, const std::string& region,
                                                  const std::string& request_id) {
  resource::v1::CreateReplicaRequest request;
  request.set_parent("resources/" + parent);
  request.set_replica_id(region);
  request.set_request_id(request_id);
  request.mutable_replica()->set_location(region);
  return request;
}

inline resource::v1::UpdateResourceRequest Tag(const std::string& id, const std::string& value, int tags,
                                               const std::string& request_id) {
  resource::v1::UpdateResourceRequest request;
  request.mutable_resource()->set_name("resources/" + id);
  for (int i = 0; i < tags; ++i) {
    (*request.mutable_resource()->mutable_tags())[absl::StrCat("n", i)] = value;
  }
  request.mutable_update_mask()->add_paths("tags");
  request.set_request_id(request_id);
  return request;
}

inline resource::v1::DeleteReplicaRequest DeleteReplica(const std::string& parent, const std::string& region,
                                                        const std::string& request_id) {
  resource::v1::DeleteReplicaRequest request;
  request.set_name(absl::StrCat("resources/", parent, "/replicas/", region));
  request.set_request_id(request_id);
  return request;
}

inline resource::v1::DeleteResourceRequest Delete(const std::string& id, const std::string& request_id) {
  resource::v1::DeleteResourceRequest request;
  request.set_name("resources/" + id);
  request.set_request_id(request_id);
  return request;
}

inline std::vector<Step> Workload() {
  std::vector<Step> steps;
  steps.push_back({false, {Create("contoso", "r1")}});
  // Many in one batch; the third is refused, the last is the first once more.
  steps.push_back(
      {false,
       {Replica("contoso", "westus", "r2"), Replica("contoso", "westeurope", "r3"),
        Replica("contoso", "westus", "r4"), Create("fabrikam", "r5"), Replica("contoso", "westus", "r2")}});
  steps.push_back({false, {DeleteReplica("contoso", "westus", "r6")}});
  steps.push_back({true, {}});
  steps.push_back({false, {Delete("fabrikam", "r7"), Create("adatum", "r8")}});
  for (int i = 0; i < 6; ++i) {  // Each about 15 kB twice, so that buffers are flushed.
    steps.push_back({false, {Tag("contoso", std::string(250, static_cast<char>('a' + i)), 50, "")}});
  }
  steps.push_back({true, {}});
  steps.push_back(
      {false, {Tag("adatum", "1", 1, "r9"), Tag("adatum", "2", 1, ""), Tag("adatum", "3", 1, "")}});
  for (int i = 0; i < 5; ++i) {  // Past the change log's bound.
    std::vector<Mutation> turn;
    for (int j = 0; j < 10; ++j) turn.push_back(Tag("adatum", absl::StrCat(i, "-", j), 1, ""));
    steps.push_back({false, turn});
  }
  steps.push_back({false, {Create("fabrikam", "r10")}});  // The name is free again.
  return steps;
}

}  // namespace nonet::crash
