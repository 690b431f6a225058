#include "controlplane/server/child_resource_service.h"

#include <utility>

#include "controlplane/core/child_answers.h"
#include "controlplane/core/lists.h"
#include "controlplane/server/calls.h"
#include "nonet/resource/v1/child_resource_service.grpc.pb.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;  // The whole file is about these.
using Context = grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class ChildResourceServiceImpl final : public ChildResourceService::CallbackService {
 public:
  explicit ChildResourceServiceImpl(Engine& engine) : engine_(engine) {}

  ServerUnaryReactor* CreateOrUpdateHub(Context* context, const CreateOrUpdateHubRequest* request,
                                        HubSettings* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* DeleteHub(Context* context, const DeleteHubRequest* request,
                                Resource* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* GetHub(Context* context, const GetHubRequest* request, HubSettings* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::GetHub(plane.resources(), *request);
    });
  }
  ServerUnaryReactor* ListHubs(Context* context, const ListHubsRequest* request,
                               ListHubsResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListHubs(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* CreateOrUpdateSharedPrivateLink(Context* context,
                                                      const CreateOrUpdateSharedPrivateLinkRequest* request,
                                                      SharedPrivateLink* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* DeleteSharedPrivateLink(Context* context, const DeleteSharedPrivateLinkRequest* request,
                                              Resource* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* GetSharedPrivateLink(Context* context, const GetSharedPrivateLinkRequest* request,
                                           SharedPrivateLink* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::GetSharedPrivateLink(plane.resources(), *request);
    });
  }
  ServerUnaryReactor* ListSharedPrivateLinks(Context* context, const ListSharedPrivateLinksRequest* request,
                                             ListSharedPrivateLinksResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListSharedPrivateLinks(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* CreateOrUpdatePrivateEndpointConnection(
      Context* context, const CreateOrUpdatePrivateEndpointConnectionRequest* request,
      PrivateEndpointConnection* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* DeletePrivateEndpointConnection(Context* context,
                                                      const DeletePrivateEndpointConnectionRequest* request,
                                                      Resource* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* GetPrivateEndpointConnection(Context* context,
                                                   const GetPrivateEndpointConnectionRequest* request,
                                                   PrivateEndpointConnection* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::GetPrivateEndpointConnection(plane.resources(), *request);
    });
  }
  ServerUnaryReactor* ListPrivateEndpointConnections(
      Context* context, const ListPrivateEndpointConnectionsRequest* request,
      ListPrivateEndpointConnectionsResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListPrivateEndpointConnections(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* CreateOrUpdateCustomCertificate(Context* context,
                                                      const CreateOrUpdateCustomCertificateRequest* request,
                                                      CustomCertificate* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* DeleteCustomCertificate(Context* context, const DeleteCustomCertificateRequest* request,
                                              Resource* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* GetCustomCertificate(Context* context, const GetCustomCertificateRequest* request,
                                           CustomCertificate* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::GetCustomCertificate(plane.resources(), *request);
    });
  }
  ServerUnaryReactor* ListCustomCertificates(Context* context, const ListCustomCertificatesRequest* request,
                                             ListCustomCertificatesResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListCustomCertificates(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* CreateOrUpdateCustomDomain(Context* context,
                                                 const CreateOrUpdateCustomDomainRequest* request,
                                                 CustomDomain* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* DeleteCustomDomain(Context* context, const DeleteCustomDomainRequest* request,
                                         Resource* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* GetCustomDomain(Context* context, const GetCustomDomainRequest* request,
                                      CustomDomain* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::GetCustomDomain(plane.resources(), *request);
    });
  }
  ServerUnaryReactor* ListCustomDomains(Context* context, const ListCustomDomainsRequest* request,
                                        ListCustomDomainsResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListCustomDomains(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* ApproveSharedPrivateLink(Context* context,
                                               const ApproveSharedPrivateLinkRequest* request,
                                               SharedPrivateLinkApproval* response) override {
    return Change(context, *request, response);
  }
  ServerUnaryReactor* RejectSharedPrivateLink(Context* context, const RejectSharedPrivateLinkRequest* request,
                                              SharedPrivateLinkApproval* response) override {
    return Change(context, *request, response);
  }

 private:
  template <typename Request, typename Response>
  ServerUnaryReactor* Change(Context* context, const Request& request, Response* response) {
    return MutateCall(
        engine_, context, request, response,
        [](const Request& asked, Object&& answer, Response& out) { out = ChildAnswer(asked, answer); });
  }

  Engine& engine_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeChildResourceService(Engine& engine) {
  return std::make_unique<ChildResourceServiceImpl>(engine);
}

}  // namespace nonet::controlplane
