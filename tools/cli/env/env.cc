#include "tools/cli/env/env.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace nonet::cli {
namespace {

// The host part of a client's loopback address. The prober has 53.
constexpr int kClientHost = 1;

// Node splits NODE_OPTIONS at spaces outside double quotes, in which a backslash escapes.
std::string NodeQuote(absl::string_view path) {
  return absl::StrCat("\"", absl::StrReplaceAll(path, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> EnvironmentOf(const ClientPlace& place) {
  return {{"WebPubSubConnectionString", place.connection_string},
          {"NODE_EXTRA_CA_CERTS", place.authority_file},
          {"NONET_DNS", place.dns},
          {"NONET_ZONE", place.zone},
          {"NONET_FROM", std::string(place.region->name)},
          {"NONET_CLIENT_ADDRESS", LoopbackAddress(*place.region, kClientHost)},
          {"NODE_OPTIONS", absl::StrCat("--require ", NodeQuote(place.preload_path))}};
}

std::string ShellQuote(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string ShellLines(const std::vector<std::pair<std::string, std::string>>& environment) {
  std::string lines;
  for (const auto& [name, value] : environment) {
    if (name == "NODE_OPTIONS") {
      // Eval'd twice, the script of the last one stays: it is put last, and Node loads each file once.
      absl::StrAppend(&lines, "export NODE_OPTIONS=\"${NODE_OPTIONS:+$NODE_OPTIONS }\"", ShellQuote(value),
                      "\n");
    } else {
      absl::StrAppend(&lines, "export ", name, "=", ShellQuote(value), "\n");
    }
  }
  return lines;
}

}  // namespace nonet::cli
