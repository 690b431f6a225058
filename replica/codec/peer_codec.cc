#include "replica/codec/peer_codec.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "replica/codec/client_frame.h"
#include "replica/codec/names.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/errors.h"
#include "replica/core/limits.h"
#include "replica/core/odata_filter.h"

namespace nonet::replica {
namespace {

void MessageToProto(const Message& message, peer::v1::Message* out) {
  out->set_sequence(message.sequence);
  out->set_hub(message.hub);
  out->set_target(static_cast<peer::v1::Target>(message.target));
  out->set_target_name(message.target_name);
  out->set_data_type(static_cast<peer::v1::DataType>(message.data_type));
  out->set_data(std::string(message.data.view()));
  out->set_from_user_id(message.from_user_id);
  for (const std::string& id : message.excluded_connections) out->add_excluded_connections(id);
  for (const auto& [key, value] : message.metadata) {
    peer::v1::MetadataEntry* entry = out->add_metadata();
    entry->set_key(key);
    entry->set_value(value);
  }
  out->set_accepted_time_ns(message.accepted_wall_ns);
  out->set_ttl_ms(message.ttl_ms);
  if (message.filter != nullptr) out->set_filter(std::string(message.filter->text()));
}

absl::StatusOr<MessagePtr> MessageFromProto(peer::v1::Message& in,
                                            std::shared_ptr<const ConnectionFilter>* last_filter) {
  if (in.target() < peer::v1::TARGET_ALL || in.target() > peer::v1::TARGET_CONNECTION) {
    return errors::BadPeerMessage("unknown target");
  }
  if (in.data_type() < peer::v1::DATA_TYPE_TEXT || in.data_type() > peer::v1::DATA_TYPE_PROTOBUF) {
    return errors::BadPeerMessage("unknown data type");
  }
  if (!IsValidHub(in.hub()) || CanonicalHub(in.hub()) != in.hub()) return errors::BadPeerMessage("bad hub");
  if (in.target() != peer::v1::TARGET_ALL && in.target_name().empty()) {
    return errors::BadPeerMessage("no target name");
  }
  if (in.data_type() == peer::v1::DATA_TYPE_TEXT && !IsUtf8(in.data())) {
    return errors::BadPeerMessage("text is not UTF-8");
  }
  auto message = std::make_shared<Message>();
  RETURN_IF_ERROR(ReadFilter(in.filter(), last_filter, &message->filter));
  message->sequence = in.sequence();
  message->hub = std::move(*in.mutable_hub());
  message->target = static_cast<Target>(in.target());
  message->target_name = std::move(*in.mutable_target_name());
  message->data_type = static_cast<DataType>(in.data_type());
  message->data = std::move(*in.mutable_data());
  message->from_user_id = std::move(*in.mutable_from_user_id());
  for (std::string& id : *in.mutable_excluded_connections()) {
    message->excluded_connections.push_back(std::move(id));
  }
  for (peer::v1::MetadataEntry& entry : *in.mutable_metadata()) {
    message->metadata.emplace_back(std::move(*entry.mutable_key()), std::move(*entry.mutable_value()));
  }
  message->accepted_wall_ns = in.accepted_time_ns();
  message->ttl_ms = in.ttl_ms();
  return message;
}

absl::StatusOr<Batch> BatchFromProto(peer::v1::MessageBatch& in) {
  Batch batch;
  batch.first_position = in.first_position();
  for (peer::v1::GapNotice& gap : *in.mutable_gaps()) {
    if (gap.cause() < peer::v1::GAP_CAUSE_LOG_OVERFLOW || gap.cause() > peer::v1::GAP_CAUSE_EXPIRED) {
      return errors::BadPeerMessage("unknown cause of a gap");
    }
    batch.gaps.push_back({gap.first_position(), gap.last_position(), gap.first_sequence(),
                          gap.last_sequence(), std::move(*gap.mutable_hub()),
                          static_cast<GapCause>(gap.cause())});
  }
  batch.messages.reserve(static_cast<size_t>(in.messages_size()));
  std::shared_ptr<const ConnectionFilter> last_filter;
  for (peer::v1::Message& message : *in.mutable_messages()) {
    ASSIGN_OR_RETURN(MessagePtr value, MessageFromProto(message, &last_filter));
    batch.messages.push_back(std::move(value));
  }
  return batch;
}

absl::StatusOr<Interest> InterestFromProto(peer::v1::Interest& in) {
  Interest interest;
  interest.after = in.after();
  interest.number = in.number();
  interest.snapshot = in.snapshot();
  interest.part = in.part();
  interest.last_part = in.last_part();
  interest.changes.reserve(static_cast<size_t>(in.changes_size()));
  for (peer::v1::InterestChange& change : *in.mutable_changes()) {
    if (change.kind() < peer::v1::TARGET_ALL || change.kind() > peer::v1::TARGET_USER) {
      return errors::BadPeerMessage("interest in neither a hub, a group nor a user");
    }
    interest.changes.push_back({std::move(*change.mutable_hub()), static_cast<Target>(change.kind()),
                                std::move(*change.mutable_name()), change.present()});
  }
  return interest;
}

absl::StatusOr<Question> QuestionFromProto(peer::v1::Question& in) {
  if (in.operation() < peer::v1::OPERATION_EXISTS || in.operation() > peer::v1::OPERATION_CHECK) {
    return errors::BadPeerMessage("unknown operation");
  }
  if (in.target() < peer::v1::TARGET_ALL || in.target() > peer::v1::TARGET_CONNECTION) {
    return errors::BadPeerMessage("unknown target");
  }
  if (in.operation() >= peer::v1::OPERATION_GRANT && in.permission() != peer::v1::PERMISSION_SEND_TO_GROUP &&
      in.permission() != peer::v1::PERMISSION_JOIN_LEAVE_GROUP) {
    return errors::BadPeerMessage("unknown permission");
  }
  if (in.limit() > kListLimitMax) return errors::BadPeerMessage("a list that is too long");
  Question question;
  std::shared_ptr<const ConnectionFilter> no_other;
  RETURN_IF_ERROR(ReadFilter(in.filter(), &no_other, &question.filter));
  question.id = in.id();
  question.operation = static_cast<Operation>(in.operation());
  question.hub = std::move(*in.mutable_hub());
  question.target = static_cast<Target>(in.target());
  question.target_name = std::move(*in.mutable_target_name());
  for (std::string& id : *in.mutable_excluded_connections()) {
    question.excluded_connections.push_back(std::move(id));
  }
  for (std::string& group : *in.mutable_groups()) question.groups.push_back(std::move(group));
  question.reason = std::move(*in.mutable_reason());
  if (in.permission() != peer::v1::PERMISSION_UNSPECIFIED) {
    question.permission = static_cast<Permission>(in.permission());
  }
  question.permission_group = std::move(*in.mutable_permission_group());
  question.limit = in.limit();
  question.after = std::move(*in.mutable_after());
  return question;
}

void QuestionToProto(const Question& question, peer::v1::Question* out) {
  out->set_id(question.id);
  out->set_operation(static_cast<peer::v1::Operation>(question.operation));
  out->set_hub(question.hub);
  out->set_target(static_cast<peer::v1::Target>(question.target));
  out->set_target_name(question.target_name);
  for (const std::string& id : question.excluded_connections) out->add_excluded_connections(id);
  if (question.filter != nullptr) out->set_filter(std::string(question.filter->text()));
  for (const std::string& group : question.groups) out->add_groups(group);
  out->set_reason(question.reason);
  out->set_permission(static_cast<peer::v1::Permission>(question.permission));
  out->set_permission_group(question.permission_group);
  out->set_limit(question.limit);
  out->set_after(question.after);
}

void BatchToProto(const Batch& batch, peer::v1::MessageBatch* out) {
  out->set_first_position(batch.first_position);
  for (const GapNotice& gap : batch.gaps) {
    auto* notice = out->add_gaps();
    notice->set_first_position(gap.first_position);
    notice->set_last_position(gap.last_position);
    notice->set_first_sequence(gap.first_sequence);
    notice->set_last_sequence(gap.last_sequence);
    notice->set_hub(gap.hub);
    notice->set_cause(static_cast<peer::v1::GapCause>(gap.cause));
  }
  for (const MessagePtr& message : batch.messages) MessageToProto(*message, out->add_messages());
}

void InterestToProto(const Interest& interest, peer::v1::Interest* out) {
  out->set_after(interest.after);
  out->set_number(interest.number);
  out->set_snapshot(interest.snapshot);
  out->set_part(interest.part);
  out->set_last_part(interest.last_part);
  for (const InterestChange& change : interest.changes) {
    auto* entry = out->add_changes();
    entry->set_hub(change.hub);
    entry->set_kind(static_cast<peer::v1::Target>(change.kind));
    entry->set_name(change.name);
    entry->set_present(change.present);
  }
}

Answer AnswerFromProto(peer::v1::Answer& in) {
  Answer answer;
  answer.id = in.id();
  answer.matched = in.matched();
  answer.granted = in.granted();
  answer.refused = in.refused();
  for (peer::v1::Member& member : *in.mutable_members()) {
    answer.members.push_back(
        {std::move(*member.mutable_connection_id()), std::move(*member.mutable_user_id())});
  }
  return answer;
}

void AnswerToProto(const Answer& answer, peer::v1::Answer* out) {
  out->set_id(answer.id);
  out->set_matched(answer.matched);
  out->set_granted(answer.granted);
  out->set_refused(answer.refused);
  for (const Member& member : answer.members) {
    auto* entry = out->add_members();
    entry->set_connection_id(member.connection_id);
    entry->set_user_id(member.user_id);
  }
}

}  // namespace

void ToProto(const Hello& hello, peer::v1::SyncRequest* out) {
  auto* proto = out->mutable_hello();
  proto->set_resource(hello.resource);
  proto->set_origin(hello.origin);
  proto->set_epoch(hello.epoch);
  proto->set_interest_epoch(hello.interest_epoch);
  proto->set_interest_number(hello.interest_number);
}

void ToProto(const PeerRequest& request, peer::v1::SyncRequest* out) {
  if (request.interest_ack) {
    out->mutable_interest_ack()->set_number(request.interest_ack->number);
    out->mutable_interest_ack()->set_resync(request.interest_ack->resync);
  }
  if (!request.batch.empty()) BatchToProto(request.batch, out->mutable_batch());
  for (const Question& question : request.questions) QuestionToProto(question, out->add_questions());
}

void ToProto(const Welcome& welcome, peer::v1::SyncResponse* out) {
  auto* proto = out->mutable_welcome();
  proto->set_instance(welcome.instance);
  proto->set_epoch(welcome.epoch);
  proto->set_last_position(welcome.last_position);
  proto->set_credit_bytes(welcome.credit_bytes);
}

void ToProto(const PeerResponse& response, peer::v1::SyncResponse* out) {
  if (response.ack) {
    out->mutable_ack()->set_position(response.ack->position);
    out->mutable_ack()->set_credit_bytes(response.ack->credit_bytes);
    out->mutable_ack()->set_rewind(response.ack->rewind);
  }
  if (response.interest) InterestToProto(*response.interest, out->mutable_interest());
  if (response.digest) {
    out->mutable_digest()->set_number(response.digest->number);
    out->mutable_digest()->set_entries(response.digest->entries);
    out->mutable_digest()->set_digest(response.digest->digest);
  }
  for (const Answer& answer : response.answers) AnswerToProto(answer, out->add_answers());
}

absl::StatusOr<PeerRequestOrHello> FromProto(peer::v1::SyncRequest& in) {
  if (in.has_hello()) {
    auto& hello = *in.mutable_hello();
    return Hello{hello.resource(), hello.origin(), hello.epoch(), hello.interest_epoch(),
                 hello.interest_number()};
  }
  PeerRequest request;
  if (in.has_interest_ack()) {
    request.interest_ack = InterestAck{in.interest_ack().number(), in.interest_ack().resync()};
  }
  if (in.has_batch()) {
    ASSIGN_OR_RETURN(request.batch, BatchFromProto(*in.mutable_batch()));
    if (request.batch.empty()) return errors::BadPeerMessage("an empty batch");
  }
  for (peer::v1::Question& question : *in.mutable_questions()) {
    ASSIGN_OR_RETURN(Question value, QuestionFromProto(question));
    request.questions.push_back(std::move(value));
  }
  if (request.empty()) return errors::BadPeerMessage("an empty request");
  return request;
}

absl::StatusOr<PeerResponseOrWelcome> FromProto(peer::v1::SyncResponse& in) {
  if (in.has_welcome()) {
    return Welcome{in.welcome().instance(), in.welcome().epoch(), in.welcome().last_position(),
                   in.welcome().credit_bytes()};
  }
  PeerResponse response;
  if (in.has_ack())
    response.ack = MessageAck{in.ack().position(), in.ack().credit_bytes(), in.ack().rewind()};
  if (in.has_interest()) {
    ASSIGN_OR_RETURN(response.interest, InterestFromProto(*in.mutable_interest()));
  }
  if (in.has_digest()) {
    response.digest = InterestDigest{in.digest().number(), in.digest().entries(), in.digest().digest()};
  }
  for (peer::v1::Answer& answer : *in.mutable_answers()) response.answers.push_back(AnswerFromProto(answer));
  if (response.empty()) return errors::BadPeerMessage("an empty response");
  return response;
}

absl::Status ReadFilter(absl::string_view text, std::shared_ptr<const ConnectionFilter>* last,
                        std::shared_ptr<const ConnectionFilter>* out) {
  if (text.empty()) return absl::OkStatus();
  auto filter = ParseFilter(text, *last);
  if (!filter.ok()) return errors::BadPeerMessage(filter.status().message());
  *out = *last = *std::move(filter);
  return absl::OkStatus();
}

}  // namespace nonet::replica
