// arm_handlers.h: what there is to choose from, what is used up, which names are free.
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/errors.h"
#include "controlplane/codec/reader.h"
#include "controlplane/codec/writer.h"
#include "controlplane/core/catalog.h"
#include "controlplane/core/lists.h"
#include "controlplane/server/arm_handlers.h"

namespace nonet::controlplane::arm {
namespace {

absl::StatusOr<Answer> CheckName(const ControlPlane& plane, const Call& call) {
  if (call.method != "POST") return NotAllowed(call, "POST");
  RETURN_IF_ERROR(RequireBody(call));
  ASSIGN_OR_RETURN(const auto request, ReadNameQuestion(*call.body));
  ASSIGN_OR_RETURN(const auto answer, CheckNameAvailability(plane.resources(), request));
  return Found(NameAvailabilityToJson(answer));
}

}  // namespace

absl::StatusOr<Answer> HandleCatalog(Engine::Turn& turn, const Call& call) {
  const std::string& type = call.path.type;
  if (type == "checkNameAvailability") return CheckName(turn.plane, call);
  if (call.method != "GET") return NotAllowed(call, "GET");
  if (type == "operations") return Found(ProviderOperations());
  if (type == "usages") {
    resource::v1::ListUsagesRequest request;
    request.set_location(NormalizeLocation(call.path.location));
    ASSIGN_OR_RETURN(const auto usages, ListUsages(turn.plane.resources(), request));
    return Found(UsagesToJson(usages, call.path.subscription, request.location()));
  }
  ASSIGN_OR_RETURN(const resource::v1::Resource* resource, FindResource(turn.plane, call.path));
  if (type == "webPubSub/skus") return Found(SkusToJson(SkuChoices(/*replica=*/false), kResourceType));
  if (type == "webPubSub/privateLinkResources" && !call.path.is_object) {
    return Found(PrivateLinkResourcesToJson(*resource));
  }
  return errors::NoSuchPath(call.url_path.substr(0, 256));
}

}  // namespace nonet::controlplane::arm
