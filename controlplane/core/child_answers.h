// What a change of a child answers, made of the object that Apply answered: the child itself with the name of
// the operation; the resource after a deletion; one instance's approval of a link. Pure.
//
//   SharedPrivateLink link = ChildAnswer(create_or_update_request, *answer);
#pragma once

#include "controlplane/core/child_kinds.h"
#include "controlplane/core/object.h"

namespace nonet::controlplane {

resource::v1::HubSettings ChildAnswer(const resource::v1::CreateOrUpdateHubRequest& request,
                                      const Object& answer);
// As the instance that was asked about sees it, with the warnings.
resource::v1::SharedPrivateLink ChildAnswer(
    const resource::v1::CreateOrUpdateSharedPrivateLinkRequest& request, const Object& answer);
resource::v1::PrivateEndpointConnection ChildAnswer(
    const resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest& request, const Object& answer);
resource::v1::CustomCertificate ChildAnswer(
    const resource::v1::CreateOrUpdateCustomCertificateRequest& request, const Object& answer);
resource::v1::CustomDomain ChildAnswer(const resource::v1::CreateOrUpdateCustomDomainRequest& request,
                                       const Object& answer);
resource::v1::SharedPrivateLinkApproval ChildAnswer(
    const resource::v1::ApproveSharedPrivateLinkRequest& request, const Object& answer);
resource::v1::SharedPrivateLinkApproval ChildAnswer(
    const resource::v1::RejectSharedPrivateLinkRequest& request, const Object& answer);

resource::v1::Resource ChildAnswer(const resource::v1::DeleteHubRequest&, const Object& answer);
resource::v1::Resource ChildAnswer(const resource::v1::DeleteSharedPrivateLinkRequest&, const Object& answer);
resource::v1::Resource ChildAnswer(const resource::v1::DeletePrivateEndpointConnectionRequest&,
                                   const Object& answer);
resource::v1::Resource ChildAnswer(const resource::v1::DeleteCustomCertificateRequest&, const Object& answer);
resource::v1::Resource ChildAnswer(const resource::v1::DeleteCustomDomainRequest&, const Object& answer);

}  // namespace nonet::controlplane
