#include "tools/supervisor/core/addresses.h"

#include <gtest/gtest.h>

#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {
namespace {

constexpr int64_t kWall = 1'700'000'000 * kNanosPerSecond;

TEST(AddressPool, CountsUpWithinTheRegion) {
  AddressPool pool("127.81");
  EXPECT_EQ(*pool.Take("eastus", kWall), "127.81.15.1");
  EXPECT_EQ(*pool.Take("eastus", kWall), "127.81.15.2");
}

TEST(AddressPool, AReleasedAddressRestsForTenMinutes) {
  AddressPool pool("127.80");
  ASSERT_EQ(*pool.Take("eastus", kWall), "127.80.15.1");
  pool.Release("127.80.15.1", kWall);
  EXPECT_EQ(pool.NextFreeWallNs(), kWall + kAddressQuarantineNs);
  EXPECT_EQ(*pool.Take("eastus", kWall + kAddressQuarantineNs - 1), "127.80.15.2");
  EXPECT_EQ(*pool.Take("eastus", kWall + kAddressQuarantineNs), "127.80.15.1");
}

TEST(AddressPool, RemembersTakenAndReleasedOnesOfAnEarlierLife) {
  AddressPool pool("127.80");
  pool.Restore("127.80.15.1");
  pool.RestoreReleased("127.80.15.2", kWall);
  EXPECT_EQ(*pool.Take("eastus", kWall), "127.80.15.3");
  ASSERT_EQ(pool.released(kWall).size(), 1u);
  EXPECT_EQ(pool.released(kWall)[0].address, "127.80.15.2");
}

TEST(AddressPool, LeavesTheResolversAddressAloneAndEndsAtTheLimit) {
  AddressPool pool("127.80");
  for (int i = 0; i < kAddressHostMax - 1; ++i) {
    const absl::StatusOr<std::string> address = pool.Take("eastus", kWall);
    ASSERT_TRUE(address.ok());
    EXPECT_NE(*address, "127.80.15.53");
  }
  EXPECT_EQ(pool.Take("eastus", kWall).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(AddressPool, RefusesAnUnknownRegion) {
  AddressPool pool("127.80");
  EXPECT_EQ(pool.Take("atlantis", kWall).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace nonet::supervisor
