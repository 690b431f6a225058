// nonet: the command line of a cluster. Everything is a library; this joins it.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <variant>

#include "common/process/daemon.h"
#include "tools/cli/args/parse.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/errors.h"

namespace {

bool WantsColour(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(descriptor) != 0 && (no_color == nullptr || no_color[0] == '\0');
}

}  // namespace

int main(int argc, char** argv) {
  using namespace nonet::cli;
  signal(SIGPIPE, SIG_IGN);
  const bool colour = WantsColour(STDERR_FILENO);
  const absl::StatusOr<Parsed> parsed = Parse({argv + 1, argv + argc}, nonet::Version());
  if (!parsed.ok()) {
    std::cerr << ErrorText(parsed.status(), colour);
    return ExitCode(parsed.status());
  }
  if (const auto* help = std::get_if<HelpText>(&*parsed)) {
    std::cout << help->text;
    return kExitDone;
  }
  const CommandLine& line = std::get<CommandLine>(*parsed);
  const Context context{.dir = line.dir,
                        .format = line.format,
                        .out = std::cout,
                        .err = std::cerr,
                        .out_style = {.colour = WantsColour(STDOUT_FILENO)},
                        .err_style = {.colour = colour},
                        .err_is_terminal = isatty(STDERR_FILENO) != 0};
  const absl::StatusOr<int> exit_code =
      std::visit([&](const auto& options) { return Run(context, options); }, line.command);
  if (exit_code.ok()) return *exit_code;
  std::cerr << ErrorText(exit_code.status(), colour);
  return ExitCode(exit_code.status());
}
