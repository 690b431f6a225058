// Steps that changes of resources and of replicas share. Pure.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/core/errors.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane {

// ABORTED when the caller has seen another revision. An empty etag means "whatever it is now".
inline absl::Status CheckEtag(absl::string_view object, absl::string_view etag, uint64_t current) {
  if (etag.empty()) return absl::OkStatus();
  uint64_t given = 0;
  if (!absl::SimpleAtoi(etag, &given)) return errors::InvalidEtag(etag);
  if (given != current) return errors::StaleEtag(object, etag, absl::StrCat(current));
  return absl::OkStatus();
}

// A new process must take over; until it has reported in, the instance is out of DNS.
template <typename Message>
void BeginNewLife(Message& message) {
  message.set_restart_generation(message.restart_generation() + 1);
  if (message.provisioning_state() != resource::v1::PROVISIONING_STATE_CREATING) {
    message.set_provisioning_state(resource::v1::PROVISIONING_STATE_UPDATING);
    message.clear_provisioning_error();
  }
}

// The effects of changing resource_stopped: a stopped instance is not awaited, a started one is a new life.
template <typename Message>
void StartOrStop(const Message& before, Message& after) {
  if (before.resource_stopped() == after.resource_stopped()) return;
  if (after.resource_stopped()) {
    after.set_provisioning_state(resource::v1::PROVISIONING_STATE_SUCCEEDED);
    after.clear_provisioning_error();
  } else {
    BeginNewLife(after);
  }
}

}  // namespace nonet::controlplane
