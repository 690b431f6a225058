// Shared private links and whether each instance may use them. A link is the resource's; its approval is each
// instance's own, kept in that instance's object, and Pending where there is none. Pure.
//
//   if (const SharedPrivateLink* link = FirstUnapproved(primary, replica.shared_private_link_approvals()))
#pragma once

#include "absl/strings/string_view.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane {

using Approvals = google::protobuf::RepeatedPtrField<resource::v1::SharedPrivateLinkApproval>;

// Of the resource's primary or a replica of it: `object` is either message.
const Approvals& ApprovalsOf(const resource::v1::Resource& object);
const Approvals& ApprovalsOf(const resource::v1::Replica& object);

// nullptr where the link, of this very uid, has none: Pending.
const resource::v1::SharedPrivateLinkApproval* FindApproval(const Approvals& approvals,
                                                            const resource::v1::SharedPrivateLink& link);
absl::string_view LinkStatus(const Approvals& approvals, const resource::v1::SharedPrivateLink& link);
// The link as seen from one instance: status and status_message filled in.
resource::v1::SharedPrivateLink LinkView(const resource::v1::SharedPrivateLink& link,
                                         const Approvals& approvals);
// The first link that is not Approved; nullptr when all are.
const resource::v1::SharedPrivateLink* FirstUnapproved(const resource::v1::Resource& primary,
                                                       const Approvals& approvals);
// Sets one approval, and drops those of links that the primary does not have any more.
void SetApproval(const resource::v1::Resource& primary,
                 const resource::v1::SharedPrivateLinkApproval& approval, Approvals& approvals);

}  // namespace nonet::controlplane
