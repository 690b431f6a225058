// How long one message alone takes between two engines in two processes: from when a hub core accepts it
// until another has handed it to its connection. With --raw a stream of gRPC's library carries as many bytes,
// and nobody looks at them. One message each 12 ms, when all about the last is done.
//
//   sync_lone --listen=127.0.0.1:7000 [--raw]                                the receiving process
//   sync_lone --to=127.0.0.1:7000 --size=128 --seconds=1.5 [--raw]           the sending process
//
// A message carries the time of sending; both processes read the same machine's clock. The sending process
// prints one line of JSON: how long messages took, one way.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/sync/arguments.h"
#include "bench/sync/peer_end.h"
#include "replica/codec/peer_wire.h"
#include "replica/core/replica_core.h"

namespace nonet::bench {
namespace {

using namespace nonet::replica;  // NOLINT: this whole program is about it.

constexpr char kRawMethod[] = "/nonet.bench.Lone/Raw";
constexpr char kOriginName[] = "resources/bench", kSinkName[] = "resources/bench/replicas/sink";
constexpr char kOriginTag[] = "0000000a", kSinkTag[] = "0000000b";
constexpr char kSummary[] = "summary";
// Longer than an ack may wait, so that either way everybody sleeps before a message.
constexpr std::chrono::nanoseconds kEvery{12'000'000};
// The ack of a lone message waits for company; the receiving end looks so often whether it has to go.
constexpr std::chrono::nanoseconds kAckLook{5'000'000};
// What was asked for too early is asked again.
constexpr std::chrono::nanoseconds kRetry{1'000'000};
constexpr std::chrono::nanoseconds kPatience{5'000'000'000};

int64_t NowNs() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

Now Both() { return {NowNs(), std::chrono::system_clock::now().time_since_epoch().count()}; }

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "sync_lone: %s\n", why.c_str());
  std::_Exit(2);
}

void Require(const absl::Status& status) {
  if (!status.ok()) Die(std::string(status.message()));
}

// ---- What one end does with what came, and what it says ----

// A message's first bytes are when it was sent.
std::string Stamped(size_t size) {
  std::string data(std::max(size, sizeof(int64_t)), 'x');
  const int64_t now = NowNs();
  std::memcpy(data.data(), &now, sizeof(now));
  return data;
}

class Sink : public End {
 public:
  std::vector<int64_t>& took_ns() { return took_ns_; }

 protected:
  void Arrived(const char* data) {
    int64_t sent = 0;
    std::memcpy(&sent, data, sizeof(sent));
    took_ns_.push_back(NowNs() - sent);
  }

 private:
  std::vector<int64_t> took_ns_;
};

class EngineSink final : public Sink {
 public:
  EngineSink() : core_(Identity{kOriginName, kSinkName, "00000000000000bb", kSinkTag}) {
    Require(core_.SetPeers({{kOriginName, kOriginTag}}, Both(), &effects_));
    ConnectionSpec spec;
    spec.key = 1;
    spec.hub = "bench";
    spec.id = std::string("c.") + kSinkTag;
    spec.groups = {"g"};
    core_.Open(std::move(spec), Both(), &effects_);
  }
  void Take(std::string bytes) override {
    auto request = DecodeRequest(std::move(bytes));
    Require(request.status());
    if (const auto* hello = std::get_if<Hello>(&request->value)) {
      const auto welcome = core_.sync().OnHello(*hello, Both());
      Require(welcome.status());
      welcome_ = EncodeResponse(*welcome, 0);
      return;
    }
    effects_.Clear();
    Require(
        core_.OnRequest(kOriginName, std::move(std::get<PeerRequest>(request->value)), Both(), &effects_));
    for (const auto& effect : effects_.list) {
      if (const auto* deliver = std::get_if<Deliver>(&effect))
        Arrived(absl::string_view(deliver->message->data).data());
    }
  }
  std::string Next() override {
    if (!welcome_.empty()) return std::exchange(welcome_, {});
    if (!core_.sync().NextResponse(kOriginName, Both(), &response_)) return {};
    return EncodeResponse(response_, 0);
  }

 private:
  ReplicaCore core_;
  Effects effects_;
  PeerResponse response_;
  std::string welcome_;
};

class RawSink final : public Sink {
 public:
  void Take(std::string bytes) override {
    Arrived(bytes.data());
    echo_ = std::move(bytes);
  }
  std::string Next() override { return std::exchange(echo_, {}); }

 private:
  std::string echo_;
};

class Origin : public End {
 public:
  virtual bool Ready() const = 0;
  virtual void Send() = 0;
  virtual bool Known() const = 0;  // The other end said that it has all that was sent.
};

class EngineOrigin final : public Origin {
 public:
  explicit EngineOrigin(size_t size)
      : core_(Identity{kOriginName, kOriginName, "00000000000000aa", kOriginTag}), size_(size) {
    Require(core_.SetPeers({{kSinkName, kSinkTag}}, Both(), &effects_));
    hello_ = EncodeRequest(core_.sync().MakeHello(kSinkName), 0);
  }
  void Take(std::string bytes) override {
    auto response = DecodeResponse(std::move(bytes));
    Require(response.status());
    effects_.Clear();
    if (const auto* welcome = std::get_if<Welcome>(&response->value)) {
      return Require(core_.sync().OnWelcome(kSinkName, *welcome, Both()));
    }
    auto& told = std::get<PeerResponse>(response->value);
    wanted_ |= told.interest.has_value();
    Require(core_.OnResponse(kSinkName, std::move(told), Both(), &effects_));
  }
  std::string Next() override {
    if (!hello_.empty()) return std::exchange(hello_, {});
    if (!core_.sync().NextRequest(kSinkName, Both(), &request_)) return {};
    return EncodeRequest(request_, 0);
  }
  bool Ready() const override { return wanted_; }
  void Send() override {
    Message message;
    message.hub = "bench";
    message.target = Target::kGroup;
    message.target_name = "g";
    message.data_type = DataType::kBinary;
    message.data = Stamped(size_);
    effects_.Clear();
    Require(core_.Publish(std::move(message), Both(), &effects_).status());
  }
  bool Known() const override { return core_.sync().Settled(kSinkName); }

 private:
  ReplicaCore core_;
  const size_t size_;
  Effects effects_;
  PeerRequest request_;
  std::string hello_;
  bool wanted_ = false;
};

class RawOrigin final : public Origin {
 public:
  explicit RawOrigin(size_t size) : size_(size) {}
  void Take(std::string) override { known_ = true; }
  std::string Next() override { return std::exchange(out_, {}); }
  bool Ready() const override { return true; }
  void Send() override {
    known_ = false;
    out_ = Stamped(size_);
  }
  bool Known() const override { return known_; }

 private:
  const size_t size_;
  std::string out_;
  bool known_ = true;
};

// Of all that was measured, one line of JSON.
std::string Summary(std::vector<int64_t> took_ns) {
  if (took_ns.empty()) return {};
  std::sort(took_ns.begin(), took_ns.end());
  const auto us = [&](double q) {
    return static_cast<double>(took_ns[static_cast<size_t>(q * static_cast<double>(took_ns.size() - 1))]) /
           1000;
  };
  char text[100];
  std::snprintf(text, sizeof(text), "{\"p50_us\":%.3f,\"p99_us\":%.3f,\"messages\":%zu}", us(0.5), us(0.99),
                took_ns.size());
  return text;
}

[[noreturn]] void Print(absl::string_view summary) {
  if (summary.empty()) Die("the other end measured nothing");
  std::printf("%s\n", std::string(summary).c_str());
  std::fflush(stdout);
  std::_Exit(0);
}

void SayReady() {
  std::printf("ready\n");
  std::fflush(stdout);
}

// ---- The ceiling: reads and writes, one of each at a time, on gRPC's threads ----

template <class Base>
class Stream : public Base {
 public:
  explicit Stream(End& end) : end_(end) {}
  void Begin() {
    this->StartRead(&in_);
    Do([] {});
  }
  template <class Step>
  void Do(Step step) {
    const std::lock_guard lock(mutex_);
    step();
    Pump();
  }
  template <class Condition>
  bool Await(Condition condition, std::chrono::nanoseconds wait) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, wait, condition);
  }

 protected:
  virtual void Ended() {}
  // Under the mutex.
  void Pump() {
    if (writing_ || closed_) return;
    const std::string bytes = end_.Next();
    if (bytes.empty()) return;
    writing_ = true;
    const grpc::Slice slice(bytes);
    out_ = grpc::ByteBuffer(&slice, 1);
    this->StartWrite(&out_);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool writing_ = false;
  bool closed_ = false;  // Nothing is written any more.

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return Ended();
    std::vector<grpc::Slice> slices;
    if (!in_.Dump(&slices).ok()) Die("no bytes");
    std::string bytes;
    for (const grpc::Slice& slice : slices)
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    const std::lock_guard lock(mutex_);
    end_.Take(std::move(bytes));
    this->StartRead(&in_);
    Pump();
    changed_.notify_all();
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) Pump();
    changed_.notify_all();
  }

  End& end_;
  grpc::ByteBuffer in_, out_;
};

class SinkStream final : public Stream<grpc::ServerGenericBidiReactor> {
 public:
  explicit SinkStream(grpc::GenericCallbackServerContext* context) : Stream(sink_), context_(context) {
    Begin();
  }

 private:
  void Ended() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    context_->AddTrailingMetadata(kSummary, Summary(sink_.took_ns()));
    Finish(grpc::Status::OK);
  }
  void OnDone() override { delete this; }
  RawSink sink_;
  grpc::GenericCallbackServerContext* const context_;
};

class SinkService final : public grpc::CallbackGenericService {
 private:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new SinkStream(context);
  }
};

class OriginStream final : public Stream<grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>> {
 public:
  using Stream::Stream;
  // After everything was written: the other end answers with what it measured.
  void Close() {
    {
      std::unique_lock lock(mutex_);
      closed_ = true;
      if (!changed_.wait_for(lock, kPatience, [this] { return !writing_; })) Die("a write does not end");
      StartWritesDone();
    }
    RemoveHold();
    if (!Await([this] { return done_; }, kPatience)) Die("the stream does not end");
  }

 private:
  void OnDone(const grpc::Status& status) override {
    if (!status.ok()) Die(status.error_message());
    const std::lock_guard lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }
  bool done_ = false;
};

void ServeRaw(const std::string& address) {
  SinkService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) Die("cannot listen on " + address);
  SayReady();
  server->Wait();
}

[[noreturn]] void SendRaw(const std::string& address, size_t size, double seconds) {
  RawOrigin origin(size);
  grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  OriginStream stream(origin);
  stub.PrepareBidiStreamingCall(&context, kRawMethod, grpc::StubOptions(), &stream);
  stream.AddHold();
  stream.StartCall();
  stream.Begin();
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    const auto next = std::chrono::steady_clock::now() + kEvery;
    stream.Do([&] { origin.Send(); });
    if (!stream.Await([&] { return origin.Known(); }, kPatience)) Die("a message did not arrive");
    stream.Await([] { return false; }, next - std::chrono::steady_clock::now());
  }
  stream.Close();
  const auto& told = context.GetServerTrailingMetadata();
  const auto it = told.find(kSummary);
  Print(it == told.end() ? "" : absl::string_view(it->second.data(), it->second.size()));
}

// ---- The engine: on a loop, as an instance has it. An empty message asks the sink for what it measured.
// ----

void Serve(const std::string& address) {
  EventLoop loop(RealClock());
  struct Running : std::enable_shared_from_this<Running> {
    struct Asked final : End {
      explicit Asked(Running& r) : running(r) {}
      void Take(std::string bytes) override {
        if (!bytes.empty()) return running.sink.Take(std::move(bytes));
        running.stream->Close(absl::OutOfRangeError(Summary(running.sink.took_ns())));
      }
      std::string Next() override { return running.sink.Next(); }
      Running& running;
    };
    Running(EventLoop& l, AcceptStream* s) : loop(l), stream(s) {}
    // An acknowledgement that waits for company goes when it has waited long enough.
    void Look() {
      loop.RunAfter(kAckLook.count(), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
          self->peer.PumpLater();
          self->Look();
        }
      });
    }
    EventLoop& loop;
    AcceptStream* stream;
    EngineSink sink;
    Asked end{*this};
    PeerEnd peer{loop, end};
  };
  const auto listener = ListenForPeers(loop, address, [&loop](AcceptStream* stream) {
    const auto running = std::make_shared<Running>(loop, stream);
    stream->SetEvents(running->peer.Events([running](const absl::Status&) {}));
    running->peer.Use(stream);
    running->Look();
  });
  SayReady();
  loop.Run();
}

class Sender {
 public:
  Sender(EventLoop& loop, const std::string& address, size_t size, double seconds)
      : loop_(loop),
        origin_(size),
        peer_(loop, origin_),
        end_ns_(NowNs() + static_cast<int64_t>(seconds * 1e9)) {
    stream_ = new DialStream(*PeerTransport::Make(loop, nullptr), {address, "", ""},
                             peer_.Events([](const absl::Status& why) {
                               if (!absl::IsOutOfRange(why)) Die(std::string(why.message()));
                               Print(why.message());
                             }));
    peer_.Use(stream_);
    Tick();
  }

 private:
  void Tick() {
    const int64_t now = NowNs();
    if (now > end_ns_ + kPatience.count()) Die("the other end does not answer");
    if (!origin_.Ready() || !origin_.Known() || !stream_->CanWrite()) {
      loop_.RunAfter(kRetry.count(), [this] { Tick(); });
      return;
    }
    if (now >= end_ns_) return stream_->Write("");
    loop_.RunAfter(kEvery.count(), [this] { Tick(); });
    origin_.Send();
    peer_.PumpLater();
  }

  EventLoop& loop_;
  EngineOrigin origin_;
  PeerEnd peer_;
  const int64_t end_ns_;
  DialStream* stream_ = nullptr;
};

void Send(const std::string& address, size_t size, double seconds) {
  EventLoop loop(RealClock());
  std::unique_ptr<Sender> sender;
  loop.Post([&] { sender = std::make_unique<Sender>(loop, address, size, seconds); });
  loop.Run();
}

}  // namespace
}  // namespace nonet::bench

int main(int argc, char** argv) {
  const auto [listen, to, size, seconds, raw, bad] = nonet::bench::ParseArguments(argc, argv);
  if (!bad.empty()) nonet::bench::Die("bad argument " + bad);
  if (!listen.empty()) {
    raw ? nonet::bench::ServeRaw(listen) : nonet::bench::Serve(listen);
  } else {
    raw ? nonet::bench::SendRaw(to, size, seconds) : nonet::bench::Send(to, size, seconds);
  }
}
