// Mutual TLS between the processes of one cluster: who we are, whom we trust, and who the other side turned
// out to be. A certificate names its holder by a URI, "nonet:resources/contoso/replicas/westus", and its
// cluster by the subject's O. Thread-safe.
//
//   ASSIGN_OR_RETURN(auto identity, ReadTlsIdentity("westus.pem", "westus.key", "ca.pem"));
//   Server::Start({.tls = identity}, ...);  MakeChannel(target, {.tls = identity, .server_uri =
//   "nonet:..."});
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace grpc {
class ServerContextBase;
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace nonet::rpc {

// The certificate of the one process that may control others' faults.
inline constexpr char kSupervisorUri[] = "nonet:supervisor";
// "nonet:resources/contoso"
std::string UriOf(absl::string_view object_name);

// What a certificate says about its holder.
struct Holder {
  std::vector<std::string> uris;
  std::string organization;  // O of the subject: the cluster.
  bool Is(absl::string_view uri) const;
};
// INVALID_ARGUMENT when the text is no PEM certificate.
absl::StatusOr<Holder> HolderOf(absl::string_view certificate_pem);

struct TlsIdentity {
  std::string certificate_pem;
  std::string key_pem;
  std::string authorities_pem;
  Holder holder;  // Of the certificate.
};
// FAILED_PRECONDITION names the file that cannot be read, does not fit the others, or says too little.
absl::StatusOr<std::shared_ptr<const TlsIdentity>> ReadTlsIdentity(const std::string& certificate_file,
                                                                   const std::string& key_file,
                                                                   const std::string& authorities_file);

// Whether such a certificate is one of our cluster's, and `uri`'s unless that is empty. UNAUTHENTICATED
// (OTHER_CLUSTER, OTHER_HOLDER) where not.
absl::Status CheckHolder(const Holder& holder, const TlsIdentity& ours, absl::string_view uri);

// Of a call to a server with TLS: the caller has a certificate of one of our authorities. UNAUTHENTICATED
// when it is another cluster's, or there is none.
absl::StatusOr<Holder> CallerOf(const grpc::ServerContextBase& context, const TlsIdentity& ours);

// Ask for a certificate of our authorities, and check it.
std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(const TlsIdentity& identity);
// The server has to be `server_uri`, in our cluster.
std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(const TlsIdentity& identity,
                                                               std::string server_uri);

}  // namespace nonet::rpc
