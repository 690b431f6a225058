# Turns preload.cjs into a C++ string, with nothing but CMake.
#   cmake -DIN=<preload.cjs> -DOUT=<file.cc> -P embed.cmake

cmake_minimum_required(VERSION 3.25)
file(READ "${IN}" text)
string(FIND "${text}" ")NONET\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${IN} contains the delimiter of the string that it becomes")
endif()
# A string literal may have 65,536 characters by the standard; stay well below.
string(LENGTH "${text}" length)
if(length GREATER 60000)
  message(FATAL_ERROR "${IN} is too long to embed: ${length} bytes")
endif()
file(WRITE "${OUT}" "// Made by tools/cli/env/embed.cmake from tools/cli/env/preload.cjs.
#include \"tools/cli/env/env.h\"

namespace nonet::cli {

absl::string_view PreloadScript() {
  static constexpr char kText[] = R\"NONET(")
file(APPEND "${OUT}" "${text}")
file(APPEND "${OUT}" ")NONET\";
  return absl::string_view(kText, sizeof(kText) - 1);
}

}  // namespace nonet::cli
")
