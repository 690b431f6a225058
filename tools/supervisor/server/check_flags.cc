#include "tools/supervisor/server/check_flags.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tools/supervisor/core/errors.h"

extern "C" char** environ;

namespace nonet::supervisor {
namespace {

constexpr size_t kWordsBytesMax = 4'096;

// What comes out of the pipe until its writers are gone; the first part of it.
std::string ReadWords(int fd) {
  std::string words;
  std::array<char, 1024> buffer;
  while (true) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return words;
    if (words.size() < kWordsBytesMax) words.append(buffer.data(), static_cast<size_t>(n));
  }
}

// "error[BAD_FLAG]: sentence / try: ..." -> "sentence".
std::string Sentence(absl::string_view words) {
  const size_t begin = words.find("]: ");
  if (begin != absl::string_view::npos) words.remove_prefix(begin + 3);
  words = words.substr(0, words.find(" / try: "));
  return std::string(words.substr(0, words.find('\n')));
}

}  // namespace

absl::Status CheckFlags(const std::string& program, std::vector<std::string> arguments) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return absl::InternalError(absl::StrCat("pipe: ", std::strerror(errno)));
  const absl::Cleanup close_reading = [&] { close(ends[0]); };
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  const absl::Cleanup free = [&] { posix_spawn_file_actions_destroy(&files); };
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);

  arguments.push_back("--check_flags");
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program.c_str(), &files, nullptr, argv.data(), environ);
  close(ends[1]);
  if (error == ENOENT) return ProgramMissing(program);
  if (error != 0) return absl::InternalError(absl::StrCat(program, ": ", std::strerror(error)));
  const std::string words = ReadWords(ends[0]);
  int how = 0;
  while (waitpid(pid, &how, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(Sentence(words));
}

}  // namespace nonet::supervisor
