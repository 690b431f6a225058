// The only file that is compiled with CLI11; args/grammar.h lists the commands. It collects words into raw
// strings; checking what they say is args/check.cc, so that every message is ours. Nothing is declared
// required for the same reason: CLI11 would report the missing option before the misspelt one.
#include "tools/cli/args/parse.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/grammar.h"
#include "tools/cli/args/raw.h"
#include "tools/cli/args/rewrite.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

constexpr const char* kSummary =
    "Nonet: a geo-replicated Azure Web PubSub resource on your own machine.\n"
    "Start with `nonet up --replica westus westeurope --detach`, then `nonet status`.";

std::unique_ptr<CLI::App> MakeApp(Raw& raw) {
  auto app = std::make_unique<CLI::App>(kSummary, "nonet");
  app->allow_extras();
  app->require_subcommand(0, 1);
  app->set_help_flag("-h,--help", "Print this and exit");
  app->add_flag("--version", raw.version, "Print the version and exit");
  grammar::AddCommon(app.get(), raw);
  grammar::AddUp(app.get(), raw);
  grammar::AddInspection(app.get(), raw);
  grammar::AddDns(app.get(), raw);
  grammar::AddSync(app.get(), raw);
  grammar::AddObjects(app.get(), raw);
  grammar::AddHubs(app.get(), raw);
  grammar::AddLinks(app.get(), raw);
  grammar::AddOperations(app.get(), raw);
  grammar::AddDeploy(app.get(), raw);
  grammar::AddFaults(app.get(), raw);
  CLI::App* completion =
      grammar::AddCommand(app.get(), "completion", "A completion script for bash or zsh", raw);
  grammar::AddArgument(completion, "SHELL", raw, "bash or zsh");
  CLI::App* words = grammar::AddCommand(app.get(), "__words", "", raw);
  words->group("");  // Not in the help: the completion scripts call it.
  grammar::AddArgument(words, "KIND", raw, "");
  app->get_formatter()->column_width(34);
  return app;
}

std::vector<std::string> VerbsOf(CLI::App* app) {
  std::vector<std::string> verbs;
  for (const CLI::App* sub : app->get_subcommands([](CLI::App*) { return true; })) {
    if (sub->get_group().empty()) continue;
    verbs.push_back(sub->get_name());
  }
  return verbs;
}

std::vector<std::string> OptionsOf(const CLI::App* app) {
  std::vector<std::string> options;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) options.push_back(absl::StrCat("--", name));
    for (const std::string& name : option->get_snames()) options.push_back(absl::StrCat("-", name));
  }
  return options;
}

// "nonet replica add" for the app of that verb.
std::string Path(const CLI::App* app) {
  return app->get_parent() == nullptr ? "nonet" : absl::StrCat(Path(app->get_parent()), " ", app->get_name());
}

// What nobody took, at any level on the way down.
absl::Status CheckLeftovers(CLI::App* app) {
  const std::string path = Path(app);
  for (const std::string& word : app->remaining()) {
    if (word == "--") continue;
    if (absl::StartsWith(word, "-")) {
      const std::string name = word.substr(0, word.find('='));
      return errors::Usage(absl::StrCat(path, " has no option ", name, DidYouMean(name, OptionsOf(app))),
                           absl::StrCat(path, " --help"));
    }
    const std::vector<std::string> verbs = VerbsOf(app);
    if (verbs.empty()) {
      return errors::Usage(absl::StrCat(path, " takes no further argument \"", word, "\""),
                           absl::StrCat(path, " --help"));
    }
    return errors::Usage(absl::StrCat("\"", word, "\" is not a ", app->get_parent() ? Path(app) : "nonet",
                                      " command", DidYouMean(word, verbs)),
                         absl::StrCat(path, " --help"));
  }
  return absl::OkStatus();
}

// Fills raw.path with the words of the command, "replica", "add".
absl::Status FindCommand(CLI::App* root, Raw& raw) {
  CLI::App* app = root;
  while (true) {
    RETURN_IF_ERROR(CheckLeftovers(app));
    const std::vector<std::string> verbs = VerbsOf(app);
    if (verbs.empty()) return absl::OkStatus();
    const std::vector<CLI::App*> chosen = app->get_subcommands();
    if (chosen.empty()) {
      return errors::Usage(absl::StrCat(Path(app), " needs a command: ", absl::StrJoin(verbs, ", ")),
                           absl::StrCat(Path(app), " --help"));
    }
    app = chosen[0];
    raw.path.push_back(app->get_name());
  }
}

}  // namespace

absl::StatusOr<Parsed> Parse(std::vector<std::string> arguments, absl::string_view version) {
  Raw raw;
  ReadHelp(arguments);
  ReadAzurePrefix(arguments);
  JoinGroups(arguments);
  const std::unique_ptr<CLI::App> app = MakeApp(raw);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app->parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return HelpText{app->help()};
  } catch (const CLI::ParseError& error) {
    return errors::Usage(error.what(), "nonet --help");
  }
  if (raw.version) return HelpText{absl::StrCat("nonet ", version, "\n")};
  RETURN_IF_ERROR(FindCommand(app.get(), raw));
  ASSIGN_OR_RETURN(CommandLine line, Check(raw));
  return line;
}

std::map<std::string, std::vector<std::string>> Surface() {
  Raw raw;
  const std::unique_ptr<CLI::App> app = MakeApp(raw);
  std::map<std::string, std::vector<std::string>> surface;
  const auto visit = [&](const auto& self, CLI::App* at, const std::string& path) -> void {
    std::vector<std::string>& words = surface[path];
    words = VerbsOf(at);
    if (words.empty()) {
      for (const std::string& option : OptionsOf(at)) {
        if (absl::StartsWith(option, "--")) words.push_back(option);
      }
    }
    for (CLI::App* sub : at->get_subcommands([](CLI::App*) { return true; })) {
      if (sub->get_group().empty()) continue;
      self(self, sub, path.empty() ? sub->get_name() : absl::StrCat(path, " ", sub->get_name()));
    }
  };
  visit(visit, app.get(), "");
  return surface;
}

}  // namespace nonet::cli
