// Nine instances under load, with a pause, a partition and a kill. What clients saw is checked by the
// checkers of the simulation: nothing twice, each sender's messages in order, everything delivered once the
// mesh is whole again, and every instance's counts accounted for.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"
#include "tests/simulation/checkers.h"

namespace nonet::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr char kGroup[] = "mesh";
constexpr char kKilled[] = "japaneast";
constexpr uint64_t kBurst = 300;
constexpr milliseconds kPoll{100};

const std::vector<std::string>& Replicas() {
  static const std::vector<std::string> replicas = {"westus",  "westeurope",  "northeurope",
                                                    kKilled,   "brazilsouth", "australiaeast",
                                                    "uksouth", "southindia"};
  return replicas;
}

WebSocket Member(Cluster& cluster, const std::string& instance, const std::string& user) {
  const std::string host = cluster.HostName();
  const std::string token = ClientToken(cluster.PrimaryKey(), host, "chat", FullRights(user));
  WebSocket client = WebSocket::Open(cluster.Instance(instance)["address"], 8080, host,
                                     "/client/hubs/chat?access_token=" + token, "json.webpubsub.azure.v1");
  EXPECT_EQ(client.Receive().value("event", ""), "connected") << instance;
  EXPECT_TRUE(client.Call({{"type", "joinGroup"}, {"group", kGroup}}).value("success", false)) << instance;
  return client;
}

// Reads one client until told to end; everything goes through the one set of deliveries.
class Reader {
 public:
  Reader(WebSocket client, uint32_t id, std::mutex& mutex, sync_check::Deliveries& deliveries)
      : client_(std::move(client)), thread_([this, id, &mutex, &deliveries] {
          while (!stop_) {
            const nlohmann::json frame = client_.Receive(kPoll);
            if (!frame.is_object() || frame.value("type", "") != "message") continue;
            if (!frame["data"].is_object()) continue;  // Not of the numbered ones.
            const std::lock_guard lock(mutex);
            deliveries.Got(id, frame["data"]["sender"], 0, frame["data"]["number"]);
          }
        }) {}
  ~Reader() {
    stop_ = true;
    thread_.join();
  }

 private:
  WebSocket client_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class SyncMesh : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(cluster_.Up());
    instances_ = Replicas();
    instances_.insert(instances_.begin(), "contoso");
    for (uint32_t i = 0; i < instances_.size(); ++i) {
      readers_.push_back(
          std::make_unique<Reader>(Member(cluster_, instances_[i], "reader"), i, mutex_, deliveries_));
    }
    for (const char* at : {"contoso", "westus", "westeurope"})
      senders_.push_back(Member(cluster_, at, "sender"));
  }

  // kBurst messages of every sender, one of each at a time.
  void Publish() {
    for (uint64_t i = 0; i < kBurst; ++i) {
      ++published_;
      for (size_t sender = 0; sender < senders_.size(); ++sender) {
        const nlohmann::json frame = {{"type", "sendToGroup"},
                                      {"group", kGroup},
                                      {"noEcho", true},
                                      {"dataType", "json"},
                                      {"data", {{"sender", sender}, {"number", published_}}}};
        ASSERT_TRUE(senders_[sender].SendText(frame.dump()));
      }
    }
  }

  // Whether the reader has all that was published since message `after`.
  bool HasAll(uint32_t reader, uint64_t after = 0) {
    const std::lock_guard lock(mutex_);
    for (uint32_t sender = 0; sender < senders_.size(); ++sender) {
      for (uint64_t number = after + 1; number <= published_; ++number) {
        if (!deliveries_.Has(reader, sender, 0, number)) return false;
      }
    }
    return true;
  }

  template <typename Condition>
  static bool Eventually(Condition condition, seconds wait = seconds(15)) {
    const auto deadline = steady_clock::now() + wait;
    while (!condition()) {
      if (steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(kPoll);  // Between looks at a condition, until a deadline.
    }
    return true;
  }

  // Of the streams from one instance to another; empty when nobody tells.
  nlohmann::json LinkOf(const std::string& from, const std::string& to) {
    const nlohmann::json audit = cluster_.Json({"audit"});
    for (const auto& link : audit["links"]) {
      if (Ends(link["origin"], from) && Ends(link["peer"], to)) return link;
    }
    return nlohmann::json::object();
  }
  static bool Ends(const std::string& name, const std::string& part) {
    return name.size() > part.size() &&
           name.compare(name.size() - part.size() - 1, std::string::npos, "/" + part) == 0;
  }

  Cluster cluster_{{.replicas = Replicas()}};
  std::vector<std::string> instances_;
  std::mutex mutex_;
  sync_check::Deliveries deliveries_;  // Under the mutex.
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<WebSocket> senders_;
  uint64_t published_ = 0;
};

TEST_F(SyncMesh, LosesNothingUnseenThroughAPauseAPartitionAndAKill) {
  Publish();
  cluster_.Ok({"fault", "pause", "contoso/northeurope"});
  Publish();
  cluster_.Ok({"fault", "resume", "contoso/northeurope"});
  for (uint32_t i = 0; i < readers_.size(); ++i) {
    EXPECT_TRUE(Eventually([&] { return HasAll(i); })) << instances_[i] << " after the pause";
  }

  cluster_.Ok({"fault", "partition", "eastus", "westus"});
  Publish();
  // The two ends notice; the others get everything meanwhile.
  EXPECT_TRUE(Eventually([&] { return LinkOf("contoso", "westus").value("linked", true) == false; }));
  EXPECT_TRUE(Eventually([&] { return HasAll(2) && HasAll(8); }));
  EXPECT_FALSE(HasAll(1)) << "the partition let everything through";
  EXPECT_GE(
      LinkOf("contoso", "westus").value("waiting", 0) + LinkOf("contoso", "westus").value("inFlight", 0),
      static_cast<int>(kBurst));
  Publish();
  cluster_.Ok({"fault", "heal", "eastus", "westus"});
  for (uint32_t i = 0; i < readers_.size(); ++i) {
    EXPECT_TRUE(Eventually([&] { return HasAll(i); })) << instances_[i] << " after the partition";
  }
  EXPECT_TRUE(cluster_.Json({"gaps"}).empty()) << "nothing was lost, so nothing is listed";

  cluster_.Ok({"fault", "kill", std::string("contoso/") + kKilled});
  Publish();
  cluster_.WaitFor(std::string("process/") + kKilled + "=ready");
  for (uint32_t i = 0; i < readers_.size(); ++i) {
    if (instances_[i] == kKilled) continue;  // Its client went with it.
    EXPECT_TRUE(Eventually([&] { return HasAll(i); })) << instances_[i] << " after the kill";
  }

  // The new life takes part, once it is linked, and when all is quiet the counts of all nine fit. (A join
  // waits for live peers only; what is accepted where there is no link yet is not for it.)
  EXPECT_TRUE(Eventually([&] {
    return LinkOf("contoso", kKilled).value("linked", false) &&
           LinkOf(kKilled, "contoso").value("linked", false);
  }));
  WebSocket late = Member(cluster_, kKilled, "late");
  ASSERT_TRUE(
      senders_[0].SendText(R"({"type":"sendToGroup","group":"mesh","dataType":"text","data":"still here"})"));
  EXPECT_EQ(late.ReceiveType("message").value("data", ""), "still here");
  nlohmann::json audit;
  EXPECT_TRUE(Eventually([&] {
    audit = cluster_.Json({"audit"});
    if (!audit["complete"].get<bool>()) return false;
    for (const auto& link : audit["links"]) {
      if (!link["linked"].get<bool>() || link["waiting"] != 0 || link["inFlight"] != 0) return false;
    }
    return true;
  })) << audit.dump(1);
  EXPECT_TRUE(audit["balanced"].get<bool>()) << audit["findings"].dump(1);

  const std::lock_guard lock(mutex_);
  EXPECT_GT(deliveries_.count(), 8 * senders_.size() * kBurst) << "too little was delivered to say anything";
  for (const sync_check::Violation& violation : *deliveries_.violations()) {
    ADD_FAILURE() << violation.checker << ": " << violation.text;
  }
}

}  // namespace
}  // namespace nonet::testing
