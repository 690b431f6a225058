#include "replica/server/inspection_service.h"

#include <grpcpp/grpcpp.h>

#include <string>
#include <utility>

#include "common/rpc/status.h"
#include "nonet/inspect/v1/inspect.grpc.pb.h"
#include "replica/core/errors.h"

namespace nonet::replica {
namespace {

void SetInspectTime(int64_t wall_ns, google::protobuf::Timestamp* out) {
  out->set_seconds(wall_ns / kNanosPerSecond);
  out->set_nanos(static_cast<int32_t>(wall_ns % kNanosPerSecond));
}

std::string InspectText(absl::string_view view) { return std::string(view); }

void ToProto(const Gap& gap, inspect::v1::Gap* out) {
  out->set_cause(InspectText(GapCauseName(gap.cause)));
  out->set_origin(gap.origin);
  out->set_epoch(gap.epoch);
  out->set_peer(gap.peer);
  out->set_hub(gap.hub);
  out->set_first(gap.first);
  out->set_last(gap.last);
  out->set_messages(gap.messages);
  SetInspectTime(gap.wall_ns, out->mutable_notice_time());
}

void ToProto(const Audit& audit, inspect::v1::Audit* out) {
  out->set_instance(audit.instance);
  out->set_epoch(audit.epoch);
  SetInspectTime(audit.wall_ns, out->mutable_time());
  out->set_accepted(audit.accepted);
  out->set_refused(audit.refused);
  out->set_deliveries(audit.deliveries);
  for (const LinkAudit& link : audit.to) {
    inspect::v1::LinkAudit* to = out->add_to();
    to->set_peer(link.peer);
    to->set_life(link.life);
    to->set_linked(link.linked);
    to->set_accepted_for(link.accepted_for);
    to->set_acknowledged(link.acknowledged);
    to->set_delivered(link.delivered);
    to->set_lost(link.lost);
    to->set_waiting(link.waiting);
    to->set_in_flight(link.in_flight);
    to->set_in_doubt(link.in_doubt);
    to->set_waiting_bytes(link.waiting_bytes);
  }
  for (const OriginAudit& origin : audit.from) {
    inspect::v1::OriginAudit* from = out->add_from();
    from->set_origin(origin.origin);
    from->set_epoch(origin.epoch);
    from->set_linked(origin.linked);
    from->set_last_position(origin.last_position);
    from->set_last_sequence(origin.last_sequence);
    from->set_received(origin.received);
    from->set_gaps(origin.gaps);
    from->set_expired(origin.expired);
    from->set_handed(origin.handed);
    from->set_duplicates(origin.duplicates);
  }
}

void ToProto(const Why& why, inspect::v1::Why* out) {
  out->set_instance(why.instance);
  out->set_is_origin(why.is_origin);
  out->set_remembered(why.remembered);
  if (why.accepted_wall_ns != 0) SetInspectTime(why.accepted_wall_ns, out->mutable_accept_time());
  if (why.received_wall_ns != 0) SetInspectTime(why.received_wall_ns, out->mutable_receive_time());
  out->set_recipients(why.recipients);
  out->set_expired(why.expired);
  out->set_gap(why.gap);
  for (const WhyPeer& peer : why.peers) {
    inspect::v1::WhyPeer* to = out->add_peers();
    to->set_peer(peer.peer);
    to->set_fate(InspectText(FateName(peer.fate)));
    to->set_linked(peer.linked);
    if (peer.sent_wall_ns != 0) SetInspectTime(peer.sent_wall_ns, to->mutable_send_time());
    if (peer.acknowledged_wall_ns != 0)
      SetInspectTime(peer.acknowledged_wall_ns, to->mutable_acknowledge_time());
  }
}

}  // namespace

class InspectionService::Impl final : public inspect::v1::SyncInspection::CallbackService {
 public:
  Impl(EventLoop& loop, const ReplicaCore& core, std::function<Now()> now)
      : loop_(loop), core_(core), now_(std::move(now)) {}

  grpc::ServerUnaryReactor* ListGaps(grpc::CallbackServerContext* context,
                                     const inspect::v1::ListGapsRequest*,
                                     inspect::v1::ListGapsResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    loop_.Post([this, reactor, response] {
      const SyncEngine& sync = core_.sync();
      response->set_instance(sync.identity().instance);
      response->set_epoch(sync.identity().epoch);
      for (const Gap& gap : sync.gaps().listed()) ToProto(gap, response->add_gaps());
      response->set_total(sync.gaps().total());
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

  grpc::ServerUnaryReactor* GetAudit(grpc::CallbackServerContext* context,
                                     const inspect::v1::GetAuditRequest*,
                                     inspect::v1::Audit* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    loop_.Post([this, reactor, response] {
      ToProto(core_.MakeAudit(now_()), response);
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

  grpc::ServerUnaryReactor* GetWhy(grpc::CallbackServerContext* context,
                                   const inspect::v1::GetWhyRequest* request,
                                   inspect::v1::Why* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const std::string& text = request->message_id();
    std::optional<MessageId> id = MessageId::Parse(text);
    if (!id) {
      reactor->Finish(rpc::ToGrpc(errors::BadMessageId(text)));
      return reactor;
    }
    loop_.Post([this, reactor, response, id = *std::move(id)] {
      const std::optional<Why> why = core_.sync().Tell(id);
      if (why) ToProto(*why, response);
      reactor->Finish(why ? grpc::Status::OK : rpc::ToGrpc(errors::UnknownMessage(id.Text())));
    });
    return reactor;
  }

 private:
  EventLoop& loop_;
  const ReplicaCore& core_;
  const std::function<Now()> now_;
};

InspectionService::InspectionService(EventLoop& loop, const ReplicaCore& core, std::function<Now()> now)
    : impl_(std::make_unique<Impl>(loop, core, std::move(now))) {}

InspectionService::~InspectionService() = default;

grpc::Service* InspectionService::service() { return impl_.get(); }

}  // namespace nonet::replica
