// NONET_CHECK aborts on a bug of ours, in every build. Never on input: bad input is a Status.
#pragma once

#define NONET_CHECK(condition)                              \
  do {                                                      \
    if (!(condition)) [[unlikely]] {                        \
      ::nonet::CheckFailed(__FILE__, __LINE__, #condition); \
    }                                                       \
  } while (false)

namespace nonet {

// Writes the place to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace nonet
