#include "tools/cli/client/inspect_client.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/rpc/tls.h"
#include "nonet/inspect/v1/inspect.grpc.pb.h"
#include "tools/cli/client/call.h"

namespace nonet::cli {
namespace {

class GrpcInspectClient final : public InspectClient {
  using Service = inspect::v1::SyncInspection;

 public:
  GrpcInspectClient(const InspectTarget& target, const rpc::ChannelOptions& options)
      : peer_(absl::StrCat(target.name, " at ", target.address)),
        channel_(rpc::MakeChannel(target.address, options)),
        stub_(channel_) {}

  absl::StatusOr<inspect::v1::ListGapsResponse> ListGaps(CallPolicy p) override {
    return Do(&Service::Stub::ListGaps, inspect::v1::ListGapsRequest(), p);
  }
  absl::StatusOr<inspect::v1::Audit> GetAudit(CallPolicy p) override {
    return Do(&Service::Stub::GetAudit, inspect::v1::GetAuditRequest(), p);
  }
  absl::StatusOr<inspect::v1::Why> GetWhy(const std::string& message_id, CallPolicy p) override {
    inspect::v1::GetWhyRequest request;
    request.set_message_id(message_id);
    return Do(&Service::Stub::GetWhy, request, p);
  }

 private:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                    Response*),
                              const Request& request, const CallPolicy& policy) {
    return Call(*channel_, stub_, method, request, peer_, policy);
  }

  const std::string peer_;
  const std::shared_ptr<grpc::Channel> channel_;
  Service::Stub stub_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<InspectClient>> ConnectInspect(const InspectTarget& target) {
  rpc::ChannelOptions options;
  if (!target.certificates.empty()) {
    ASSIGN_OR_RETURN(options.tls,
                     rpc::ReadTlsIdentity(target.certificates + "/supervisor.pem",
                                          target.certificates + "/supervisor.key", target.authority_file));
    options.server_uri = rpc::UriOf(target.object);
  }
  return std::make_unique<GrpcInspectClient>(target, options);
}

}  // namespace nonet::cli
