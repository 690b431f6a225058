// A command line's words before they are parsed: Azure CLI's spellings made ours. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

namespace nonet::cli {

// Between the words of one --event-handler once JoinGroups has made them one. No shell passes it on.
inline constexpr char kGroupSeparator = '\x1f';

// Azure CLI's words: `webpubsub replica ...`, `webpubsub hub ...`, `webpubsub key show`, the resource's verbs
// right after `webpubsub`; `deployment group create|what-if|validate`.
void ReadAzurePrefix(std::vector<std::string>& arguments);

// `nonet help replica add` is `nonet replica add --help`.
void ReadHelp(std::vector<std::string>& arguments);

// The words after each --event-handler and --event-listener become one: they belong together.
void JoinGroups(std::vector<std::string>& arguments);

}  // namespace nonet::cli
