// N clients that each have one durable change outstanding, against a control plane or against etcd, over
// gRPC.
//
//   durable_load --api=nonet --target=127.0.0.1:7800 --clients=8 --seconds=1.5
//   durable_load --api=etcd --target=127.0.0.1:2379 --clients=8 --seconds=1.5 --value_bytes=500
//
// Every client has a connection and an object of its own (a resource whose tag it changes; a key that it
// puts). Prints one line: "rate PER_S p50_us N p99_us N bytes N", where bytes is the size of the object as
// answered.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "bench/durable/etcd_kv.grpc.pb.h"
#include "common/rpc/channel.h"
#include "common/rpc/lone_poller.h"
#include "nonet/resource/v1/resource_service.grpc.pb.h"

ABSL_FLAG(std::string, api, "nonet", "nonet or etcd");
ABSL_FLAG(std::string, target, "", "ip:port");
ABSL_FLAG(std::string, token_file, "", "the control plane's bearer token; none when empty");
ABSL_FLAG(int, clients, 1, "how many");
ABSL_FLAG(double, seconds, 1.5, "how long");
ABSL_FLAG(int, value_bytes, 500, "of a value put into etcd");

namespace nonet::bench {
namespace {

std::string ReadToken() {
  std::ifstream file(absl::GetFlag(FLAGS_token_file));
  std::string token((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!token.empty() && token.back() == '\n') token.pop_back();
  return token;
}

[[noreturn]] void Die(const grpc::Status& status) {
  std::fprintf(stderr, "durable_load: %d %s\n", status.error_code(), status.error_message().c_str());
  std::exit(1);
}

// One client: Call starts a change and runs `done` when it is durable.
class Client {
 public:
  virtual ~Client() = default;
  virtual void Call(std::function<void(const grpc::Status&)> done) = 0;
  virtual size_t bytes() const = 0;
};

class NonetClient final : public Client {
 public:
  NonetClient(const std::string& target, int number, std::string token)
      : stub_(resource::v1::ResourceService::NewStub(rpc::MakeChannel(target))), token_(std::move(token)) {
    const std::string id = absl::StrCat("bench", number);
    resource::v1::CreateResourceRequest create;
    create.set_resource_id(id);
    create.mutable_resource()->set_location("eastus");
    NewContext();
    const grpc::Status status = stub_->CreateResource(context_.get(), create, &answer_);
    if (!status.ok() && status.error_code() != grpc::StatusCode::ALREADY_EXISTS) Die(status);
    request_.mutable_resource()->set_name("resources/" + id);
    request_.mutable_update_mask()->add_paths("tags");
  }
  void Call(std::function<void(const grpc::Status&)> done) override {
    (*request_.mutable_resource()->mutable_tags())["n"] = absl::StrCat(++calls_);
    NewContext();
    stub_->async()->UpdateResource(context_.get(), &request_, &answer_, std::move(done));
  }
  size_t bytes() const override { return answer_.ByteSizeLong(); }

 private:
  void NewContext() {
    context_ = std::make_unique<grpc::ClientContext>();
    if (!token_.empty()) context_->AddMetadata("authorization", "Bearer " + token_);
  }

  const std::unique_ptr<resource::v1::ResourceService::Stub> stub_;
  const std::string token_;
  std::unique_ptr<grpc::ClientContext> context_;
  resource::v1::UpdateResourceRequest request_;
  resource::v1::Resource answer_;
  int64_t calls_ = absl::GetCurrentTimeNanos();  // Another value in every run.
};

class EtcdClient final : public Client {
 public:
  EtcdClient(const std::string& target, int number, int value_bytes)
      : stub_(etcdserverpb::KV::NewStub(rpc::MakeChannel(target))) {
    request_.set_key(absl::StrCat("bench", number));
    request_.set_value(std::string(static_cast<size_t>(value_bytes), 'v'));
  }
  void Call(std::function<void(const grpc::Status&)> done) override {
    context_ = std::make_unique<grpc::ClientContext>();
    stub_->async()->Put(context_.get(), &request_, &answer_, std::move(done));
  }
  size_t bytes() const override { return request_.value().size(); }

 private:
  const std::unique_ptr<etcdserverpb::KV::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  etcdserverpb::PutRequest request_;
  etcdserverpb::PutResponse answer_;
};

// A client's loop: the next call begins when the one before has been answered.
struct Loop {
  std::unique_ptr<Client> client;
  std::vector<int64_t> latencies_ns;
  int64_t began_ns = 0;

  void Next(const std::atomic<bool>& stop, absl::BlockingCounter& ended) {
    began_ns = absl::GetCurrentTimeNanos();
    client->Call([this, &stop, &ended](const grpc::Status& status) {
      if (!status.ok()) Die(status);
      latencies_ns.push_back(absl::GetCurrentTimeNanos() - began_ns);
      if (stop) {
        ended.DecrementCount();
      } else {
        Next(stop, ended);
      }
    });
  }
};

int Main() {
  const rpc::LonePoller poller;  // The load should cost little beside what it loads.
  const int clients = absl::GetFlag(FLAGS_clients);
  const bool etcd = absl::GetFlag(FLAGS_api) == "etcd";
  const std::string target = absl::GetFlag(FLAGS_target);
  const std::string token = ReadToken();
  std::vector<Loop> loops(static_cast<size_t>(clients));
  for (int i = 0; i < clients; ++i) {
    Loop& loop = loops[static_cast<size_t>(i)];
    if (etcd) {
      loop.client = std::make_unique<EtcdClient>(target, i, absl::GetFlag(FLAGS_value_bytes));
    } else {
      loop.client = std::make_unique<NonetClient>(target, i, token);
    }
    std::atomic<bool> once = true;  // One call beforehand, so that every connection is up.
    absl::BlockingCounter ended(1);
    loop.Next(once, ended);
    ended.Wait();
    loop.latencies_ns.clear();
  }
  std::atomic<bool> stop = false;
  absl::BlockingCounter ended(clients);
  const int64_t began = absl::GetCurrentTimeNanos();
  for (Loop& loop : loops) loop.Next(stop, ended);
  absl::SleepFor(absl::Seconds(absl::GetFlag(FLAGS_seconds)));
  stop = true;
  ended.Wait();
  const double took_s = static_cast<double>(absl::GetCurrentTimeNanos() - began) / 1e9;
  std::vector<int64_t> all;
  for (const Loop& loop : loops) all.insert(all.end(), loop.latencies_ns.begin(), loop.latencies_ns.end());
  std::sort(all.begin(), all.end());
  const auto percentile = [&](size_t percent) {
    return static_cast<double>(all[(all.size() - 1) * percent / 100]) / 1e3;
  };
  std::printf("rate %.1f p50_us %.1f p99_us %.1f bytes %zu\n", static_cast<double>(all.size()) / took_s,
              percentile(50), percentile(99), loops[0].client->bytes());
  return 0;
}

}  // namespace
}  // namespace nonet::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return nonet::bench::Main();
}
