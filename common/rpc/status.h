// absl::Status <-> grpc::Status, with the ErrorInfo of common/base/error.h. The only such place.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nonet/common/v1/error.pb.h"

namespace grpc {
class Status;
}

namespace nonet::rpc {

grpc::Status ToGrpc(const absl::Status& status);
// `peer` names who answered, for transport errors ("control plane at 127.0.0.1:7800").
absl::Status FromGrpc(const grpc::Status& status, absl::string_view peer = {});

common::v1::ErrorInfo ToErrorInfo(const absl::Status& status);
absl::Status FromErrorInfo(const common::v1::ErrorInfo& info);

}  // namespace nonet::rpc
