#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/children.h"
#include "tools/cli/render/children.h"

namespace nonet::cli {
namespace {

using resource::v1::Replica;
using resource::v1::Resource;
using resource::v1::SharedPrivateLink;

// The instance's object: the replica's, or the resource for the primary's.
std::string InstanceOf(const Resource& parent, const std::string& replica) {
  return replica.empty() ? parent.name() : ReplicaName(InstanceId(parent.name()), replica);
}

absl::StatusOr<std::vector<SharedPrivateLink>> LinksAt(ChildClient& children, const std::string& instance) {
  resource::v1::ListSharedPrivateLinksRequest request;
  request.set_parent(instance);
  std::vector<SharedPrivateLink> links;
  do {
    ASSIGN_OR_RETURN(const resource::v1::ListSharedPrivateLinksResponse page, children.List(request));
    links.insert(links.end(), page.links().begin(), page.links().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return links;
}

absl::Status ListLinks(const Context& context, ControlClient& control, ChildClient& children,
                       const Resource& parent, const LinkOptions& options) {
  std::vector<std::string> instances = {options.replica_name};
  if (options.replica_name.empty()) {
    ASSIGN_OR_RETURN(const std::vector<Replica> replicas, AllReplicas(control, parent.name(), options.group));
    for (const Replica& replica : replicas) instances.push_back(InstanceId(replica.name()));
  }
  std::vector<LinkAt> rows;
  for (const std::string& replica : instances) {
    ASSIGN_OR_RETURN(const std::vector<SharedPrivateLink> links,
                     LinksAt(children, InstanceOf(parent, replica)));
    for (const SharedPrivateLink& link : links) rows.push_back({link, replica});
  }
  Print(context, LinkList(rows, parent));
  return absl::OkStatus();
}

absl::Status CreateLink(const Context& context, ControlClient& control, ChildClient& children,
                        const Resource& parent, const LinkOptions& options) {
  resource::v1::CreateOrUpdateSharedPrivateLinkRequest request;
  request.set_parent(parent.name());
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  SharedPrivateLink& link = *request.mutable_link();
  link.set_name(options.link);
  link.set_group_id(options.group_id);
  link.set_private_link_resource_id(options.target);
  link.set_request_message(options.message);
  link.set_etag(options.change.etag.empty() ? "0" : options.change.etag);
  for (const std::string& fqdn : options.fqdns) link.add_fqdns(fqdn);
  ASSIGN_OR_RETURN(const SharedPrivateLink created, children.Put(request));
  SayWarnings(context, created);
  ASSIGN_OR_RETURN(const bool finished, FinishChild(context, control, options.change, created.operation(),
                                                    {parent.name(), created.etag()}));
  if (finished || options.change.dry_run) Print(context, OneLink({created, ""}, parent));
  return absl::OkStatus();
}

absl::Status DeleteLink(const Context& context, ControlClient& control, ChildClient& children,
                        const Resource& parent, const LinkOptions& options) {
  resource::v1::DeleteSharedPrivateLinkRequest request;
  request.set_parent(parent.name());
  request.set_name(options.link);
  request.set_etag(options.change.etag);
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  ASSIGN_OR_RETURN(const Resource changed, children.Delete(request));
  ASSIGN_OR_RETURN(const bool finished, FinishChild(context, control, options.change, changed.operation(),
                                                    {changed.name(), changed.etag()}));
  if (finished) Say(context, absl::StrCat("deleted private link ", options.link));
  return absl::OkStatus();
}

template <typename Request>
Request Decision(const Resource& parent, const LinkOptions& options) {
  Request request;
  request.set_instance(InstanceOf(parent, options.replica_name));
  request.set_link(options.link);
  request.set_message(options.message);
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  return request;
}

absl::Status DecideLink(const Context& context, ControlClient& control, ChildClient& children,
                        const Resource& parent, const LinkOptions& options) {
  absl::StatusOr<resource::v1::SharedPrivateLinkApproval> approval;
  if (options.verb == ChildVerb::kApprove) {
    approval = children.Approve(Decision<resource::v1::ApproveSharedPrivateLinkRequest>(parent, options));
  } else {
    approval = children.Reject(Decision<resource::v1::RejectSharedPrivateLinkRequest>(parent, options));
  }
  RETURN_IF_ERROR(approval.status());
  const std::string instance = InstanceOf(parent, options.replica_name);
  ASSIGN_OR_RETURN(const bool finished, FinishChild(context, control, options.change, approval->operation(),
                                                    {instance, approval->etag()}));
  if (!finished && !options.change.dry_run) return absl::OkStatus();
  resource::v1::GetSharedPrivateLinkRequest request;
  request.set_parent(instance);
  request.set_name(options.link);
  ASSIGN_OR_RETURN(SharedPrivateLink link, children.Get(request));
  link.set_status(approval->status());
  link.set_status_message(approval->message());
  Print(context, OneLink({link, options.replica_name}, parent));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunLink(const Context& context, ControlClient& control, ChildClient& children,
                     const LinkOptions& options) {
  ASSIGN_OR_RETURN(const Resource parent, FindResource(control, options.name, options.group));
  switch (options.verb) {
    case ChildVerb::kCreate:
      return CreateLink(context, control, children, parent, options);
    case ChildVerb::kDelete:
      return DeleteLink(context, control, children, parent, options);
    case ChildVerb::kApprove:
    case ChildVerb::kReject:
      return DecideLink(context, control, children, parent, options);
    default:
      return ListLinks(context, control, children, parent, options);
  }
}

}  // namespace nonet::cli
