#include "controlplane/core/child_answers.h"

#include <string>

#include "controlplane/core/links.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;  // The whole file is about these.

template <typename Child, typename Request>
Child StoredChild(const Request& request, const Object& answer) {
  const Child& given = ChildKind<Child>::Given(request);
  const Child* stored = FindChild<Child>(answer.resource(), ChildKind<Child>::NameOf(given));
  Child child = stored == nullptr ? given : *stored;
  child.set_operation(answer.resource().operation());
  return child;
}

const SharedPrivateLinkApproval* ApprovalByName(const Approvals& approvals, absl::string_view link) {
  for (const SharedPrivateLinkApproval& approval : approvals) {
    if (CanonicalName(approval.link()) == CanonicalName(link)) return &approval;
  }
  return nullptr;
}

template <typename Request>
SharedPrivateLinkApproval DecidedApproval(const Request& request, const Object& answer) {
  const Approvals& approvals =
      answer.has_resource() ? ApprovalsOf(answer.resource()) : ApprovalsOf(answer.replica());
  const SharedPrivateLinkApproval* stored = ApprovalByName(approvals, request.link());
  SharedPrivateLinkApproval approval = stored == nullptr ? SharedPrivateLinkApproval() : *stored;
  approval.set_instance(answer.name());
  approval.set_etag(answer.has_resource() ? answer.resource().etag() : answer.replica().etag());
  approval.set_operation(answer.has_resource() ? answer.resource().operation()
                                               : answer.replica().operation());
  return approval;
}

}  // namespace

HubSettings ChildAnswer(const CreateOrUpdateHubRequest& request, const Object& answer) {
  return StoredChild<HubSettings>(request, answer);
}

SharedPrivateLink ChildAnswer(const CreateOrUpdateSharedPrivateLinkRequest& request, const Object& answer) {
  if (answer.has_resource()) {
    SharedPrivateLink link =
        LinkView(StoredChild<SharedPrivateLink>(request, answer), ApprovalsOf(answer.resource()));
    *link.mutable_warnings() = answer.resource().warnings();
    return link;
  }
  // A replica that asked again: the link is the resource's, and the same that the caller sent.
  SharedPrivateLink link = request.link();
  const SharedPrivateLinkApproval* approval = ApprovalByName(ApprovalsOf(answer.replica()), link.name());
  link.set_uid(approval == nullptr ? "" : approval->link_uid());
  link.set_status(approval == nullptr ? "Pending" : approval->status());
  link.set_status_message(approval == nullptr ? "" : approval->message());
  link.set_etag(answer.replica().etag());
  link.set_operation(answer.replica().operation());
  link.clear_warnings();
  return link;
}

PrivateEndpointConnection ChildAnswer(const CreateOrUpdatePrivateEndpointConnectionRequest& request,
                                      const Object& answer) {
  return StoredChild<PrivateEndpointConnection>(request, answer);
}
CustomCertificate ChildAnswer(const CreateOrUpdateCustomCertificateRequest& request, const Object& answer) {
  return StoredChild<CustomCertificate>(request, answer);
}
CustomDomain ChildAnswer(const CreateOrUpdateCustomDomainRequest& request, const Object& answer) {
  return StoredChild<CustomDomain>(request, answer);
}
SharedPrivateLinkApproval ChildAnswer(const ApproveSharedPrivateLinkRequest& request, const Object& answer) {
  return DecidedApproval(request, answer);
}
SharedPrivateLinkApproval ChildAnswer(const RejectSharedPrivateLinkRequest& request, const Object& answer) {
  return DecidedApproval(request, answer);
}

Resource ChildAnswer(const DeleteHubRequest&, const Object& answer) { return answer.resource(); }
Resource ChildAnswer(const DeleteSharedPrivateLinkRequest&, const Object& answer) {
  return answer.resource();
}
Resource ChildAnswer(const DeletePrivateEndpointConnectionRequest&, const Object& answer) {
  return answer.resource();
}
Resource ChildAnswer(const DeleteCustomCertificateRequest&, const Object& answer) {
  return answer.resource();
}
Resource ChildAnswer(const DeleteCustomDomainRequest&, const Object& answer) { return answer.resource(); }

}  // namespace nonet::controlplane
