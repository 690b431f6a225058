// Who may call what on a gRPC server with a bearer token: whoever has the token everything, everybody else
// what only reads. One place for all services, in front of every handler.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace grpc {
class ServerCredentials;
}

namespace nonet::rpc {

// Whether a method ("/nonet.resource.v1.ResourceService/GetResource") only reads: by its verb, as AIP-130
// names standard methods (Get, List, and of ours Watch, Wait, Check, Resolve, Explain, Diff). A method that
// begins with any other verb needs the token, so a new one is guarded unless it is called a read. Health and
// reflection are open.
bool IsRead(absl::string_view method);

// Server credentials in the clear that refuse with UNAUTHENTICATED what is no read and lacks the token; for
// 127.0.0.1 only. gRPC passes a refusal on without details: the message is FormatError's, and rpc::FromGrpc
// makes the id and the next step out of it again.
std::shared_ptr<grpc::ServerCredentials> TokenCredentials(std::string token);

}  // namespace nonet::rpc
