// REST requests of one instance, carried out: sends are published, questions asked of the whole resource and
// answered when it has answered, or the deadline came. Loop thread only.
//
//   RestHandler rest(core, metrics, hooks);
//   rest.Handle(std::move(request), std::move(reply));
//   ... on an AskDone effect: rest.Done(done.result);
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/http/server.h"
#include "replica/core/replica_core.h"
#include "replica/server/replica_metrics.h"
#include "replica/server/rest_api.h"

namespace nonet::replica {

class RestHandler {
 public:
  struct Hooks {
    std::function<RestContext()> context;
    std::function<Now()> now;
    // Runs a step of the core and applies its effects.
    std::function<void(const std::function<void(Effects*)>&)> run;
  };
  RestHandler(ReplicaCore& core, ReplicaMetrics& metrics, Hooks hooks)
      : core_(core), metrics_(metrics), hooks_(std::move(hooks)) {}

  void Handle(http::Request request, http::Reply reply);
  void Done(const Gathered& result);
  // Answers 500 to who still waits; nothing is asked any more.
  void Drop() { waiting_.clear(); }

 private:
  struct Waiting {
    RestQuestion asked;
    std::string request_id;  // x-ms-client-request-id.
    http::Reply reply;
  };
  void Ask(RestQuestion asked, std::string request_id, http::Reply reply);
  http::Response Publish(Message message);
  void Finish(const std::string& request_id, http::Response response, http::Reply reply);

  ReplicaCore& core_;
  ReplicaMetrics& metrics_;
  const Hooks hooks_;
  absl::flat_hash_map<uint64_t, Waiting> waiting_;  // Bounded by the core: kGathersMax.
};

}  // namespace nonet::replica
