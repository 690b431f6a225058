#include "tools/supervisor/core/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/unit/tools/supervisor/fleet_harness.h"

namespace nonet::supervisor {
namespace {

using ::testing::ElementsAre;

ProcessNames NamesOf(const std::vector<InstanceSpec>& specs) {
  std::vector<const InstanceSpec*> pointers;
  for (const InstanceSpec& spec : specs) pointers.push_back(&spec);
  return ProcessNames(pointers);
}

TEST(ProcessNames, AreTheBareIdsWhereTheyAreUnique) {
  const ProcessNames names =
      NamesOf({Instance("contoso", "", "eastus"), Instance("contoso", "westus", "westus")});
  EXPECT_THAT(names.All(), ElementsAre("controlplane", "dnsresolver", "contoso", "westus"));
}

TEST(ProcessNames, CarryTheResourceWhereTwoHaveAReplicaOfOneName) {
  const ProcessNames names =
      NamesOf({Instance("contoso", "", "eastus"), Instance("contoso", "westus", "westus"),
               Instance("fabrikam", "", "eastus"), Instance("fabrikam", "westus", "westus")});
  EXPECT_THAT(names.All(), ElementsAre("controlplane", "dnsresolver", "contoso", "contoso/westus", "fabrikam",
                                       "fabrikam/westus"));
  EXPECT_EQ(*names.KeyOf("fabrikam/westus"), "resources/fabrikam/replicas/westus");
  const absl::Status ambiguous = names.KeyOf("westus").status();
  EXPECT_EQ(ErrorReason(ambiguous), "AMBIGUOUS_PROCESS");
  EXPECT_EQ(GetErrorDetails(ambiguous).next_step, "use one of: contoso/westus, fabrikam/westus");
}

TEST(ProcessNames, AcceptEveryFormInAnyCase) {
  const ProcessNames names =
      NamesOf({Instance("contoso", "", "eastus"), Instance("contoso", "westus", "westus")});
  for (const char* form : {"westus", "WestUS", "contoso/westus", "resources/contoso/replicas/westus"}) {
    EXPECT_EQ(*names.KeyOf(form), "resources/contoso/replicas/westus") << form;
  }
  EXPECT_EQ(*names.KeyOf("contoso"), "resources/contoso");
}

TEST(ProcessNames, APrimaryKeepsItsNameBesideAReplicaCalledTheSame) {
  const ProcessNames names = NamesOf({Instance("contoso", "", "eastus"), Instance("fabrikam", "", "eastus"),
                                      Instance("fabrikam", "contoso", "westus")});
  EXPECT_EQ(*names.KeyOf("contoso"), "resources/contoso");
  EXPECT_EQ(*names.KeyOf("fabrikam/contoso"), "resources/fabrikam/replicas/contoso");
}

TEST(ProcessNames, DaemonsKeepTheirs) {
  const ProcessNames names =
      NamesOf({Instance("controlplane", "", "eastus"), Instance("contoso", "dnsresolver", "westus")});
  EXPECT_EQ(*names.KeyOf("controlplane"), "controlplane");
  EXPECT_EQ(*names.KeyOf("resources/controlplane"), "resources/controlplane");
  EXPECT_EQ(*names.KeyOf("dnsresolver"), "dnsresolver");
  EXPECT_EQ(*names.KeyOf("contoso/dnsresolver"), "resources/contoso/replicas/dnsresolver");
}

TEST(ProcessNames, FilesAreDistinct) {
  EXPECT_EQ(FileStem(ProcessKind::kControlplane, {}), "controlplane");
  EXPECT_EQ(FileStem(ProcessKind::kInstance, Instance("contoso", "", "eastus")), "contoso__contoso");
  EXPECT_EQ(FileStem(ProcessKind::kInstance, Instance("contoso", "westus", "westus")), "contoso__westus");
}

}  // namespace
}  // namespace nonet::supervisor
