#include "replica/server/rest_handler.h"

#include <utility>

#include "absl/strings/match.h"

namespace nonet::replica {

void RestHandler::Handle(http::Request request, http::Reply reply) {
  const std::string* id = request.Header("x-ms-client-request-id");
  std::string request_id = id == nullptr ? "" : *id;
  if (absl::StartsWithIgnoreCase(request.path, "/client")) {
    return Finish(request_id, RestError(400, "Error.BadRequest", "This path takes a WebSocket upgrade."),
                  std::move(reply));
  }
  RestDecision decision = DecideRest(request, hooks_.context());
  if (auto* message = std::get_if<Message>(&decision)) {
    Finish(request_id, Publish(std::move(*message)), std::move(reply));
  } else if (auto* asked = std::get_if<RestQuestion>(&decision)) {
    Ask(std::move(*asked), std::move(request_id), std::move(reply));
  } else {
    Finish(request_id, std::move(std::get<http::Response>(decision)), std::move(reply));
  }
}

http::Response RestHandler::Publish(Message message) {
  absl::StatusOr<uint64_t> sequence;
  hooks_.run([&](Effects* effects) { sequence = core_.Publish(std::move(message), hooks_.now(), effects); });
  if (!sequence.ok()) return RestError(sequence.status());
  const Identity& identity = core_.sync().identity();
  return RestAccepted(MessageId{std::string(ShortName(identity.instance)), identity.epoch, *sequence}.Text());
}

void RestHandler::Ask(RestQuestion asked, std::string request_id, http::Reply reply) {
  absl::Status refused;
  hooks_.run([&](Effects* effects) {
    const auto id = core_.Ask(asked.question, hooks_.now(), effects);
    if (id.ok()) {
      // Before its effects are applied: the answer may be among them.
      waiting_.emplace(*id, Waiting{std::move(asked), std::move(request_id), std::move(reply)});
    } else {
      refused = id.status();
    }
  });
  if (!refused.ok()) Finish(request_id, RestError(refused), std::move(reply));
}

void RestHandler::Done(const Gathered& result) {
  const auto it = waiting_.find(result.id);
  if (it == waiting_.end()) return;
  Waiting waiting = std::move(it->second);
  waiting_.erase(it);
  metrics_.Asked(result.complete());
  Finish(waiting.request_id, AnswerQuestion(waiting.asked, result), std::move(waiting.reply));
}

void RestHandler::Finish(const std::string& request_id, http::Response response, http::Reply reply) {
  if (response.status >= 400) metrics_.Refused("rest", response.status);
  AddCommonHeaders(request_id, &response);
  reply(std::move(response));
}

}  // namespace nonet::replica
