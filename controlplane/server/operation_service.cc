#include "controlplane/server/operation_service.h"

#include "controlplane/server/calls.h"
#include "nonet/resource/v1/operation.grpc.pb.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;  // The whole file is about these.

class OperationServiceImpl final : public OperationService::CallbackService {
 public:
  explicit OperationServiceImpl(Engine& engine) : engine_(engine) {}

  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* context,
                                         const GetOperationRequest* request, Operation* response) override {
    return ReadCall(engine_, context, response,
                    [request](const ControlPlane& plane) { return plane.GetOperation(request->name()); });
  }

  grpc::ServerUnaryReactor* ListOperations(grpc::CallbackServerContext* context,
                                           const ListOperationsRequest* request,
                                           ListOperationsResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return plane.resources().operations().List(*request);
    });
  }

 private:
  Engine& engine_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeOperationService(Engine& engine) {
  return std::make_unique<OperationServiceImpl>(engine);
}

}  // namespace nonet::controlplane
