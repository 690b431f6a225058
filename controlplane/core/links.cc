#include "controlplane/core/links.h"

#include <string>

#include "controlplane/core/child_kinds.h"

namespace nonet::controlplane {

using resource::v1::SharedPrivateLink;
using resource::v1::SharedPrivateLinkApproval;

const Approvals& ApprovalsOf(const resource::v1::Resource& object) {
  return object.shared_private_link_approvals();
}
const Approvals& ApprovalsOf(const resource::v1::Replica& object) {
  return object.shared_private_link_approvals();
}

const SharedPrivateLinkApproval* FindApproval(const Approvals& approvals, const SharedPrivateLink& link) {
  for (const SharedPrivateLinkApproval& approval : approvals) {
    if (approval.link_uid() == link.uid()) return &approval;
  }
  return nullptr;
}

absl::string_view LinkStatus(const Approvals& approvals, const SharedPrivateLink& link) {
  const SharedPrivateLinkApproval* approval = FindApproval(approvals, link);
  return approval == nullptr ? absl::string_view("Pending") : absl::string_view(approval->status());
}

SharedPrivateLink LinkView(const SharedPrivateLink& link, const Approvals& approvals) {
  SharedPrivateLink view = link;
  view.set_status(std::string(LinkStatus(approvals, link)));
  if (const SharedPrivateLinkApproval* approval = FindApproval(approvals, link)) {
    view.set_status_message(approval->message());
  }
  return view;
}

const SharedPrivateLink* FirstUnapproved(const resource::v1::Resource& primary, const Approvals& approvals) {
  for (const SharedPrivateLink& link : primary.shared_private_links()) {
    if (LinkStatus(approvals, link) != "Approved") return &link;
  }
  return nullptr;
}

void SetApproval(const resource::v1::Resource& primary, const SharedPrivateLinkApproval& approval,
                 Approvals& approvals) {
  Approvals kept;
  for (const SharedPrivateLink& link : primary.shared_private_links()) {
    if (link.uid() == approval.link_uid()) {
      *kept.Add() = approval;
    } else if (const SharedPrivateLinkApproval* old = FindApproval(approvals, link)) {
      *kept.Add() = *old;
    }
  }
  approvals = std::move(kept);
}

}  // namespace nonet::controlplane
