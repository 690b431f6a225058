// Subscribers and changes against a control plane, over gRPC, with the WatchClient that every process uses.
//
//   watch_load --target=127.0.0.1:7800 --mode=fill --resources=10000
//       Creates so many resources of eight replicas each. Prints "filled SECONDS".
//   watch_load --target=127.0.0.1:7800 --mode=snapshot
//       A new subscriber of everything. Prints "snapshot MS OBJECTS": from its start to the whole snapshot.
//   watch_load --target=127.0.0.1:7800 --mode=propagate --seconds=2
//       Nine instances of one resource subscribe; then one change after the other, each once the one before
//       has been acknowledged by all nine, and a pause. Prints "propagate P50_MS P99_MS CHANGES": from the
//       change's call until WaitForConvergence has answered.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/loop/event_loop.h"
#include "common/process/log.h"
#include "common/real/entropy.h"
#include "common/real/real_clock.h"
#include "common/rpc/channel.h"
#include "common/watch/watch_client.h"
#include "nonet/resource/v1/resource_service.grpc.pb.h"

ABSL_FLAG(std::string, target, "", "ip:port");
ABSL_FLAG(std::string, token_file, "", "the control plane's bearer token; none when empty");
ABSL_FLAG(std::string, mode, "propagate", "fill, snapshot or propagate");
ABSL_FLAG(int, resources, 10000, "to fill in");
ABSL_FLAG(double, seconds, 2, "of propagate");

namespace nonet::bench {
namespace {

using resource::v1::ResourceService;

constexpr const char* kReplicaRegions[] = {"westus",    "westeurope", "northeurope", "uksouth",
                                           "japaneast", "centralus",  "brazilsouth", "eastasia"};
constexpr int kFillThreads = 16;
constexpr absl::Duration kPause = absl::Milliseconds(5);  // Between two changes: the machine is idle.
constexpr std::chrono::seconds kCallMax{20};
constexpr absl::Duration kSnapshotMax = absl::Seconds(60);

std::string ReadToken() {
  std::ifstream file(absl::GetFlag(FLAGS_token_file));
  std::string token((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!token.empty() && token.back() == '\n') token.pop_back();
  return token;
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "watch_load: %s\n", why.c_str());
  std::exit(1);
}

class Caller {
 public:
  Caller()
      : stub_(ResourceService::NewStub(rpc::MakeChannel(absl::GetFlag(FLAGS_target)))), token_(ReadToken()) {}

  // Ends the program when the call fails, but for what is there already.
  template <class Method, class Request, class Response>
  void Call(Method method, const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kCallMax);
    if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok() && status.error_code() != grpc::StatusCode::ALREADY_EXISTS) Die(status.error_message());
  }
  void CreateWithReplicas(const std::string& id) {
    resource::v1::Resource created;
    resource::v1::CreateResourceRequest create;
    create.set_resource_id(id);
    create.mutable_resource()->set_location("eastus");
    Call(&ResourceService::Stub::CreateResource, create, created);
    for (const char* region : kReplicaRegions) {
      resource::v1::Replica replica;
      resource::v1::CreateReplicaRequest add;
      add.set_parent("resources/" + id);
      add.set_replica_id(region);
      add.mutable_replica()->set_location(region);
      Call(&ResourceService::Stub::CreateReplica, add, replica);
    }
  }

 private:
  const std::unique_ptr<ResourceService::Stub> stub_;
  const std::string token_;
};

// An event loop on a thread of its own.
class LoopThread {
 public:
  LoopThread() : loop_(RealClock()), thread_([this] { loop_.Run(); }) {}
  ~LoopThread() {
    loop_.Stop();
    thread_.join();
  }
  EventLoop& get() { return loop_; }
  template <class Function>
  void Call(Function function) {
    absl::Notification done;
    loop_.Post([&] {
      function();
      done.Notify();
    });
    done.WaitForNotification();
  }

 private:
  EventLoop loop_;
  std::thread thread_;
};

void Fill() {
  const int64_t began = absl::GetCurrentTimeNanos();
  std::atomic<int> next = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kFillThreads; ++t) {
    threads.emplace_back([&] {
      Caller caller;
      for (int i = next++; i < absl::GetFlag(FLAGS_resources); i = next++) {
        caller.CreateWithReplicas(absl::StrCat("r", 10000 + i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("filled %.2f\n", static_cast<double>(absl::GetCurrentTimeNanos() - began) / 1e9);
}

void Snapshot() {
  LoopThread loop;
  std::unique_ptr<WatchClient> client;
  absl::Notification whole;
  size_t objects = 0;
  const int64_t began = absl::GetCurrentTimeNanos();
  loop.Call([&] {
    client = std::make_unique<WatchClient>(
        loop.get(),
        WatchClient::Options{absl::GetFlag(FLAGS_target), watch::v1::ROLE_SUPERVISOR, "supervisor",
                             RandomHex(8), ""},
        nullptr,
        [&](const WatchClient::Objects& held, const WatchClient::Delta&, std::function<void()> applied) {
          objects = held.size();
          applied();
          if (!whole.HasBeenNotified()) whole.Notify();
        });
    client->Start();
  });
  if (!whole.WaitForNotificationWithTimeout(kSnapshotMax)) Die("no snapshot within a minute");
  const int64_t took = absl::GetCurrentTimeNanos() - began;
  loop.Call([&] { client.reset(); });
  std::printf("snapshot %.1f %zu\n", static_cast<double>(took) / 1e6, objects);
}

// An instance as the control plane sees it: it serves, and acknowledges at once.
std::unique_ptr<WatchClient> Instance(EventLoop& loop, const std::string& name) {
  auto client = std::make_unique<WatchClient>(
      loop,
      WatchClient::Options{absl::GetFlag(FLAGS_target), watch::v1::ROLE_INSTANCE, name, RandomHex(8), ""},
      nullptr, [](const WatchClient::Objects&, const WatchClient::Delta&, std::function<void()> applied) {
        applied();
      });
  watch::v1::Facts facts;
  facts.mutable_instance()->mutable_endpoint()->set_host("127.80.0.1");
  facts.mutable_instance()->mutable_endpoint()->set_http_port(8080);
  facts.mutable_instance()->set_serving(true);
  facts.mutable_instance()->set_generation(1);  // Of an object that was never restarted.
  client->SetFacts(std::move(facts));
  client->Start();
  return client;
}

void Propagate() {
  Caller caller;
  const std::string id = absl::StrCat("w", RandomHex(4));
  caller.CreateWithReplicas(id);
  const std::string name = "resources/" + id;
  LoopThread loop;
  std::vector<std::unique_ptr<WatchClient>> clients;
  loop.Call([&] {
    clients.push_back(Instance(loop.get(), name));
    for (const char* region : kReplicaRegions) {
      clients.push_back(Instance(loop.get(), absl::StrCat(name, "/replicas/", region)));
    }
  });
  resource::v1::WaitForConvergenceRequest wait;
  resource::v1::WaitForConvergenceResponse waited;
  wait.set_name(name);
  caller.Call(&ResourceService::Stub::WaitForConvergence, wait, waited);
  std::vector<double> took_ms;
  resource::v1::UpdateResourceRequest update;
  update.mutable_resource()->set_name(name);
  update.mutable_update_mask()->add_paths("tags");
  const absl::Time end = absl::Now() + absl::Seconds(absl::GetFlag(FLAGS_seconds));
  while (absl::Now() < end) {
    (*update.mutable_resource()->mutable_tags())["n"] = absl::StrCat(took_ms.size());
    resource::v1::Resource changed;
    const int64_t began = absl::GetCurrentTimeNanos();
    caller.Call(&ResourceService::Stub::UpdateResource, update, changed);
    caller.Call(&ResourceService::Stub::WaitForConvergence, wait, waited);
    took_ms.push_back(static_cast<double>(absl::GetCurrentTimeNanos() - began) / 1e6);
    if (std::to_string(waited.revision()) != changed.etag()) Die("converged at another revision");
    absl::SleepFor(kPause);
  }
  loop.Call([&] { clients.clear(); });
  std::sort(took_ms.begin(), took_ms.end());
  const auto percentile = [&](size_t percent) { return took_ms[(took_ms.size() - 1) * percent / 100]; };
  std::printf("propagate %.3f %.3f %zu\n", percentile(50), percentile(99), took_ms.size());
}

int Main() {
  const std::string mode = absl::GetFlag(FLAGS_mode);
  log::SetLevel(log::Level::kWarning);
  if (mode == "fill") {
    Fill();
  } else if (mode == "snapshot") {
    Snapshot();
  } else if (mode == "propagate") {
    Propagate();
  } else {
    Die("--mode is fill, snapshot or propagate");
  }
  return 0;
}

}  // namespace
}  // namespace nonet::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return nonet::bench::Main();
}
