#include "tools/cli/dir.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/base/bearer.h"

namespace nonet::cli {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string DefaultDir() {
  if (const std::string dir = Environment("NONET_DIR"); !dir.empty()) return AbsoluteDir(dir);
  if (const std::string state = Environment("XDG_STATE_HOME"); !state.empty()) {
    return AbsoluteDir(absl::StrCat(state, "/nonet/default"));
  }
  return AbsoluteDir(absl::StrCat(Environment("HOME"), "/.local/state/nonet/default"));
}

std::string AbsoluteDir(absl::string_view dir) {
  std::error_code error;
  const std::filesystem::path given{std::string(dir)};
  std::filesystem::path path =
      std::filesystem::weakly_canonical(std::filesystem::absolute(given, error), error);
  if (error) path = std::filesystem::absolute(given, error).lexically_normal();
  std::string text = path.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string ClusterFile(absl::string_view dir) { return absl::StrCat(dir, "/cluster.json"); }
std::string ReadyFile(absl::string_view dir, absl::string_view daemon) {
  return absl::StrCat(dir, "/run/", daemon, ".json");
}
std::string LogFile(absl::string_view dir, absl::string_view process) {
  return absl::StrCat(dir, "/logs/", process, ".log");
}
std::string ReadToken(absl::string_view dir) {
  std::ifstream in(absl::StrCat(dir, "/token"), std::ios::binary);
  std::ostringstream content;
  if (in) content << in.rdbuf();
  return ParseTokenFile(content.str(), "token").value_or("");
}
std::string SettingsFile(absl::string_view dir) { return absl::StrCat(dir, "/supervisor/settings.json"); }

}  // namespace nonet::cli
