// The sync engine without clients: messages accepted by one hub core, carried over a peer stream, delivered
// by another's, in two processes. With --raw a stream of gRPC's library carries batches of 64 messages that
// nobody looks at: what gRPC and the generated code allow.
//
//   sync_engine --listen=127.0.0.1:7000 [--raw]                                    the receiving process
//   sync_engine --to=127.0.0.1:7000 --size=128 --seconds=1.5 [--raw]               the sending process
//
// The sending process prints one line of JSON: messages a second that the other end acknowledged, after the
// first fifth of the time.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "bench/sync/arguments.h"
#include "bench/sync/peer_end.h"
#include "nonet/peer/v1/peer.pb.h"
#include "replica/codec/peer_wire.h"
#include "replica/core/replica_core.h"

namespace nonet::bench {
namespace {

using namespace nonet::replica;  // NOLINT: this whole program is about it.

constexpr char kMethod[] = "/nonet.peer.v1.PeerSync/Sync";
constexpr char kOriginName[] = "resources/bench";
constexpr char kSinkName[] = "resources/bench/replicas/sink";
constexpr char kOriginTag[] = "0000000a", kSinkTag[] = "0000000b";
constexpr size_t kPublishedAtOnce = 512;
constexpr size_t kWaitingMax = 8192;  // Of the origin's log, so that nothing is dropped.
constexpr int kRawBatch = 64;
constexpr uint64_t kRawWindow = 200'000;
constexpr uint64_t kRawAckEvery = 1024;

int64_t NowNs() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

Now Both() { return {NowNs(), std::chrono::system_clock::now().time_since_epoch().count()}; }

grpc::ByteBuffer BufferOf(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* p) { delete static_cast<std::string*>(p); }, owned);
  return grpc::ByteBuffer(&slice, 1);
}

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::string flat;
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return flat;
  flat.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    flat.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return flat;
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "sync_engine: %s\n", why.c_str());
  std::_Exit(2);
}

class EngineSink final : public End {
 public:
  EngineSink() : core_(Identity{kOriginName, kSinkName, "00000000000000bb", kSinkTag}) {
    (void)core_.SetPeers({{kOriginName, kOriginTag}}, Both(), &effects_);
    ConnectionSpec spec;
    spec.key = 1;
    spec.hub = "bench";
    spec.id = std::string("c.") + kSinkTag;
    spec.groups = {"g"};
    core_.Open(std::move(spec), Both(), &effects_);
  }
  void Take(std::string bytes) override {
    auto request = DecodeRequest(std::move(bytes));
    if (!request.ok()) Die(std::string(request.status().message()));
    if (const auto* hello = std::get_if<Hello>(&request->value)) {
      const auto welcome = core_.sync().OnHello(*hello, Both());
      if (!welcome.ok()) Die(std::string(welcome.status().message()));
      welcome_ = EncodeResponse(*welcome, 0);
      return;
    }
    effects_.Clear();
    const absl::Status status =
        core_.OnRequest(kOriginName, std::move(std::get<PeerRequest>(request->value)), Both(), &effects_);
    if (!status.ok()) Die(std::string(status.message()));
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

class EngineOrigin final : public End {
 public:
  explicit EngineOrigin(size_t size)
      : core_(Identity{kOriginName, kOriginName, "00000000000000aa", kOriginTag}), data_(size, 'x') {
    (void)core_.SetPeers({{kSinkName, kSinkTag}}, Both(), &effects_);
    hello_ = EncodeRequest(core_.sync().MakeHello(kSinkName), 0);
  }
  void Take(std::string bytes) override {
    auto response = DecodeResponse(bytes);
    if (!response.ok()) Die(std::string(response.status().message()));
    absl::Status status;
    effects_.Clear();
    if (const auto* welcome = std::get_if<Welcome>(&response->value)) {
      status = core_.sync().OnWelcome(kSinkName, *welcome, Both());
    } else {
      auto& told = std::get<PeerResponse>(response->value);
      wanted_ |= told.interest.has_value();
      status = core_.OnResponse(kSinkName, std::move(told), Both(), &effects_);
    }
    if (!status.ok()) Die(std::string(status.message()));
  }
  std::string Next() override {
    if (!hello_.empty()) return std::exchange(hello_, {});
    const Now now = Both();
    while (wanted_ && core_.sync().waiting_messages(kSinkName) < kWaitingMax) {
      effects_.Clear();
      for (size_t i = 0; i < kPublishedAtOnce; ++i) {
        Message message;
        message.hub = "bench";
        message.target = Target::kGroup;
        message.target_name = "g";
        message.data = data_;
        if (!core_.Publish(std::move(message), now, &effects_).ok()) Die("a message was refused");
      }
    }
    if (!core_.sync().NextRequest(kSinkName, now, &request_)) return {};
    return EncodeRequest(request_, 0);
  }
  uint64_t delivered() const { return core_.MakeAudit(Both()).to[0].delivered; }

 private:
  ReplicaCore core_;
  const std::string data_;
  Effects effects_;
  PeerRequest request_;
  std::string hello_;
  bool wanted_ = false;
};

class RawSink final : public End {
 public:
  void Take(std::string bytes) override {
    if (!batch_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) Die("no batch");
    last_ = batch_.messages(batch_.messages_size() - 1).sequence();
  }
  std::string Next() override {
    if (last_ < told_ + kRawAckEvery) return {};
    told_ = last_;
    peer::v1::SyncResponse response;
    response.mutable_ack()->set_position(told_);
    return response.SerializeAsString();
  }

 private:
  peer::v1::MessageBatch batch_;
  uint64_t last_ = 0, told_ = 0;
};

class RawOrigin final : public End {
 public:
  explicit RawOrigin(size_t size) {
    for (int i = 0; i < kRawBatch; ++i) {
      peer::v1::Message* message = batch_.add_messages();
      message->set_hub("bench");
      message->set_data(std::string(size, 'x'));
    }
  }
  void Take(std::string bytes) override {
    peer::v1::SyncResponse response;
    if (!response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) Die("no acknowledgement");
    acknowledged_ = response.ack().position();
  }
  std::string Next() override {
    if (sequence_ - acknowledged_ > kRawWindow) return {};
    for (auto& message : *batch_.mutable_messages()) {
      message.set_sequence(++sequence_);
      message.set_accepted_time_ns(static_cast<int64_t>(sequence_ * 1000));
    }
    return batch_.SerializeAsString();
  }
  uint64_t delivered() const { return acknowledged_; }

 private:
  peer::v1::MessageBatch batch_;
  uint64_t sequence_ = 0, acknowledged_ = 0;
};

// ---- The ceiling: reads and writes, one of each at a time, on gRPC's threads ----

template <class Base>
class Stream : public Base {
 public:
  explicit Stream(End& end) : end_(end) {}
  void Begin() {
    this->StartRead(&in_);
    const std::lock_guard lock(mutex_);
    Pump();
  }
  template <class Ask>
  auto Locked(Ask ask) {
    const std::lock_guard lock(mutex_);
    return ask();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return Ended();
    const std::lock_guard lock(mutex_);
    end_.Take(Flatten(in_));
    this->StartRead(&in_);
    Pump();
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) Pump();
  }
  void Pump() {
    if (writing_) return;
    std::string bytes = end_.Next();
    if (bytes.empty()) return;
    writing_ = true;
    out_ = BufferOf(std::move(bytes));
    this->StartWrite(&out_);
  }
  virtual void Ended() {}

  std::mutex mutex_;
  End& end_;
  grpc::ByteBuffer in_, out_;
  bool writing_ = false;
};

class SinkStream final : public Stream<grpc::ServerGenericBidiReactor> {
 public:
  explicit SinkStream(std::unique_ptr<End> end) : Stream(*end), owned_(std::move(end)) { Begin(); }

 private:
  void Ended() override { Finish(grpc::Status::OK); }
  void OnDone() override { delete this; }
  const std::unique_ptr<End> owned_;
};

class SinkService final : public grpc::CallbackGenericService {
 private:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new SinkStream(std::make_unique<RawSink>());
  }
};

using OriginStream = Stream<grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>>;

void Ready() {
  std::printf("ready\n");
  std::fflush(stdout);
}

void ServeRaw(const std::string& address) {
  SinkService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(16 << 20);
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) Die("cannot listen on " + address);
  Ready();
  server->Wait();
}

// Prints what `delivered` says of the last four fifths of the time, and ends the program.
template <class Delivered>
[[noreturn]] void Measure(double seconds, Delivered delivered) {
  const auto at = [&] { return std::make_pair(NowNs(), delivered()); };
  const auto wait = [](double s) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable().wait_for(lock, std::chrono::duration<double>(s), [] { return false; });
  };
  wait(seconds / 5);
  const auto [from, before] = at();
  wait(seconds * 4 / 5);
  const auto [to, after] = at();
  std::printf("{\"rate\":%.0f,\"messages\":%llu}\n",
              static_cast<double>(after - before) * 1e9 / static_cast<double>(to - from),
              static_cast<unsigned long long>(after));
  std::fflush(stdout);
  std::_Exit(after > before ? 0 : 1);
}

void SendRaw(const std::string& address, size_t size, double seconds) {
  RawOrigin end(size);
  grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  OriginStream stream(end);
  stub.PrepareBidiStreamingCall(&context, kMethod, grpc::StubOptions(), &stream);
  stream.AddHold();
  stream.StartCall();
  stream.Begin();
  Measure(seconds, [&] { return stream.Locked([&] { return end.delivered(); }); });
}

// ---- The engine: on a loop, as an instance has it ----

void Serve(const std::string& address) {
  EventLoop loop(RealClock());
  struct Running {
    explicit Running(EventLoop& l) : peer(l, end) {}
    EngineSink end;
    PeerEnd peer;
  };
  const auto listener = ListenForPeers(loop, address, [&loop](AcceptStream* stream) {
    auto running = std::make_shared<Running>(loop);
    stream->SetEvents(running->peer.Events([running](const absl::Status&) {}));
    running->peer.Use(stream);
  });
  Ready();
  loop.Run();
}

void Send(const std::string& address, size_t size, double seconds) {
  EventLoop loop(RealClock());
  EngineOrigin end(size);
  PeerEnd peer(loop, end);
  loop.Post([&] {
    peer.Use(new DialStream(*PeerTransport::Make(loop, nullptr), {address, "", ""},
                            peer.Events([](const absl::Status& why) { Die(std::string(why.message())); })));
  });
  std::thread thread([&] { loop.Run(); });
  Measure(seconds, [&] {
    std::promise<uint64_t> delivered;
    loop.Post([&] { delivered.set_value(end.delivered()); });
    return delivered.get_future().get();
  });
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
