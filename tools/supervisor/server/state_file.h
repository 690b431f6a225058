// DIR/supervisor/settings.json and DIR/supervisor/state.json: the settings and the fleet's state as JSON.
//
//   ASSIGN_OR_RETURN(const State state, DecodeState(text, path));
//
// Encoding and decoding are free of I/O. A file that cannot be read is DATA_LOSS naming it: never guessed at.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/supervisor/core/settings.h"
#include "tools/supervisor/core/types.h"

namespace nonet::supervisor {

std::string EncodeState(const State& state);
// `file` is for the message.
absl::StatusOr<State> DecodeState(absl::string_view text, absl::string_view file);

std::string EncodeSettings(const Settings& settings);
absl::StatusOr<Settings> DecodeSettings(absl::string_view text, absl::string_view file);

}  // namespace nonet::supervisor
