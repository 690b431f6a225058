#include "common/loop/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/clock/simulated_clock.h"
#include "common/real/real_clock.h"
#include "tests/contract/common/loop_thread.h"

namespace nonet {
namespace {

using testing::ElementsAre;

TEST(EventLoop, RunsTasksInTheOrderPosted) {
  EventLoop loop(RealClock());
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) loop.Post([&, i] { ran.push_back(i); });
  loop.Post([&] { loop.Post([&] { ran.push_back(9); }); });
  loop.Post([&] { loop.Post([&] { loop.Stop(); }); });
  loop.Run();
  EXPECT_THAT(ran, ElementsAre(0, 1, 2, 9));
}

TEST(EventLoop, KeepsTheOrderOfEachOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 5'000;
  LoopThread loop(RealClock());
  std::vector<int> next(kThreads);
  bool in_order = true;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        loop.get().Post([&, t, i] { in_order = in_order && next[static_cast<size_t>(t)]++ == i; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  loop.Call([&] {
    EXPECT_TRUE(in_order);
    EXPECT_THAT(next, ElementsAre(kTasks, kTasks, kTasks, kTasks));
  });
}

TEST(EventLoop, RunsWhatWasPostedBeforeStop) {
  EventLoop loop(RealClock());
  int ran = 0;
  loop.Post([&] { ++ran; });
  loop.Stop();
  loop.Run();
  EXPECT_EQ(ran, 1);
}

TEST(EventLoop, DestroysPendingTasksWithoutRunningThem) {
  bool ran = false;
  const auto held = std::make_shared<int>();
  {
    EventLoop loop(RealClock());
    loop.Post([&, held] { ran = true; });
    loop.RunAfter(0, [&, held] { ran = true; });
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(EventLoop, TakesPostsAndCancelsFromTasksThatAreDestroyedWithIt) {
  struct Noisy {
    EventLoop* loop;
    EventLoop::TimerId timer;
    Noisy(EventLoop* loop_in, EventLoop::TimerId timer_in) : loop(loop_in), timer(timer_in) {}
    ~Noisy() {
      loop->Cancel(timer);
      loop->Post([] { FAIL(); });
      loop->RunAfter(0, [] { FAIL(); });
    }
  };
  EventLoop loop(RealClock());
  const EventLoop::TimerId other = loop.RunAfter(0, [] {});
  loop.RunAfter(0, [noisy = std::make_unique<Noisy>(&loop, other)] {});
  loop.Post([noisy = std::make_unique<Noisy>(&loop, other)] {});
}

TEST(EventLoop, KnowsItsThread) {
  LoopThread loop(RealClock());
  EXPECT_FALSE(loop.get().InTurn());
  EXPECT_TRUE(loop.Call([&] { return loop.get().InTurn(); }));
}

TEST(EventLoopTimers, RunInTheOrderOfTimeThenOfAge) {
  EventLoop loop(RealClock());
  std::vector<int> ran;
  const int64_t now = loop.clock().SteadyNs();
  loop.RunAt(now + 2 * kNanosPerMilli, [&] { ran.push_back(3); });
  loop.RunAt(now + 1 * kNanosPerMilli, [&] { ran.push_back(1); });
  loop.RunAt(now + 1 * kNanosPerMilli, [&] { ran.push_back(2); });
  loop.RunAt(now + 3 * kNanosPerMilli, [&] { loop.Stop(); });
  loop.Run();
  EXPECT_THAT(ran, ElementsAre(1, 2, 3));
}

TEST(EventLoopTimers, NeverRunEarly) {
  EventLoop loop(RealClock());
  const int64_t due = loop.clock().SteadyNs() + 3 * kNanosPerMilli;
  int64_t ran_at = 0;
  loop.RunAt(due, [&] {
    ran_at = loop.clock().SteadyNs();
    loop.Stop();
  });
  loop.Run();
  EXPECT_GE(ran_at, due);
}

TEST(EventLoopTimers, ThatAreCancelledNeverRun) {
  EventLoop loop(RealClock());
  const auto held = std::make_shared<int>();
  bool ran = false;
  const auto timer = loop.RunAfter(kNanosPerMilli, [&, held] { ran = true; });
  EventLoop::TimerId second = 0;
  loop.RunAfter(0, [&] { loop.Cancel(second); });  // Due in the same turn.
  second = loop.RunAfter(0, [&] { ran = true; });
  loop.RunAfter(3 * kNanosPerMilli, [&] { loop.Stop(); });
  loop.Cancel(timer);
  loop.Cancel(timer);
  loop.Cancel(0);
  loop.Cancel(12345);
  EXPECT_EQ(held.use_count(), 1);
  loop.Run();
  EXPECT_FALSE(ran);
}

TEST(EventLoopTimers, MayCancelThemselvesAndSetThemselvesAgain) {
  EventLoop loop(RealClock());
  int runs = 0;
  EventLoop::TimerId timer = 0;
  std::function<void()> tick = [&] {
    loop.Cancel(timer);
    if (++runs == 3) return loop.Stop();
    timer = loop.RunAfter(0, [&] { tick(); });
  };
  timer = loop.RunAfter(0, [&] { tick(); });
  loop.Run();
  EXPECT_EQ(runs, 3);
}

TEST(EventLoopTimers, WithoutDelayDoNotStarveTasks) {
  EventLoop loop(RealClock());
  std::function<void()> spin = [&] { loop.RunAfter(0, [&] { spin(); }); };
  spin();
  loop.Post([&] { loop.Post([&] { loop.Stop(); }); });
  loop.Run();
}

TEST(EventLoopTimers, FollowASimulatedClock) {
  SimulatedClock clock;
  LoopThread loop(clock);
  int runs = 0;
  loop.Call([&] { loop.get().RunAfter(3600 * kNanosPerSecond, [&] { ++runs; }); });
  clock.AdvanceNs(3600 * kNanosPerSecond - 1);
  loop.Call([] {});
  EXPECT_EQ(loop.Call([&] { return runs; }), 0);
  clock.AdvanceNs(1);
  loop.Call([] {});
  EXPECT_EQ(loop.Call([&] { return runs; }), 1);
}

TEST(EventLoopTimers, RunAfterWhatIsPostedDuringALoneHandler) {
  for (int i = 0; i < 50; ++i) {
    SimulatedClock clock;
    LoopThread loop(clock);
    absl::Notification due, begun, posted;
    loop.Call([&] { loop.get().RunAfter(3600 * kNanosPerSecond, [&] { due.Notify(); }); });
    for (int j = 0; j < i; ++j) std::thread([] {}).join();  // Sooner or later the loop has nothing to do.
    boost::asio::post(loop.get().executor(), [&] {
      begun.Notify();
      posted.WaitForNotification();
    });
    begun.WaitForNotification();
    clock.AdvanceNs(3600 * kNanosPerSecond);
    loop.get().Post([] {});
    posted.Notify();
    due.WaitForNotification();
  }
}

}  // namespace
}  // namespace nonet
