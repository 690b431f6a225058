// The data plane's hot paths without I/O: reading a client's frames, and one message to many clients through
// the hub core and the frame codec.
//
//   hub_bench --benchmark_filter=FanOut

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "replica/codec/client_frame.h"
#include "replica/codec/server_frame.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/replica_core.h"

namespace nonet::replica {
namespace {

constexpr Now kNow = {1, 1'700'000'000 * kNanosPerSecond};

std::string SendFrame(size_t bytes) {
  return absl::StrCat(
      R"({"type":"sendToGroup","group":"g","ackId":1,"noEcho":true,"dataType":"json","data":{"text":")",
      std::string(bytes, 'x'), "\"}}");
}

std::string Masked(const std::string& payload) {
  std::string out = EncodeFrame(Opcode::kText, payload);
  const size_t header = out.size() - payload.size();
  out[1] = static_cast<char>(out[1] | 0x80);
  for (size_t i = 0; i < payload.size(); ++i)
    out[header + i] = static_cast<char>(out[header + i] ^ "mask"[i % 4]);
  return out.insert(header, "mask");
}

void ReadClientFrame(benchmark::State& state) {
  const std::string bytes = Masked(SendFrame(static_cast<size_t>(state.range(0))));
  FrameReader reader;
  ClientFrameParser parser;
  ClientFrame frame;
  FrameReader::Event event;
  for (auto _ : state) {
    absl::string_view input = bytes;
    if (reader.Next(&input, &event) != FrameReader::Result::kEvent ||
        !parser.Parse(event.payload, &frame).ok()) {
      state.SkipWithError("the frame was refused");
      return;
    }
    benchmark::DoNotOptimize(frame);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(ReadClientFrame)->Arg(16)->Arg(2048)->Arg(65536);

// One 2 KiB message to a group of N clients: decision, numbering, frames; everything but the socket.
void FanOut(benchmark::State& state) {
  const bool reliable = state.range(1) != 0;
  ReplicaCore core({"resources/bench", "resources/bench", "00000000000000aa", "1a2b3c4d"});
  Effects effects;
  const int64_t clients = state.range(0);
  for (int64_t i = 1; i <= clients; ++i) {
    ConnectionSpec spec;
    spec.key = static_cast<ConnectionKey>(i);
    spec.hub = "chat";
    spec.id = absl::StrCat("c", i, ".1a2b3c4d");
    spec.reliable = reliable;
    spec.groups = {"g"};
    core.Open(std::move(spec), kNow, &effects);
  }
  const std::string data(2048, 'x');
  size_t bytes = 0;
  for (auto _ : state) {
    effects.Clear();
    Message message;
    message.hub = "chat";
    message.target = Target::kGroup;
    message.target_name = "g";
    message.data = data;
    benchmark::DoNotOptimize(core.Publish(std::move(message), kNow, &effects).ok());
    for (const auto& effect : effects.list) {
      const Deliver& deliver = std::get<Deliver>(effect);
      MessageFrame::View view;
      view.from_group = true;
      view.group = deliver.message->target_name;
      view.data = deliver.message->data;
      MessageFrame frame(view);
      for (size_t i = deliver.first; i < deliver.first + deliver.count; ++i) {
        const uint64_t sequence = effects.recipients[i].sequence_id;
        bytes += frame.Head(Encoding::kJson, sequence).size() + frame.Tail(Encoding::kJson).size();
      }
    }
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(state.iterations() * clients);
  state.SetLabel(reliable ? "reliable" : "plain");
}
BENCHMARK(FanOut)->Args({10, 0})->Args({10, 1})->Args({1000, 0})->Args({1000, 1})->Args({10'000, 1});

// A message accepted here, batched, received and delivered at the peer: two cores, no serialisation.
void ForwardToPeer(benchmark::State& state) {
  ReplicaCore a({"resources/bench", "resources/bench", "00000000000000aa", "1a2b3c4d"});
  ReplicaCore b({"resources/bench", "resources/bench/replicas/b", "00000000000000bb", "2a2b3c4d"});
  Effects effects;
  const std::string name_a = "resources/bench", name_b = "resources/bench/replicas/b";
  (void)a.SetPeers({{name_b, "2a2b3c4d"}}, kNow, &effects);
  (void)b.SetPeers({{name_a, "1a2b3c4d"}}, kNow, &effects);
  (void)a.sync().OnWelcome(name_b, *b.sync().OnHello(a.sync().MakeHello(name_b), kNow), kNow);
  ConnectionSpec spec;
  spec.key = 1;
  spec.hub = "chat";
  spec.id = "c.2a2b3c4d";
  spec.groups = {"g"};
  b.Open(std::move(spec), kNow, &effects);
  PeerRequest request;
  PeerResponse response;
  const auto settle = [&] {
    while (a.sync().NextRequest(name_b, kNow, &request)) {
      (void)b.OnRequest(name_a, std::move(request), kNow, &effects);
    }
    while (b.sync().NextResponse(name_a, kNow, &response)) {
      (void)a.OnResponse(name_b, std::move(response), kNow, &effects);
    }
  };
  settle();
  settle();
  constexpr int kBatch = 64;
  for (auto _ : state) {
    effects.Clear();
    for (int i = 0; i < kBatch; ++i) {
      Message message;
      message.hub = "chat";
      message.target = Target::kGroup;
      message.target_name = "g";
      message.data = std::string(256, 'x');
      (void)a.Publish(std::move(message), kNow, &effects);
    }
    settle();
  }
  if (a.sync().counters(name_b)->forwarded == 0) state.SkipWithError("nothing was forwarded");
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(ForwardToPeer);

}  // namespace
}  // namespace nonet::replica

BENCHMARK_MAIN();
