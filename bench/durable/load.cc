// N clients that each have one durable change outstanding, against a control plane or against etcd, over
// gRPC. One thread, and HTTP/2 by hand: it should cost little beside what it loads.
//
//   durable_load --api=nonet --target=127.0.0.1:7800 --clients=8 --seconds=1.5
//   durable_load --api=etcd --target=127.0.0.1:2379 --clients=8 --seconds=1.5 --value_bytes=500
//
// Every client has a connection and an object of its own (a resource whose tag it changes; a key that it
// puts). Prints one line: "rate PER_S p50_us N p99_us N bytes N", where bytes is the size of the object as
// answered.
#include <grpcpp/grpcpp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/durable/etcd_kv.pb.h"
#include "bench/durable/unary.h"
#include "common/rpc/channel.h"
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

// What a client asks for, over and over.
class Client {
 public:
  virtual ~Client() = default;
  virtual std::string method() const = 0;
  virtual std::string NextRequest() = 0;
  // Of the object, as it was answered or put.
  virtual size_t Bytes(const std::string& answer) const = 0;
};

class NonetClient final : public Client {
 public:
  NonetClient(resource::v1::ResourceService::Stub& stub, int number, const std::string& token) {
    const std::string id = absl::StrCat("bench", number);
    resource::v1::CreateResourceRequest create;
    create.set_resource_id(id);
    create.mutable_resource()->set_location("eastus");
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    resource::v1::Resource created;
    const grpc::Status status = stub.CreateResource(&context, create, &created);
    if (!status.ok() && status.error_code() != grpc::StatusCode::ALREADY_EXISTS) Die(status);
    request_.mutable_resource()->set_name("resources/" + id);
    request_.mutable_update_mask()->add_paths("tags");
  }
  std::string method() const override { return "/nonet.resource.v1.ResourceService/UpdateResource"; }
  std::string NextRequest() override {
    (*request_.mutable_resource()->mutable_tags())["n"] = absl::StrCat(++calls_);
    return request_.SerializeAsString();
  }
  size_t Bytes(const std::string& answer) const override { return answer.size(); }

 private:
  resource::v1::UpdateResourceRequest request_;
  int64_t calls_ = absl::GetCurrentTimeNanos();  // Another value in every run.
};

class EtcdClient final : public Client {
 public:
  EtcdClient(int number, int value_bytes) {
    request_.set_key(absl::StrCat("bench", number));
    request_.set_value(std::string(static_cast<size_t>(value_bytes), 'v'));
  }
  std::string method() const override { return "/etcdserverpb.KV/Put"; }
  std::string NextRequest() override { return request_.SerializeAsString(); }
  size_t Bytes(const std::string&) const override { return request_.value().size(); }

 private:
  etcdserverpb::PutRequest request_;
};

// A client's loop: the next call begins when the one before has been answered.
struct Loop {
  std::unique_ptr<Client> client;
  std::unique_ptr<UnaryConnection> connection;
  int64_t began_ns = 0;

  void Next() {
    const std::string request = client->NextRequest();
    began_ns = absl::GetCurrentTimeNanos();
    connection->Call(request);
  }
};

class Load {
 public:
  explicit Load(std::vector<Loop> loops) : loops_(std::move(loops)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (size_t i = 0; i < loops_.size(); ++i) {
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, loops_[i].connection->fd(), &event) != 0) std::abort();
    }
  }
  ~Load() { close(epoll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Every client calls until then; at least once. Answers how long each call took.
  std::vector<int64_t> Run(int64_t until_ns) {
    std::vector<int64_t> latencies_ns;
    for (Loop& loop : loops_) loop.Next();
    for (size_t calling = loops_.size(); calling > 0;) {
      epoll_event events[kEventsMax];
      const int ready = epoll_wait(epoll_, events, kEventsMax, -1);
      for (int i = 0; i < ready; ++i) {
        Loop& loop = loops_[events[i].data.u64];
        if (!loop.connection->Receive()) continue;
        const int64_t now = absl::GetCurrentTimeNanos();
        latencies_ns.push_back(now - loop.began_ns);
        if (now >= until_ns) {
          --calling;
        } else {
          loop.Next();
        }
      }
    }
    return latencies_ns;
  }
  size_t bytes() const { return loops_[0].client->Bytes(loops_[0].connection->answer()); }

 private:
  static constexpr int kEventsMax = 64;
  std::vector<Loop> loops_;
  const int epoll_;
};

int Main() {
  const bool etcd = absl::GetFlag(FLAGS_api) == "etcd";
  const std::string target = absl::GetFlag(FLAGS_target);
  const std::string token = ReadToken();
  UnaryConnection::Headers headers;
  if (!token.empty()) headers.emplace_back("authorization", "Bearer " + token);
  const auto stub = resource::v1::ResourceService::NewStub(rpc::MakeChannel(target));
  std::vector<Loop> loops(static_cast<size_t>(absl::GetFlag(FLAGS_clients)));
  for (size_t i = 0; i < loops.size(); ++i) {
    const int number = static_cast<int>(i);
    if (etcd) {
      loops[i].client = std::make_unique<EtcdClient>(number, absl::GetFlag(FLAGS_value_bytes));
    } else {
      loops[i].client = std::make_unique<NonetClient>(*stub, number, token);
    }
    loops[i].connection = std::make_unique<UnaryConnection>(target, loops[i].client->method(), headers);
  }
  Load load(std::move(loops));
  load.Run(0);  // One call each beforehand.
  const int64_t began = absl::GetCurrentTimeNanos();
  std::vector<int64_t> all = load.Run(began + static_cast<int64_t>(absl::GetFlag(FLAGS_seconds) * 1e9));
  const double took_s = static_cast<double>(absl::GetCurrentTimeNanos() - began) / 1e9;
  std::sort(all.begin(), all.end());
  const auto percentile = [&](size_t percent) {
    return static_cast<double>(all[(all.size() - 1) * percent / 100]) / 1e3;
  };
  std::printf("rate %.1f p50_us %.1f p99_us %.1f bytes %zu\n", static_cast<double>(all.size()) / took_s,
              percentile(50), percentile(99), load.bytes());
  return 0;
}

}  // namespace
}  // namespace nonet::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return nonet::bench::Main();
}
