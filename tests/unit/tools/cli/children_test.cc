// hub, private-link, operation, and --no-wait, --drain, --force of replicas.
#include "tools/cli/commands/children.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/tools/cli/fake_child_client.h"
#include "tests/unit/tools/cli/fake_control_client.h"
#include "tools/cli/commands/objects.h"

namespace nonet::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Children : public ::testing::Test {
 protected:
  Children() {
    control_.AddResource("contoso");
    resource::v1::Replica& replica = control_.replicas["resources/contoso/replicas/westus"];
    replica.set_name("resources/contoso/replicas/westus");
    for (const char* instance : {"resources/contoso", "resources/contoso/replicas/westus"}) {
      resource::v1::SharedPrivateLink& link = children_.links[absl::StrCat(instance, "/web")];
      link.set_name("web");
      link.set_private_link_resource_id("/subscriptions/s/sites/backend");
    }
    children_.links["resources/contoso/web"].set_status("Approved");
  }
  Context With(Format format) {
    return {.dir = "/d", .format = format, .out = out_, .err = err_, .out_style = {}, .err_style = {}};
  }
  static HubOptions Hub(ChildVerb verb) {
    HubOptions options;
    options.verb = verb;
    options.hub = "chat";
    return options;
  }

  FakeControlClient control_;
  FakeChildClient children_;
  std::ostringstream out_, err_;
};

TEST_F(Children, AHubIsCreatedOnlyIfItIsNotThere) {
  HubOptions options = Hub(ChildVerb::kCreate);
  options.allow_anonymous = true;
  const Pairs handler = {
      {"url-template", "http://h/{event}"}, {"system-event", "connect,connected"}, {"auth-type", "None"}};
  options.event_handlers = std::vector<Pairs>{handler};
  ASSERT_TRUE(RunHub(With(Format::kName), control_, children_, options).ok());
  const resource::v1::HubSettings& sent = children_.last_hub.hub();
  EXPECT_EQ(sent.etag(), "0");
  EXPECT_EQ(sent.anonymous_connect_policy(), "allow");
  ASSERT_EQ(sent.event_handlers_size(), 1);
  EXPECT_THAT(sent.event_handlers(0).system_events(), ElementsAre("connect", "connected"));
  EXPECT_THAT(control_.waits, ElementsAre("resources/contoso@60"));
  EXPECT_EQ(out_.str(), "chat\n");
}

TEST_F(Children, AnUpdateOfAHubKeepsWhatIsNotMentioned) {
  resource::v1::HubSettings& stored = children_.hubs["resources/contoso/chat"];
  stored.set_hub("chat");
  stored.set_etag("9");
  stored.set_websocket_keep_alive_interval_s(30);
  stored.add_event_handlers()->set_url_template("http://old");
  HubOptions options = Hub(ChildVerb::kUpdate);
  options.allow_anonymous = false;
  ASSERT_TRUE(RunHub(With(Format::kTable), control_, children_, options).ok());
  EXPECT_EQ(children_.last_hub.hub().etag(), "9") << "only if nobody else changed it since";
  EXPECT_EQ(children_.last_hub.hub().websocket_keep_alive_interval_s(), 30u);
  EXPECT_EQ(children_.last_hub.hub().event_handlers_size(), 1);
  options.event_handlers.emplace();
  ASSERT_TRUE(RunHub(With(Format::kTable), control_, children_, options).ok());
  EXPECT_EQ(children_.last_hub.hub().event_handlers_size(), 0) << "given and empty removes them";
}

TEST_F(Children, ADryRunWaitsForNothing) {
  HubOptions options = Hub(ChildVerb::kDelete);
  options.change.dry_run = true;
  ASSERT_TRUE(RunHub(With(Format::kTable), control_, children_, options).ok());
  EXPECT_THAT(children_.calls, ElementsAre("check delete chat"));
  EXPECT_THAT(control_.waits, IsEmpty());
  EXPECT_THAT(err_.str(), HasSubstr("nothing was changed"));
}

TEST_F(Children, ListsReadEveryPage) {
  for (const char* name : {"a1", "b2", "c3"}) {
    children_.hubs[absl::StrCat("resources/contoso/", name)].set_hub(name);
  }
  ASSERT_TRUE(RunHub(With(Format::kName), control_, children_, Hub(ChildVerb::kList)).ok());
  EXPECT_EQ(out_.str(), "a1\nb2\nc3\n");
  control_.operations.resize(5);
  for (int i = 0; i < 5; ++i)
    control_.operations[static_cast<size_t>(i)].set_name(absl::StrCat("operations/", 9 - i));
  out_.str("");
  ASSERT_TRUE(RunOperation(With(Format::kName), control_, {}).ok());
  EXPECT_EQ(out_.str(), "operations/9\noperations/8\noperations/7\noperations/6\noperations/5\n");
}

TEST_F(Children, ALinkIsListedAtEveryInstance) {
  LinkOptions options;
  ASSERT_TRUE(RunLink(With(Format::kJson), control_, children_, options).ok());
  const Json list = Json::parse(out_.str());
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["properties"]["status"], "Approved");
  EXPECT_EQ(list[1]["properties"]["status"], "Pending");
  EXPECT_THAT(list[1]["id"].get<std::string>(), HasSubstr("/replicas/westus/sharedPrivateLinkResources/web"));
}

TEST_F(Children, ApprovalIsForOneInstance) {
  LinkOptions options;
  options.verb = ChildVerb::kApprove;
  options.link = "web";
  ASSERT_TRUE(RunLink(With(Format::kTable), control_, children_, options).ok());
  options.replica_name = "westus";
  options.verb = ChildVerb::kReject;
  ASSERT_TRUE(RunLink(With(Format::kTable), control_, children_, options).ok());
  EXPECT_THAT(children_.calls, ElementsAre("Approved web at resources/contoso",
                                           "Rejected web at resources/contoso/replicas/westus"));
  EXPECT_THAT(control_.waits, ElementsAre("resources/contoso@63", "resources/contoso/replicas/westus@63"));
  EXPECT_THAT(out_.str(), HasSubstr("Rejected"));
}

TEST_F(Children, WarningsGoToPeopleNotToData) {
  LinkOptions options;
  options.verb = ChildVerb::kCreate;
  options.link = "web";
  options.group_id = "sites";
  options.target = "/subscriptions/s/sites/backend";
  ASSERT_TRUE(RunLink(With(Format::kName), control_, children_, options).ok());
  EXPECT_EQ(out_.str(), "web\n");
  EXPECT_EQ(err_.str(),
            "warning: not approved at westus / try: nonet private-link approve web --replica-name westus\n");
}

TEST_F(Children, OperationsShowTheirErrors) {
  resource::v1::Operation operation;
  operation.set_name("operations/12");
  operation.set_target("resources/contoso/replicas/westus");
  operation.set_verb("CreateReplica");
  operation.set_state(resource::v1::OPERATION_STATE_FAILED);
  operation.mutable_error()->set_reason("NO_INSTANCE");
  operation.mutable_error()->set_message("no instance answered");
  control_.operations = {operation};
  OperationOptions options{.verb = OperationOptions::Verb::kWait, .operation = "operations/12", .name = ""};
  ASSERT_TRUE(RunOperation(With(Format::kJson), control_, options).ok());
  EXPECT_THAT(control_.waits, ElementsAre("operations/12@0"));
  const Json shown = Json::parse(out_.str());
  EXPECT_EQ(shown["status"], "Failed");
  EXPECT_EQ(shown["error"]["code"], "NO_INSTANCE");
  EXPECT_EQ(shown["properties"]["target"], "resources/contoso/replicas/westus");
}

}  // namespace
}  // namespace nonet::cli
