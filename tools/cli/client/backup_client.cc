#include "tools/cli/client/backup_client.h"

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "nonet/backup/v1/backup.grpc.pb.h"
#include "tools/cli/client/call.h"

namespace nonet::cli {

absl::StatusOr<backup::v1::BackupManifest> TakeBackup(
    const std::string& address, const std::string& token,
    const std::function<absl::Status(absl::string_view)>& sink) {
  const std::string peer = absl::StrCat("the control plane at ", address);
  const auto stub = backup::v1::BackupService::NewStub(rpc::MakeChannel(address));
  grpc::ClientContext context;
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  const auto stream = stub->CreateBackup(&context, {});
  backup::v1::BackupPart part;
  absl::Status written;
  bool whole = false;
  backup::v1::BackupManifest summary;
  while (written.ok() && stream->Read(&part)) {
    written = sink(part.content());
    if (part.has_summary()) {
      whole = true;
      summary = part.summary();
    }
  }
  if (!written.ok()) context.TryCancel();
  const grpc::Status status = stream->Finish();
  if (!written.ok()) return written;
  if (!status.ok()) return TransportFailed(status) ? Unreachable(status, peer) : rpc::FromGrpc(status, peer);
  if (!whole) return absl::DataLossError(absl::StrCat(peer, " ended the backup before its end"));
  return summary;
}

}  // namespace nonet::cli
