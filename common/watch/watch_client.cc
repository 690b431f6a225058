#include "common/watch/watch_client.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/check.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "common/rpc/channel.h"
#include "common/watch/state_saver.h"
#include "common/watch/watch_state.h"
#include "common/watch/watch_stream.h"

namespace nonet {
namespace {

using watch::v1::Facts;
using watch::v1::WatchRequest;
using watch::v1::WatchResponse;

constexpr int64_t kBackoffMinNs = 50 * kNanosPerMilli;
constexpr int64_t kBackoffMaxNs = 2 * kNanosPerSecond;

}  // namespace

struct WatchClient::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& l, Options o, Validate v, Apply a)
      : loop(l), options(std::move(o)), state(std::move(v)), apply(std::move(a)) {}

  void Start() {
    LoadFile();
    if (!options.state_file.empty()) {
      // Only what has been applied reaches the disk: an object that kills its process is not there at the
      // next start.
      saver.emplace(loop, options.state_file, [this]() -> std::optional<std::string> {
        if (state.unapplied() != 0) return std::nullopt;
        return state.Encode();
      });
    }
    channel = rpc::MakeChannel(options.target);
    Connect();
  }

  // Ends everything; `this` may live on in a callback that the owner keeps.
  void Close() {
    closed = true;
    saver.reset();
    loop.Cancel(reconnect);
    stream.reset();
  }

  void LoadFile() {
    if (options.state_file.empty()) return;
    const absl::StatusOr<std::string> file = ReadFile(options.state_file);
    if (absl::IsNotFound(file.status())) return;
    Delta delta;
    const absl::Status status = file.ok() ? state.Restore(*file, delta) : file.status();
    if (!status.ok()) {
      log::Warning("starting without the last good configuration",
                   {{"file", options.state_file}, {"error", status.message()}});
      return;
    }
    log::Info("configuration read from disk",
              {{"revision", delta.revision}, {"objects", state.objects().size()}});
    Give(std::move(delta));
  }

  void Give(Delta delta) {
    const bool save = !delta.from_disk;
    const uint64_t ticket = state.BeginApply(delta.revision);
    apply(state.objects(), delta, [weak = weak_from_this(), ticket, save] {
      if (const auto self = weak.lock(); self && !self->closed) self->Applied(ticket, save);
    });
  }

  void Applied(uint64_t ticket, bool save) {
    NONET_CHECK(loop.InTurn());
    const uint64_t before = state.acknowledged();
    state.EndApply(ticket);
    unsaved |= save;
    if (unsaved && state.unapplied() == 0) SaveSoon();
    if (state.acknowledged() != before) Acknowledge();
    if (read_paused && state.unapplied() < kWatchUnappliedMax && stream) {
      read_paused = false;
      stream->ReadNext();
    }
  }

  // An acknowledgement does not wait for it: a subscriber that comes back with an older file resumes from an
  // older revision and is sent the rest again.
  void SaveSoon() {
    unsaved = false;
    if (saver) saver->Changed();
  }

  void Connect() {
    WatchStream::Callbacks callbacks;
    callbacks.on_message = [this](WatchResponse response) { OnMessage(std::move(response)); };
    callbacks.on_end = [this](absl::Status status) { OnEnd(std::move(status)); };
    stream = WatchStream::Open(loop, channel, std::move(callbacks));
    WatchRequest request;
    request.mutable_open()->set_role(options.role);
    request.mutable_open()->set_subscriber(options.subscriber);
    request.mutable_open()->set_epoch(options.epoch);
    request.mutable_open()->set_resume_revision(state.resume_revision());
    request.mutable_open()->set_history(state.history());
    read_paused = false;
    stream->Write(std::move(request));
    if (facts) WriteFacts();
    // No acknowledgement, until the first response says whose revisions this stream counts in.
  }

  void OnMessage(WatchResponse response) {
    const auto self = shared_from_this();  // The owner may end us while applying.
    const bool first = !std::exchange(connected, true);
    if (first) {
      backoff_ns = kBackoffMinNs;
      log::Info("following the control plane", {{"target", options.target}, {"from", state.revision()}});
    }
    const uint64_t before = state.acknowledged();
    const size_t refusals_before = state.refusals().size();
    const bool progress = response.kind() == WatchResponse::KIND_PROGRESS;
    std::optional<Delta> delta = state.Receive(std::move(response));
    if (state.refusals().size() > refusals_before) LogRefusals();
    if (delta) {
      Give(std::move(*delta));
    } else if (!progress && state.acknowledged() != before && !state.refusals().empty()) {
      SaveSoon();  // Everything in it was refused; remember to ask again after a restart.
    }
    if (closed) return;
    if (state.acknowledged() != before || (first && before != 0)) Acknowledge();
    if (state.unapplied() < kWatchUnappliedMax) {
      stream->ReadNext();
    } else {
      read_paused = true;
    }
  }

  void LogRefusals() {
    for (const auto& [name, refusal] : state.refusals()) {
      log::Warning(
          "configuration refused, keeping the last good one",
          {{"object", name}, {"revision", refusal.revision()}, {"error", refusal.error().message()}});
    }
  }

  void OnEnd(absl::Status status) {
    const int64_t delay = absl::IsAborted(status) ? kBackoffMaxNs : backoff_ns;
    if (std::exchange(connected, false)) {
      log::Warning("the control plane is away, going on with what is known",
                   {{"revision", state.revision()}, {"error", status.message()}});
    } else if (backoff_ns == kBackoffMinNs) {
      log::Info("the control plane does not answer yet",
                {{"target", options.target}, {"error", status.message()}});
    }
    backoff_ns = std::min(backoff_ns * 2, kBackoffMaxNs);
    state.AbandonSnapshot();
    // This runs inside a callback of the stream, so it goes a turn later.
    loop.Post([ended = std::move(stream)] {});
    reconnect = loop.RunAfter(delay, [this] { Connect(); });
  }

  void Acknowledge() {
    if (!stream) return;
    WatchRequest request;
    request.mutable_ack()->set_revision(state.acknowledged());
    for (const auto& [name, refusal] : state.refusals()) *request.mutable_ack()->add_refusals() = refusal;
    stream->Write(std::move(request));
  }

  void WriteFacts() {
    if (!stream) return;
    WatchRequest request;
    *request.mutable_facts() = *facts;
    stream->Write(std::move(request));
  }

  EventLoop& loop;
  const Options options;
  WatchState state;
  const Apply apply;
  std::shared_ptr<grpc::Channel> channel;  // gRPC shares channels only this way.
  std::unique_ptr<WatchStream> stream;     // nullptr between calls.
  std::optional<StateSaver> saver;         // From Start to Close, where there is a file.
  EventLoop::TimerId reconnect = 0;
  int64_t backoff_ns = kBackoffMinNs;
  std::optional<Facts> facts;
  bool read_paused = false;  // Too much is unapplied; the next read waits for Applied.
  bool connected = false;
  bool unsaved = false;  // Something was applied since the saver was last told.
  bool closed = false;
};

WatchClient::WatchClient(EventLoop& loop, Options options, Validate validate, Apply apply)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(validate), std::move(apply))) {}

WatchClient::~WatchClient() { impl_->Close(); }

void WatchClient::Start() { impl_->Start(); }

void WatchClient::SetFacts(watch::v1::Facts facts) {
  impl_->facts = std::move(facts);
  impl_->WriteFacts();
}

const WatchClient::Objects& WatchClient::objects() const { return impl_->state.objects(); }
uint64_t WatchClient::revision() const { return impl_->state.revision(); }
bool WatchClient::connected() const { return impl_->connected; }

}  // namespace nonet
