#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/children.h"
#include "tools/cli/errors.h"
#include "tools/cli/render/children.h"

namespace nonet::cli {
namespace {

using resource::v1::Operation;

absl::Status ListOperations(const Context& context, ControlClient& control, const std::string& resource) {
  resource::v1::ListOperationsRequest request;
  if (!resource.empty()) request.set_parent(ResourceName(resource));
  std::vector<Operation> operations;
  do {
    ASSIGN_OR_RETURN(const resource::v1::ListOperationsResponse page, control.List(request));
    operations.insert(operations.end(), page.operations().begin(), page.operations().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  Print(context, OperationList(operations));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunOperation(const Context& context, ControlClient& control, const OperationOptions& options) {
  if (options.verb == OperationOptions::Verb::kList) return ListOperations(context, control, options.name);
  if (options.verb == OperationOptions::Verb::kWait) {
    RETURN_IF_ERROR(AwaitEverybody(control, {{options.operation, ""}}, options.timeout_ns).status());
  }
  resource::v1::GetOperationRequest request;
  request.set_name(options.operation);
  ASSIGN_OR_RETURN(const Operation operation, control.Get(request));
  Print(context, OneOperation(operation));
  return absl::OkStatus();
}

}  // namespace nonet::cli
