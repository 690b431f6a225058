// How long one message alone takes between two engines in two processes: from when a hub core accepts it
// until another has handed it to its connection. With --raw a gRPC stream carries as many bytes, and nobody
// looks at them. One message each 12 ms, when all about the last is done.
//
//   sync_lone --listen=127.0.0.1:7000                                        the receiving process, for both
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
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "bench/sync/arguments.h"
#include "replica/codec/peer_wire.h"
#include "replica/core/replica_core.h"

namespace nonet::bench {
namespace {

using namespace nonet::replica;  // NOLINT: this whole program is about it.

constexpr char kEngineMethod[] = "/nonet.bench.Lone/Engine", kRawMethod[] = "/nonet.bench.Lone/Raw";
constexpr char kOriginName[] = "resources/bench", kSinkName[] = "resources/bench/replicas/sink";
constexpr char kOriginTag[] = "0000000a", kSinkTag[] = "0000000b";
constexpr char kMedian[] = "p50-us", kTail[] = "p99-us", kCount[] = "messages";
// Longer than an ack may wait, so that either way everybody sleeps before a message.
constexpr std::chrono::milliseconds kEvery{12};
// The ack of a lone message waits for company; the receiving end looks so often whether it has to go.
constexpr std::chrono::milliseconds kAckLook{5};
constexpr std::chrono::seconds kPatience{5};

int64_t NowNs() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

Now Both() { return {NowNs(), std::chrono::system_clock::now().time_since_epoch().count()}; }

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "sync_lone: %s\n", why.c_str());
  std::_Exit(2);
}

void Require(const absl::Status& status) {
  if (!status.ok()) Die(std::string(status.message()));
}

// ---- What one end does with what came, and what it writes. Under its stream's mutex. ----

class End {
 public:
  virtual ~End() = default;
  virtual void Take(std::string bytes) = 0;
  virtual std::string Next() = 0;  // Empty: nothing now.
};

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

// ---- The stream ----

// Reads and writes, one of each at a time, on gRPC's threads.
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
  SinkStream(std::unique_ptr<Sink> sink, grpc::GenericCallbackServerContext* context)
      : Stream(*sink), sink_(std::move(sink)), context_(context) {
    Begin();
  }

  ~SinkStream() override {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    ended_.notify_all();
    clock_.join();
  }

 private:
  // Apart from changed_, so that no message wakes it.
  void Look() {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, kAckLook, [this] { return over_; })) Pump();
  }
  void Ended() override {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    std::vector<int64_t>& took = sink_->took_ns();
    std::sort(took.begin(), took.end());
    const auto us = [&took](double q) {
      if (took.empty()) return std::string("0");
      return std::to_string(
          static_cast<double>(took[static_cast<size_t>(q * static_cast<double>(took.size() - 1))]) / 1000);
    };
    context_->AddTrailingMetadata(kMedian, us(0.5));
    context_->AddTrailingMetadata(kTail, us(0.99));
    context_->AddTrailingMetadata(kCount, std::to_string(took.size()));
    Finish(grpc::Status::OK);
  }
  void OnDone() override { delete this; }
  const std::unique_ptr<Sink> sink_;
  grpc::GenericCallbackServerContext* const context_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread clock_{[this] { Look(); }};
};

class SinkService final : public grpc::CallbackGenericService {
 private:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    if (context->method() == kRawMethod) return new SinkStream(std::make_unique<RawSink>(), context);
    return new SinkStream(std::make_unique<EngineSink>(), context);
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

void Serve(const std::string& address) {
  SinkService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) Die("cannot listen on " + address);
  std::printf("ready\n");
  std::fflush(stdout);
  server->Wait();
}

void Send(Origin& origin, const char* method, const std::string& address, double seconds) {
  grpc::GenericStub stub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  OriginStream stream(origin);
  stub.PrepareBidiStreamingCall(&context, method, grpc::StubOptions(), &stream);
  stream.AddHold();
  stream.StartCall();
  stream.Begin();
  if (!stream.Await([&] { return origin.Ready(); }, kPatience)) Die("the other end wants nothing");
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    const auto next = std::chrono::steady_clock::now() + kEvery;
    stream.Do([&] { origin.Send(); });
    if (!stream.Await([&] { return origin.Known(); }, kPatience)) Die("a message did not arrive");
    stream.Await([] { return false; }, next - std::chrono::steady_clock::now());
  }
  stream.Close();
  const auto& told = context.GetServerTrailingMetadata();
  const auto value = [&told](const char* key) {
    const auto it = told.find(key);
    if (it == told.end()) Die("the other end measured nothing");
    return std::string(it->second.data(), it->second.size());
  };
  std::printf("{\"p50_us\":%s,\"p99_us\":%s,\"messages\":%s}\n", value(kMedian).c_str(), value(kTail).c_str(),
              value(kCount).c_str());
}

}  // namespace
}  // namespace nonet::bench

int main(int argc, char** argv) {
  const auto [listen, to, size, seconds, raw, bad] = nonet::bench::ParseArguments(argc, argv);
  if (!bad.empty()) nonet::bench::Die("bad argument " + bad);
  if (!listen.empty()) {
    nonet::bench::Serve(listen);
  } else if (raw) {
    nonet::bench::RawOrigin origin(size);
    nonet::bench::Send(origin, nonet::bench::kRawMethod, to, seconds);
  } else {
    nonet::bench::EngineOrigin origin(size);
    nonet::bench::Send(origin, nonet::bench::kEngineMethod, to, seconds);
  }
}
