#include "controlplane/codec/state_name.h"

namespace nonet::controlplane {

absl::string_view StateName(resource::v1::ProvisioningState state) {
  switch (state) {
    case resource::v1::PROVISIONING_STATE_CREATING:
      return "Creating";
    case resource::v1::PROVISIONING_STATE_UPDATING:
      return "Updating";
    case resource::v1::PROVISIONING_STATE_DELETING:
      return "Deleting";
    case resource::v1::PROVISIONING_STATE_SUCCEEDED:
      return "Succeeded";
    case resource::v1::PROVISIONING_STATE_FAILED:
      return "Failed";
    case resource::v1::PROVISIONING_STATE_CANCELED:
      return "Canceled";
    default:
      return "Unknown";
  }
}

absl::string_view StateName(resource::v1::OperationState state) {
  switch (state) {
    case resource::v1::OPERATION_STATE_RUNNING:
      return "Running";
    case resource::v1::OPERATION_STATE_SUCCEEDED:
      return "Succeeded";
    case resource::v1::OPERATION_STATE_FAILED:
      return "Failed";
    case resource::v1::OPERATION_STATE_CANCELED:
      return "Canceled";
    default:
      return "Unknown";
  }
}

}  // namespace nonet::controlplane
