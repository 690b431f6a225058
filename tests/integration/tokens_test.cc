// Who may change the cluster: whoever has its bearer token. And what `nonet up` is given about that, and for
// the resolver.

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/integration/harness/cluster.h"

namespace nonet::testing {
namespace {

namespace fs = std::filesystem;

// The methods that anybody may call. Whoever adds a method decides here whether it only reads; one whose name
// begins with a verb of reading is open without a token, every other one needs it.
const std::set<std::string> kReads = {
    "nonet.fault.v1.FaultService/ListFaults",
    "nonet.resource.v1.ChildResourceService/GetCustomCertificate",
    "nonet.resource.v1.ChildResourceService/GetCustomDomain",
    "nonet.resource.v1.ChildResourceService/GetHub",
    "nonet.resource.v1.ChildResourceService/GetPrivateEndpointConnection",
    "nonet.resource.v1.ChildResourceService/GetSharedPrivateLink",
    "nonet.resource.v1.ChildResourceService/ListCustomCertificates",
    "nonet.resource.v1.ChildResourceService/ListCustomDomains",
    "nonet.resource.v1.ChildResourceService/ListHubs",
    "nonet.resource.v1.ChildResourceService/ListPrivateEndpointConnections",
    "nonet.resource.v1.ChildResourceService/ListSharedPrivateLinks",
    "nonet.resource.v1.OperationService/GetOperation",
    "nonet.resource.v1.OperationService/ListOperations",
    "nonet.resource.v1.ResourceService/CheckNameAvailability",
    "nonet.resource.v1.ResourceService/GetAccessKeys",
    "nonet.resource.v1.ResourceService/GetCapacityReport",
    "nonet.resource.v1.ResourceService/GetEffectiveConfiguration",
    "nonet.resource.v1.ResourceService/GetReplica",
    "nonet.resource.v1.ResourceService/GetResource",
    "nonet.resource.v1.ResourceService/ListReplicas",
    "nonet.resource.v1.ResourceService/ListResources",
    "nonet.resource.v1.ResourceService/ListSkus",
    "nonet.resource.v1.ResourceService/ListSubscribers",
    "nonet.resource.v1.ResourceService/ListUsages",
    "nonet.resource.v1.ResourceService/WaitForConvergence",
    "nonet.steering.v1.SteeringService/DiffTables",
    "nonet.steering.v1.SteeringService/Explain",
    "nonet.steering.v1.SteeringService/ListEndpoints",
    "nonet.steering.v1.SteeringService/ListTables",
    "nonet.steering.v1.SteeringService/Resolve",
    "nonet.steering.v1.SteeringService/WatchEvents",
    "nonet.supervisor.v1.SupervisorService/GetCluster",
    "nonet.supervisor.v1.SupervisorService/WaitUntilReady",
    "nonet.supervisor.v1.SupervisorService/WatchEvents",
    "nonet.watch.v1.ConfigWatch/Watch",
};

constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

struct Answer {
  grpc::Status status;
  std::string bytes;
};

// One request, one answer, whatever the method is.
Answer CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
               const std::string& request, int deadline_ms = 5000) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(deadline_ms, GPR_TIMESPAN)));
  const grpc::Slice slice(request);
  grpc::ByteBuffer out(&slice, 1);
  grpc::ByteBuffer in;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, method, out, &queue);
  call->StartCall();
  Answer answer;
  call->Finish(&in, &answer.status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  std::vector<grpc::Slice> slices;
  if (answer.status.ok()) in.Dump(&slices);
  for (const grpc::Slice& each : slices) {
    answer.bytes.append(reinterpret_cast<const char*>(each.begin()), each.size());
  }
  return answer;
}

// The length-delimited fields of that number in a message whose type is not at hand.
std::vector<std::string> Fields(const std::string& message, int number) {
  google::protobuf::UnknownFieldSet set;
  std::vector<std::string> found;
  if (!set.ParseFromString(message)) return found;
  for (int i = 0; i < set.field_count(); ++i) {
    if (set.field(i).number() == number) found.push_back(set.field(i).length_delimited());
  }
  return found;
}

// By reflection (grpc.reflection.v1alpha: list_services is field 7 and its answer 6, file_containing_symbol
// and its answer 4): "nonet.fault.v1.FaultService/Kill".
std::set<std::string> MethodsOf(const std::shared_ptr<grpc::Channel>& channel) {
  std::set<std::string> methods;
  for (const std::string& list : Fields(CallRaw(channel, kReflection, std::string("\x3a\x00", 2)).bytes, 6)) {
    for (const std::string& service : Fields(list, 1)) {
      const std::string name = Fields(service, 1).at(0);
      if (name.rfind("nonet.", 0) != 0) continue;
      const std::string ask = std::string("\x22") + static_cast<char>(name.size()) + name;
      for (const std::string& files : Fields(CallRaw(channel, kReflection, ask).bytes, 4)) {
        for (const std::string& bytes : Fields(files, 1)) {
          google::protobuf::FileDescriptorProto file;
          EXPECT_TRUE(file.ParseFromString(bytes));
          for (const auto& each : file.service()) {
            if (file.package() + "." + each.name() != name) continue;
            for (const auto& method : each.method()) methods.insert(name + "/" + method.name());
          }
        }
      }
    }
  }
  return methods;
}

unsigned ModeOf(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class Tokens : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster();
    ASSERT_TRUE(cluster_->Up());
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }
  static Cluster& cluster() { return *cluster_; }
  static fs::path Path(const std::string& name) { return fs::path(cluster_->dir()) / name; }

  static Cluster* cluster_;
};

Cluster* Tokens::cluster_ = nullptr;

TEST_F(Tokens, EveryMethodThatDoesNotOnlyReadIsRefusedWithoutOne) {
  const nlohmann::json file = cluster().ClusterJson();
  std::set<std::string> all;
  for (const char* process : {"controlplane", "dns", "supervisor"}) {
    const auto channel =
        grpc::CreateChannel(file[process]["grpc"].get<std::string>(), grpc::InsecureChannelCredentials());
    const std::set<std::string> methods = MethodsOf(channel);
    EXPECT_FALSE(methods.empty()) << process;
    for (const std::string& method : methods) {
      const grpc::Status status = CallRaw(channel, "/" + method, "", 500).status;
      const bool refused = status.error_code() == grpc::StatusCode::UNAUTHENTICATED;
      EXPECT_EQ(refused, !kReads.contains(method)) << method << ": " << status.error_message();
      if (refused) {
        EXPECT_NE(status.error_message().find("error[TOKEN_MISSING]"), std::string::npos);
        EXPECT_NE(status.error_message().find("try:"), std::string::npos);
      }
    }
    all.insert(methods.begin(), methods.end());
  }
  for (const std::string& read : kReads) EXPECT_TRUE(all.contains(read)) << read << " is served by nobody";
  EXPECT_TRUE(all.contains("nonet.supervisor.v1.SupervisorService/Shutdown"));
  EXPECT_EQ(cluster().Ok({"status"}).exit_code, 0);
}

TEST_F(Tokens, LieInTheDirectoryForTheOwnerOnlyAndInNoProcess) {
  const nlohmann::json file = cluster().ClusterJson();
  EXPECT_EQ(file["controlplane"]["armTokenFile"], Path("token").string());
  EXPECT_EQ(ModeOf(Path("token")), 0600u);
  const std::string token = ReadAll(Path("token")).substr(0, 64);
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos) << "256 bits in hex";
  for (const int pid : cluster().Pids()) {
    const fs::path process = fs::path("/proc") / std::to_string(pid);
    EXPECT_EQ(ReadAll(process / "cmdline").find(token), std::string::npos);
    EXPECT_EQ(ReadAll(process / "environ").find(token), std::string::npos);
  }
}

TEST_F(Tokens, WithoutItTheCommandReadsAndChangesNothing) {
  fs::rename(Path("token"), Path("token.away"));
  const CommandResult list = cluster().Nonet({"replica", "list"});
  const CommandResult change = cluster().Nonet({"resource", "disable"});
  const CommandResult fault = cluster().Nonet({"fault", "clear"});
  std::ofstream(Path("token")) << std::string(64, '0') << "\n";
  const CommandResult wrong = cluster().Nonet({"resource", "disable"});
  fs::rename(Path("token.away"), Path("token"));
  EXPECT_EQ(list.exit_code, 0) << list.err;
  for (const CommandResult& refused : {change, fault}) {
    EXPECT_EQ(refused.exit_code, 64 + 16);
    EXPECT_NE(refused.err.find("error[TOKEN_MISSING]"), std::string::npos) << refused.err;
  }
  EXPECT_NE(wrong.err.find("error[TOKEN_REFUSED]"), std::string::npos) << wrong.err;
  EXPECT_EQ(cluster().Json({"resource", "show"})["properties"]["regionEndpointEnabled"], "Enabled");
  cluster().Ok({"fault", "clear"});
}

TEST_F(Tokens, SurviveDownAndUpAsDoTheCertificates) {
  const std::string token = ReadAll(Path("token"));
  const std::string authority = ReadAll(Path("ca.pem"));
  const std::string leaf = ReadAll(Path("tls/contoso__contoso.pem"));
  EXPECT_NE(leaf, "");
  cluster().Ok({"down"});
  ASSERT_TRUE(cluster().Up());
  EXPECT_EQ(ReadAll(Path("token")), token);
  EXPECT_EQ(ReadAll(Path("ca.pem")), authority);
  EXPECT_EQ(ReadAll(Path("tls/contoso__contoso.pem")), leaf);
  EXPECT_EQ(cluster().ClusterJson()["caFile"], Path("ca.pem").string());
  EXPECT_EQ(ModeOf(Path("tls/ca.key")), 0600u);
}

TEST(OpenCluster, NeedsNoTokenKeepsItsResolversFlagsAndIsWipedWhole) {
  Cluster cluster({.flags = {"--open", "--resolver-flag", "nochaos"}});
  const CommandResult bad = cluster.Nonet({"up", "--detach", "--resolver-flag", "rrl=many"});
  EXPECT_NE(bad.exit_code, 0);
  EXPECT_NE(bad.err.find("rrl"), std::string::npos) << bad.err;
  EXPECT_TRUE(cluster.Pids().empty()) << "refused before anything was started";
  const CommandResult own = cluster.Nonet({"up", "--detach", "--resolver-flag", "zone=x"});
  EXPECT_EQ(own.exit_code, 2) << own.err;

  ASSERT_TRUE(cluster.Up());
  EXPECT_TRUE(cluster.ClusterJson()["controlplane"]["armTokenFile"].is_null());
  fs::remove(fs::path(cluster.dir()) / "token");
  cluster.Ok({"fault", "clear"});
  EXPECT_EQ(cluster.Dig({"version.bind", "CH", "TXT", "+short"}).out.find("nonet-dnsresolver"),
            std::string::npos);
  const CommandResult other = cluster.Nonet({"up", "--detach", "--resolver-flag", "ede"});
  EXPECT_NE(other.err.find("error[RUNNING]"), std::string::npos) << other.err;

  cluster.Ok({"down"});
  cluster.Ok({"up", "--detach"});  // It remembers.
  EXPECT_TRUE(cluster.ClusterJson()["controlplane"]["armTokenFile"].is_null());
  EXPECT_EQ(cluster.Dig({"version.bind", "CH", "TXT", "+short"}).out.find("nonet-dnsresolver"),
            std::string::npos);
  cluster.Ok({"reset", "--yes"});
  EXPECT_FALSE(fs::exists(cluster.dir())) << "token, certificates and all";
}

}  // namespace
}  // namespace nonet::testing
