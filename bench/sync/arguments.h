// The command line that the two engine benchmarks share: --listen=ADDRESS, or --to=ADDRESS --size=BYTES
// --seconds=S; with --raw, without the engine.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>

namespace nonet::bench {

struct Arguments {
  std::string listen, to;
  size_t size = 128;  // Bytes of a message.
  double seconds = 1.5;
  bool raw = false;
  std::string bad;  // The first that is none of these; empty: none.
};

inline Arguments ParseArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::string value = argument.substr(argument.find('=') + 1);
    if (argument == "--raw") {
      arguments.raw = true;
    } else if (argument.starts_with("--listen=")) {
      arguments.listen = value;
    } else if (argument.starts_with("--to=")) {
      arguments.to = value;
    } else if (argument.starts_with("--size=")) {
      arguments.size = std::strtoul(value.c_str(), nullptr, 10);
    } else if (argument.starts_with("--seconds=")) {
      arguments.seconds = std::strtod(value.c_str(), nullptr);
    } else if (arguments.bad.empty()) {
      arguments.bad = argument;
    }
  }
  return arguments;
}

}  // namespace nonet::bench
