#include "controlplane/server/watch_hub.h"

#include <utility>

#include "common/process/log.h"
#include "controlplane/core/errors.h"

namespace nonet::controlplane {

using watch::v1::WatchRequest;

WatchHub::WatchHub(Engine& engine, Metrics& metrics)
    : engine_(engine),
      cut_offs_(metrics.AddCounter("nonet_controlplane_subscribers_cut_off_total",
                                   "Streams ended because their subscriber did not read.")) {}

WatchHub::Stream* WatchHub::Find(const std::shared_ptr<WatchSession>& session) {
  const auto it = by_session_.find(session.get());
  if (it == by_session_.end()) return nullptr;
  const auto stream = streams_.find(it->second);
  // A stream that was replaced has nothing to say any more.
  return stream != streams_.end() && stream->second.session == session ? &stream->second : nullptr;
}

void WatchHub::Receive(Engine::Turn& turn, const std::shared_ptr<WatchSession>& session,
                       const WatchRequest& request) {
  Stream* stream = Find(session);
  if (request.has_open()) {
    if (by_session_.contains(session.get())) {
      session->End(errors::InvalidSubscriber(request.open().subscriber(), "open comes exactly once"));
    } else {
      Open(turn, session, request.open());
    }
  } else if (stream == nullptr) {
    if (!by_session_.contains(session.get())) {
      session->End(errors::InvalidSubscriber("", "open must be the first message"));
    }
  } else if (request.has_ack()) {
    turn.plane.Acknowledge(stream->scope.subscriber, request.ack(), turn.now, turn.effects);
  } else if (request.has_facts()) {
    turn.plane.Report(stream->scope.subscriber, request.facts(), turn.now, turn.effects);
  }
  session->ReadNext();
}

void WatchHub::Open(Engine::Turn& turn, const std::shared_ptr<WatchSession>& session,
                    const watch::v1::Open& open) {
  const absl::Status status = turn.plane.Open(open, turn.effects);
  if (!status.ok()) {
    log::Warning("subscriber refused", {{"subscriber", open.subscriber()}, {"error", status.message()}});
    session->End(status);
    return;
  }
  const std::string key = CanonicalName(open.subscriber());
  Stream& stream = streams_[key];
  if (stream.session) stream.session->End(errors::SecondStream(open.subscriber()));
  stream = {session, {open.role(), open.subscriber()}};
  by_session_[session.get()] = key;
  log::Info("subscriber connected", {{"subscriber", open.subscriber()},
                                     {"epoch", open.epoch()},
                                     {"resume_revision", open.resume_revision()}});
  // What this turn changes is not durable yet, so the stream starts after it, with what there is then: the
  // next turn's changes are published next.
  turn.Then([this, session, scope = stream.scope, resume = open.resume_revision(),
             history = open.history()](const absl::Status& committed) {
    Stream* ready = Find(session);
    if (!committed.ok() || ready == nullptr) return;
    ready->started = true;
    Send(*ready, engine_.plane().InitialFeed(scope, resume, history));
  });
}

void WatchHub::Closed(Engine::Turn& turn, const std::shared_ptr<WatchSession>& session) {
  if (Stream* stream = Find(session)) {
    log::Info("subscriber lost", {{"subscriber", stream->scope.subscriber}});
    turn.plane.Close(stream->scope.subscriber, turn.now);
    streams_.erase(CanonicalName(stream->scope.subscriber));
  }
  by_session_.erase(session.get());
}

void WatchHub::Publish(const std::vector<LogEntry>& log) {
  std::vector<const LogEntry*> entries;
  for (const LogEntry& entry : log) entries.push_back(&entry);
  for (auto& [key, stream] : streams_) {
    if (stream.started) Send(stream, ChangesFeed(entries, stream.scope, log.back().revision));
  }
}

void WatchHub::Send(Stream& stream, std::vector<FeedPart> parts) {
  for (FeedPart& part : parts) {
    if (stream.session->Send(std::move(part))) continue;
    CutOff(stream);
    return;
  }
}

void WatchHub::CutOff(Stream& stream) {
  log::Warning("subscriber cut off: it does not read", {{"subscriber", stream.scope.subscriber}});
  cut_offs_.Increment();
  stream.started = false;  // Nothing more for it; Closed follows.
  stream.session->End(errors::SubscriberTooSlow(stream.scope.subscriber, kSubscriberQueueBytesMax));
  // The status waits behind what is in the pipe already; a peer that never reads never gets it.
  engine_.loop().RunAfter(kCutOffGraceNs, [session = stream.session] { session->Cancel(); });
}

void WatchHub::Stop() {
  for (auto& [key, stream] : streams_) stream.session->End(errors::Stopping());
}

}  // namespace nonet::controlplane
