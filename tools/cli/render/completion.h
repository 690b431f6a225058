// Completion scripts, made from the command line's own surface. Live names come from `nonet __words`. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace nonet::cli {

using SurfaceWords = std::map<std::string, std::vector<std::string>>;

// For `eval "$(nonet completion bash)"`.
std::string BashCompletion(const SurfaceWords& surface);
// For `eval "$(nonet completion zsh)"`: zsh's own bash emulation, so that there is one truth.
std::string ZshCompletion(const SurfaceWords& surface);

}  // namespace nonet::cli
