#include "common/base/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace nonet {
namespace {

constexpr absl::string_view kReasonUrl = "nonet/reason";
constexpr absl::string_view kNextStepUrl = "nonet/next_step";
constexpr absl::string_view kMetadataPrefix = "nonet/metadata/";

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                       ErrorDetails details) {
  absl::Status status(code, message);
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  if (!details.next_step.empty()) status.SetPayload(kNextStepUrl, absl::Cord(details.next_step));
  for (const auto& [key, value] : details.metadata) {
    status.SetPayload(std::string(kMetadataPrefix) + key, absl::Cord(value));
  }
  return status;
}

std::string ErrorReason(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  return payload ? std::string(*payload) : std::string();
}

ErrorDetails GetErrorDetails(const absl::Status& status) {
  ErrorDetails details;
  if (const auto payload = status.GetPayload(kNextStepUrl)) details.next_step = std::string(*payload);
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    if (url.substr(0, kMetadataPrefix.size()) == kMetadataPrefix) {
      details.metadata.emplace(url.substr(kMetadataPrefix.size()), std::string(value));
    }
  });
  return details;
}

std::string FormatError(const absl::Status& status) {
  std::string id = ErrorReason(status);
  if (id.empty()) id = absl::StatusCodeToString(status.code());
  std::string line = absl::StrCat("error[", id, "]: ", status.message());
  if (const auto step = status.GetPayload(kNextStepUrl))
    absl::StrAppend(&line, " / try: ", std::string(*step));
  return line;
}

}  // namespace nonet
