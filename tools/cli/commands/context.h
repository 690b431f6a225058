// What every command gets: where the cluster is and where to write. Data goes to `out`, talk to `err`.
#pragma once

#include <iosfwd>
#include <string>

#include "absl/strings/string_view.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

struct Context {
  std::string dir;  // Absolute.
  Format format = Format::kTable;
  std::ostream& out;
  std::ostream& err;
  Style out_style;  // Colour only on a terminal without NO_COLOR.
  Style err_style;
  bool err_is_terminal = false;
};

void Print(const Context& context, const View& view);
// One line of talk.
void Say(const Context& context, absl::string_view text);
// Talk that only a person at a terminal wants to see.
void SayProgress(const Context& context, absl::string_view text);

}  // namespace nonet::cli
