// The environment of a client "in" a region: what `nonet env` prints. Pure; thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/regions/regions.h"

namespace nonet::cli {

struct ClientPlace {
  std::string connection_string;
  std::string authority_file;  // "DIR/ca.pem"
  std::string dns;             // "127.0.0.1:7853"
  std::string zone;            // "webpubsub.azure.com"
  const Region* region = nullptr;
  std::string preload_path;  // Of the Node preload script.
};

// Name and value, in the order in which they are printed. NODE_OPTIONS holds --require with the path quoted
// as Node wants it.
std::vector<std::pair<std::string, std::string>> EnvironmentOf(const ClientPlace& place);

// Lines for sh to eval. NODE_OPTIONS keeps what is set already.
std::string ShellLines(const std::vector<std::pair<std::string, std::string>>& environment);

// In single quotes, so that sh takes every character as it is.
std::string ShellQuote(absl::string_view text);

// The Node preload script itself: tools/cli/env/preload.cjs, embedded at build time.
absl::string_view PreloadScript();

}  // namespace nonet::cli
