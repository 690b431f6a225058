# Language level, warnings and the helpers that make a rebuild quick. Nothing here is required to be
# installed: ccache and mold are used when they are found.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Assertions of ours (NONET_CHECK) stay on in every build; -O2 keeps the compile short.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(NONET_CCACHE ccache)
if(NONET_CCACHE)
  # A precompiled header only hits the cache with these two sloppiness settings. What the compiler says it read
  # decides about a hit, so a miss is not preprocessed apart first.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1 ${NONET_CCACHE})
endif()

# Most of a compile here is reading headers, so a release build compiles the sources of a library in batches.
# File-local names must therefore differ within a library; the other presets compile file by file, which shows
# a missing include.
option(NONET_UNITY "Compile the sources of a library in batches" ON)

find_program(NONET_MOLD mold)
if(NONET_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# It defines a macro, which all who share a precompiled header have to agree about.
add_compile_options(-pthread)

# The compiler collects its garbage only beyond 2 GiB, which no source here needs: a twentieth of its time.
add_compile_options($<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=2097152>)

# Every target of ours links this; third-party and generated code does not.
add_library(nonet_warnings INTERFACE)
target_compile_options(nonet_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<CXX_COMPILER_ID:GNU>:-Wno-psabi -fpch-preprocess>)

option(NONET_THREAD_SAFETY "Check Abseil's thread annotations (clang only)" OFF)
if(NONET_THREAD_SAFETY)
  target_compile_options(nonet_warnings INTERFACE -Wthread-safety)
endif()

set(NONET_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined or thread")
if(NONET_SANITIZE)
  add_compile_options(-fsanitize=${NONET_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${NONET_SANITIZE})
  # g++ 12 sees uninitialised values that are none (in Boost.Optional, for one) once its sanitizers are on.
  # Asio fences where its mutexes order things too.
  target_compile_options(nonet_warnings INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()

include_directories(${CMAKE_SOURCE_DIR})  # Includes are written from the root: "replica/core/hub.h".
