#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/log_files.h"

namespace nonet::cli {
namespace {

std::vector<LogSource> Chosen(const std::string& dir, const std::string& process) {
  std::vector<LogSource> sources = FindLogs(dir);
  if (!process.empty())
    std::erase_if(sources, [&](const LogSource& source) { return !IsMeantBy(source, process); });
  return sources;
}

void PrintLine(const Context& context, const LogLine& line, bool prefix) {
  if (context.format == Format::kJson) {
    const Json json = {{"process", line.process}, {"time", line.time}, {"line", line.text}};
    context.out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    return;
  }
  if (prefix) context.out << Paint(absl::StrCat(line.process, " | "), Tone::kDim, context.out_style);
  context.out << line.text << "\n";
}

// Whole lines only; what is not finished yet waits for its end.
class Follower {
 public:
  explicit Follower(const Context& context, const LogsOptions& options)
      : context_(context), options_(options) {}

  void SkipWhatIsThere() {
    for (const LogSource& source : Chosen(context_.dir, options_.process)) {
      std::error_code error;
      offsets_[source.path] = std::filesystem::file_size(source.path, error);
    }
  }

  void PrintNew() {
    for (const LogSource& source : Chosen(context_.dir, options_.process)) {
      std::ifstream in(source.path, std::ios::binary);
      std::uintmax_t& offset = offsets_[source.path];
      in.seekg(static_cast<std::streamoff>(offset));
      std::ostringstream text;
      text << in.rdbuf();
      const std::string read = text.str();
      const size_t end = read.rfind('\n');
      if (end == std::string::npos) continue;
      offset += end + 1;
      for (const LogLine& line : SplitLog(source.process, absl::string_view(read).substr(0, end))) {
        PrintLine(context_, line, options_.process.empty());
      }
    }
    context_.out << std::flush;
  }

 private:
  const Context& context_;
  const LogsOptions& options_;
  std::map<std::string, std::uintmax_t> offsets_;
};

// Until the reader goes away, or a signal.
void Follow(const Context& context, Follower& follower) {
  const int changes = inotify_init1(IN_CLOEXEC);
  inotify_add_watch(changes, absl::StrCat(context.dir, "/logs").c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
  std::array<char, 16384> drained;
  do {
    follower.PrintNew();
  } while (context.out && read(changes, drained.data(), drained.size()) > 0);
  close(changes);
}

}  // namespace

absl::StatusOr<int> Run(const Context& context, const LogsOptions& options) {
  const std::vector<LogSource> all = FindLogs(context.dir);
  if (all.empty()) return errors::NotRunning(context.dir);
  const std::vector<LogSource> chosen = Chosen(context.dir, options.process);
  if (chosen.empty()) {
    std::vector<std::string> names;
    for (const LogSource& source : all) names.push_back(source.process);
    return errors::Usage(
        absl::StrCat("there is no log of ", options.process, DidYouMean(options.process, names)),
        absl::StrCat("one of ", absl::StrJoin(names, ", ")));
  }
  Follower follower(context, options);
  if (options.follow) follower.SkipWhatIsThere();
  for (const LogLine& line : MergeTails(chosen, options.lines))
    PrintLine(context, line, options.process.empty());
  context.out << std::flush;
  if (options.follow) Follow(context, follower);
  return kExitDone;
}

}  // namespace nonet::cli
