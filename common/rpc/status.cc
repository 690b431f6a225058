#include "common/rpc/status.h"

#include <grpcpp/support/status.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"

namespace nonet::rpc {
namespace {

// gRPC sends the details as a header, and refuses headers beyond 8 KiB in all.
constexpr size_t kDetailsBytesMax = 4 * 1024;
constexpr size_t kStatusTextBytesMax = 1024;
constexpr absl::string_view kTry = " / try: ";

// Nonet's own failures carry a reason; what has none came from the transport.
absl::Status TransportError(absl::StatusCode code, absl::string_view message, absl::string_view peer) {
  if (code == absl::StatusCode::kUnavailable) {
    return MakeError(code, "UNREACHABLE", absl::StrCat(peer, " cannot be reached: ", message));
  }
  if (code == absl::StatusCode::kDeadlineExceeded) {
    return MakeError(code, "DEADLINE", absl::StrCat(peer, " did not answer in time"));
  }
  return absl::Status(code, absl::StrCat(peer, ": ", message));
}

// FormatError's text, back: what refuses a call before its handler cannot send details (token_guard.h).
absl::Status Refusal(absl::string_view text) {
  const absl::string_view all = text;
  const size_t end = text.find("]: ");
  if (!absl::ConsumePrefix(&text, "error[") || end == absl::string_view::npos) {
    return absl::UnauthenticatedError(all);
  }
  const absl::string_view reason = all.substr(6, end - 6);
  const absl::string_view rest = all.substr(end + 3);
  const size_t step = rest.find(kTry);
  if (step == absl::string_view::npos) {
    return MakeError(absl::StatusCode::kUnauthenticated, reason, rest);
  }
  return MakeError(absl::StatusCode::kUnauthenticated, reason, rest.substr(0, step),
                   {.next_step = std::string(rest.substr(step + kTry.size()))});
}

std::string Serialize(const absl::Status& status, const common::v1::ErrorInfo& info) {
  common::v1::StatusDetails details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(std::string(status.message().substr(0, kStatusTextBytesMax)));
  details.add_details()->PackFrom(info);
  return details.SerializeAsString();
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message(status.message().substr(0, kStatusTextBytesMax));
  common::v1::ErrorInfo info = ToErrorInfo(status);
  if (info.reason().empty()) return grpc::Status(code, message);
  info.clear_message();  // The status itself carries both.
  info.clear_code();
  std::string details = Serialize(status, info);
  if (details.size() > kDetailsBytesMax) {
    info.clear_metadata();
    details = Serialize(status, info);
  }
  return grpc::Status(code, message, details);
}

absl::Status FromGrpc(const grpc::Status& status, absl::string_view peer) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  common::v1::StatusDetails details;
  common::v1::ErrorInfo info;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details()) &&
      details.details_size() > 0 && details.details(0).UnpackTo(&info)) {
    info.set_code(static_cast<int>(code));
    info.set_message(status.error_message());
    return FromErrorInfo(info);
  }
  if (code == absl::StatusCode::kUnauthenticated) return Refusal(status.error_message());
  if (peer.empty()) return absl::Status(code, status.error_message());
  return TransportError(code, status.error_message(), peer);
}

common::v1::ErrorInfo ToErrorInfo(const absl::Status& status) {
  const ErrorDetails details = GetErrorDetails(status);
  common::v1::ErrorInfo info;
  info.set_reason(ErrorReason(status));
  info.set_next_step(details.next_step);
  info.mutable_metadata()->insert(details.metadata.begin(), details.metadata.end());
  info.set_message(std::string(status.message()));
  info.set_code(static_cast<int>(status.code()));
  return info;
}

absl::Status FromErrorInfo(const common::v1::ErrorInfo& info) {
  const auto code = static_cast<absl::StatusCode>(info.code());
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  if (info.reason().empty()) return absl::Status(code, info.message());
  return MakeError(
      code, info.reason(), info.message(),
      {.next_step = info.next_step(), .metadata = {info.metadata().begin(), info.metadata().end()}});
}

}  // namespace nonet::rpc
