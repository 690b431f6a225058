// What is refused about settings, children, links, operations and pages; errors.h.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error.h"
#include "common/clock/clock.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane::errors {
namespace {

using absl::StatusCode;
using absl::StrCat;
using absl::string_view;
using About = std::map<std::string, std::string>;

absl::Status NotValid(string_view reason, string_view message, std::string next_step, About about) {
  return MakeError(StatusCode::kInvalidArgument, reason, message, {std::move(next_step), std::move(about)});
}
absl::Status NotNow(string_view reason, string_view message, std::string next_step, About about) {
  return MakeError(StatusCode::kFailedPrecondition, reason, message,
                   {std::move(next_step), std::move(about)});
}

// "shared private link" -> "SHARED_PRIVATE_LINK".
std::string ReasonOf(string_view kind) {
  return absl::StrReplaceAll(absl::AsciiStrToUpper(kind), {{" ", "_"}});
}

// The options that name one replica to the CLI.
std::string OptionsOf(string_view resource, string_view replica) {
  return StrCat(" --replica-name ", replica, " --name ", resource);
}

}  // namespace

absl::Status InvalidSetting(string_view field, string_view why) {
  return NotValid("INVALID_SETTING", StrCat(field, ": ", why), "", {{"field", std::string(field)}});
}

absl::Status ChildField(string_view field, string_view call) {
  return NotValid("CHILD_FIELD",
                  StrCat(field, " cannot be set together with the resource: each has calls of its own"),
                  StrCat("call ", call), {{"field", std::string(field)}});
}

absl::Status InvalidPageToken() {
  return NotValid("INVALID_PAGE_TOKEN", "page_token is not one that this list gave out",
                  "start again without page_token, with the same filter on every page", {});
}

absl::Status InvalidPageSize(uint32_t size) {
  return NotValid("INVALID_PAGE_SIZE",
                  StrCat("page_size is ", size, "; at most ", kPageSizeMax, " is possible"),
                  "use a smaller one, or 0 for as many as fit", {});
}

absl::Status InvalidDrain() {
  return NotValid("INVALID_DRAIN",
                  StrCat("drain must be 0 (", kDrainDefaultNs / kNanosPerSecond, " s) to ",
                         kDrainMaxNs / kNanosPerSecond, " s"),
                  "--drain=10m", {});
}

absl::Status ChildNotFound(string_view kind, string_view resource, string_view name) {
  return MakeError(StatusCode::kNotFound, StrCat(ReasonOf(kind), "_NOT_FOUND"),
                   StrCat(resource, " has no ", kind, " ", name),
                   {StrCat("list the ones of ", resource),
                    {{"resource", std::string(resource)}, {"name", std::string(name)}}});
}

absl::Status ChildExists(string_view kind, string_view resource, string_view name) {
  return MakeError(
      StatusCode::kAlreadyExists, StrCat(ReasonOf(kind), "_EXISTS"),
      StrCat(resource, " has a ", kind, " ", name, " already"),
      {"leave etag empty to change it", {{"resource", std::string(resource)}, {"name", std::string(name)}}});
}

absl::Status OperationNotFound(string_view name) {
  return MakeError(StatusCode::kNotFound, "OPERATION_NOT_FOUND",
                   StrCat("there is no operation ", name, ": one that ended is kept for 24 hours at most"),
                   {"look at the object itself", {{"operation", std::string(name)}}});
}

absl::Status ChildLimit(string_view kind, string_view resource, size_t limit) {
  return NotNow(StrCat(ReasonOf(kind), "_LIMIT"),
                StrCat(resource, " already has ", limit, " of the kind ", kind, ", the most it can have"),
                "delete one that is not needed", {{"resource", std::string(resource)}});
}

absl::Status LinkNotApproved(string_view resource, string_view replica, string_view link,
                             string_view status) {
  return NotNow(
      "LINK_NOT_APPROVED",
      StrCat("shared private link ", link, " is ", status, " at ", replica,
             ": event handlers behind it could not be called from there"),
      StrCat("nonet private-link approve ", link, OptionsOf(resource, replica),
             ", or enable it all the same with --force"),
      {{"resource", std::string(resource)}, {"replica", std::string(replica)}, {"link", std::string(link)}});
}

absl::Status CertificateInUse(string_view resource, string_view certificate, string_view domain) {
  return NotNow("CUSTOM_CERTIFICATE_IN_USE",
                StrCat("custom domain ", domain, " of ", resource, " uses certificate ", certificate),
                StrCat("delete the custom domain ", domain, " first"),
                {{"resource", std::string(resource)}, {"domain", std::string(domain)}});
}

absl::Status CertificateUnknown(string_view resource, string_view certificate) {
  return NotNow("CUSTOM_CERTIFICATE_NOT_FOUND", StrCat(resource, " has no custom certificate ", certificate),
                "create the certificate first, then the domain", {{"resource", std::string(resource)}});
}

absl::Status PremiumNeededBy(string_view what, string_view resource, string_view sku) {
  return NotNow("PREMIUM_REQUIRED", StrCat(what, " needs a Premium SKU, and ", resource, " is ", sku),
                StrCat("nonet resource update --name ", resource, " --sku Premium_P1"),
                {{"resource", std::string(resource)}, {"sku", std::string(sku)}});
}

absl::Status OperationFailed(string_view name, string_view why) {
  return NotNow("OPERATION_FAILED", StrCat(name, " did not succeed: ", why), "nonet status",
                {{"operation", std::string(name)}});
}

absl::Status OperationInProgress(string_view object, string_view operation, string_view verb) {
  return MakeError(StatusCode::kAborted, "OPERATION_IN_PROGRESS",
                   StrCat(object, " has ", operation, " under way (", verb, ")"),
                   {"wait until it has ended, then repeat",
                    {{"object", std::string(object)}, {"operation", std::string(operation)}}});
}

absl::Status BeingDrained(string_view resource, string_view replica) {
  return MakeError(StatusCode::kAborted, "OPERATION_IN_PROGRESS",
                   StrCat(replica, " is being drained, and then deleted"),
                   {StrCat("wait until it is gone, or delete it at once: nonet replica delete",
                           OptionsOf(resource, replica)),
                    {{"object", std::string(replica)}}});
}

}  // namespace nonet::controlplane::errors
