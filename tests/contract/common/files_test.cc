#include "common/process/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace nonet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Files : public testing::Test {
 protected:
  Files() {
    char name[] = "/tmp/nonet-files-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~Files() override { std::filesystem::remove_all(root_); }

  std::string Path(const std::string& name) const { return root_ + "/" + name; }
  unsigned Mode(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(stat(Path(name).c_str(), &info), 0);
    return info.st_mode & 07777;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(root_))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string root_;
};

TEST_F(Files, AreReadAsTheyWereWritten) {
  const std::string content = std::string("a\0b\xff", 4) + std::string(100'000, 'x');
  ASSERT_TRUE(WriteFileAtomic(Path("f"), content).ok());
  EXPECT_EQ(*ReadFile(Path("f")), content);
  ASSERT_TRUE(WriteFileAtomic(Path("f"), "").ok());
  EXPECT_EQ(*ReadFile(Path("f")), "");
  EXPECT_THAT(Names(), ElementsAre("f"));
}

TEST_F(Files, HaveTheModeAskedForWhateverTheUmask) {
  const mode_t before = umask(0777);
  EXPECT_TRUE(WriteFileAtomic(Path("private"), "x").ok());
  EXPECT_TRUE(WriteFileAtomic(Path("public"), "x", 0644).ok());
  umask(0);
  EXPECT_TRUE(WriteFileAtomic(Path("private2"), "x").ok());
  umask(before);
  EXPECT_EQ(Mode("private"), 0600u);
  EXPECT_EQ(Mode("private2"), 0600u);
  EXPECT_EQ(Mode("public"), 0644u);
}

TEST_F(Files, StandUnchangedAndLeaveNothingBehindWhenAWriteFails) {
  ASSERT_TRUE(WriteFileAtomic(Path("f"), "old").ok());
  // The disk is full, as far as this process can tell.
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit tiny = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tiny);
  const absl::Status written = WriteFileAtomic(Path("f"), std::string(5000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_FALSE(written.ok());
  EXPECT_EQ(*ReadFile(Path("f")), "old");
  EXPECT_THAT(Names(), ElementsAre("f"));
}

TEST_F(Files, LeaveNothingBehindWhenTheNameIsADirectory) {
  ASSERT_TRUE(MakeDirectories(Path("d/x")).ok());
  EXPECT_FALSE(WriteFileAtomic(Path("d"), "x").ok());
  EXPECT_THAT(Names(), ElementsAre("d"));
}

TEST_F(Files, WriteIntoNoDirectoryFails) {
  EXPECT_EQ(WriteFileAtomic(Path("none/f"), "x").code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(Files, AreSeenOldOrNewNeverBetween) {
  const std::string old_content(50'000, 'o');
  const std::string new_content(70'000, 'n');
  ASSERT_TRUE(WriteFileAtomic(Path("f"), old_content).ok());
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(WriteFileAtomic(Path("f"), i % 2 == 0 ? new_content : old_content).ok());
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto content = ReadFile(Path("f"));
    ASSERT_TRUE(content.ok());
    ASSERT_TRUE(*content == old_content || *content == new_content);
  }
  writer.join();
}

TEST_F(Files, ByTwoWritersAtOnceAreOneOrTheOther) {
  std::thread a([&] {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(WriteFileAtomic(Path("f"), std::string(3000, 'a')).ok());
  });
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(WriteFileAtomic(Path("f"), std::string(2000, 'b')).ok());
  a.join();
  const std::string content = *ReadFile(Path("f"));
  EXPECT_TRUE(content == std::string(3000, 'a') || content == std::string(2000, 'b'));
  EXPECT_THAT(Names(), ElementsAre("f"));
}

TEST_F(Files, AboveTheLimitAreRefused) {
  ASSERT_TRUE(WriteFileAtomic(Path("f"), std::string(100, 'x')).ok());
  EXPECT_EQ(ReadFile(Path("f"), 100)->size(), 100u);
  EXPECT_EQ(ReadFile(Path("f"), 99).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReadFile("/dev/zero", 1000).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(Files, OfUnknownLengthAreReadWhole) {
  const auto content = ReadFile("/proc/self/status");  // Says that it has 0 bytes.
  ASSERT_TRUE(content.ok());
  EXPECT_THAT(*content, testing::HasSubstr("Threads:"));
}

TEST_F(Files, ThatAreMissingOrDirectoriesCannotBeRead) {
  EXPECT_EQ(ReadFile(Path("none")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadFile(root_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Files, DirectoriesAreMadeWithParentsForTheOwnerOnly) {
  const mode_t before = umask(0);
  EXPECT_TRUE(MakeDirectories(Path("a/b/c/")).ok());
  umask(before);
  EXPECT_EQ(Mode("a"), 0700u);
  EXPECT_EQ(Mode("a/b/c"), 0700u);
  EXPECT_TRUE(MakeDirectories(Path("a/b")).ok());
  ASSERT_TRUE(WriteFileAtomic(Path("f"), "x").ok());
  EXPECT_FALSE(MakeDirectories(Path("f/g")).ok());
  EXPECT_FALSE(MakeDirectories(Path("f")).ok());
  EXPECT_FALSE(MakeDirectories("").ok());
}

TEST_F(Files, AreRemovedOnce) {
  ASSERT_TRUE(WriteFileAtomic(Path("f"), "x").ok());
  EXPECT_TRUE(RemoveFile(Path("f")).ok());
  EXPECT_TRUE(RemoveFile(Path("f")).ok());
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_FALSE(RemoveFile(root_).ok());
}

}  // namespace
}  // namespace nonet
