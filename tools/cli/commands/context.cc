#include "tools/cli/commands/context.h"

#include <ostream>

namespace nonet::cli {

void Print(const Context& context, const View& view) {
  context.out << Render(view, context.format, context.out_style) << std::flush;
}

void Say(const Context& context, absl::string_view text) { context.err << text << "\n" << std::flush; }

void SayProgress(const Context& context, absl::string_view text) {
  if (context.err_is_terminal)
    context.err << Paint(text, Tone::kDim, context.err_style) << "\n" << std::flush;
}

}  // namespace nonet::cli
