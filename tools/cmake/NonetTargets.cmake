# How a room declares its targets. The house rules hang on these functions, so use them rather than
# add_library directly:
#
#   nonet_library(dnsresolver_core PURE SOURCES steer.cc steer.h DEPS nonet::regions absl::status)
#   nonet_library(replica_server GRPC SOURCES ... DEPS ...)
#   nonet_program(nonet-replica SOURCES main.cc DEPS nonet::replica_server)
#   nonet_test(steer_test LABEL unit SOURCES steer_test.cc DEPS nonet::dnsresolver_core)
#
# PURE: a core or codec. Its headers and its object files are checked against the deny-lists of
#       tools/checks (no gRPC, RocksDB, Boost, thread, file, clock, environment, random device).
# GRPC: compiles with the shared precompiled gRPC header and links gRPC.
# COLD: nothing of it runs often, so it is optimised less and compiled sooner; generated code, too.
# PCH name: compiles with that precompiled header declared by nonet_pch (default: base). Sources include what
#       they use all the same: the thread-safety check and clangd see them without it.

# Read by nearly every source; a part of every precompiled header.
set(NONET_PCH_HEADERS
  <absl/container/flat_hash_map.h> <absl/functional/any_invocable.h> <absl/status/statusor.h> <absl/strings/match.h>
  <absl/strings/str_cat.h> <absl/strings/str_join.h> <absl/strings/str_split.h> <absl/time/time.h> <algorithm>
  <functional> <map> <memory> <optional> <set> <string> <variant> <vector>)

function(_nonet_common target)
  target_link_libraries(${target} PRIVATE nonet_warnings)
endfunction()

function(_nonet_batches target)
  if(NONET_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    # A batch looks to the compiler like a header with a file-local name in it.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

function(_nonet_cold target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

function(_nonet_grpc target)
  target_link_libraries(${target} PUBLIC gRPC::grpc++)
  target_precompile_headers(${target} REUSE_FROM nonet_grpc_pch)
endfunction()

# nonet_pch(asio HEADERS <boost/asio/ip/tcp.hpp> DEPS Boost::headers): headers that several targets include
# and that cost more to read than to load.
function(nonet_pch name)
  cmake_parse_arguments(ARG "" "" "HEADERS;DEPS" ${ARGN})
  add_library(nonet_pch_${name} STATIC ${CMAKE_SOURCE_DIR}/tools/cmake/pch.cc)
  _nonet_common(nonet_pch_${name})
  target_link_libraries(nonet_pch_${name} PUBLIC ${ARG_DEPS})
  target_precompile_headers(nonet_pch_${name} PRIVATE ${ARG_HEADERS} ${NONET_PCH_HEADERS})
endfunction()

function(nonet_library name)
  cmake_parse_arguments(ARG "PURE;GRPC;COLD" "PCH" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(nonet_${name} STATIC ${ARG_SOURCES})
  add_library(nonet::${name} ALIAS nonet_${name})
  _nonet_common(nonet_${name})
  target_link_libraries(nonet_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  _nonet_batches(nonet_${name})
  if(ARG_GRPC)
    _nonet_grpc(nonet_${name})
  elseif(ARG_PCH)
    target_precompile_headers(nonet_${name} REUSE_FROM nonet_pch_${ARG_PCH})
  else()
    target_precompile_headers(nonet_${name} REUSE_FROM nonet_pch_base)
  endif()
  if(ARG_COLD)
    _nonet_cold(nonet_${name})
  endif()
  if(ARG_PURE)
    if(ARG_GRPC)
      message(FATAL_ERROR "nonet_${name}: a PURE library may not use gRPC")
    endif()
    if(NOT NONET_SANITIZE)  # A sanitizer's own run-time calls would trip the check.
      add_custom_command(TARGET nonet_${name} POST_BUILD
        COMMAND ${CMAKE_SOURCE_DIR}/tools/checks/pure-symbols $<TARGET_FILE:nonet_${name}>
        COMMENT "Checking that ${name} is pure" VERBATIM)
    endif()
  endif()
endfunction()

# JEMALLOC: allocates with it (docs/decisions/0018-jemalloc.md).
function(nonet_program name)
  cmake_parse_arguments(ARG "GRPC;JEMALLOC" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  _nonet_common(${name})
  _nonet_cold(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  if(ARG_JEMALLOC AND NOT NONET_SANITIZE)  # A sanitizer brings its own.
    find_library(NONET_JEMALLOC_LIBRARY jemalloc REQUIRED)
    target_link_libraries(${name} PRIVATE ${NONET_JEMALLOC_LIBRARY})
  endif()
  if(ARG_GRPC)
    _nonet_grpc(${name})
  else()
    target_precompile_headers(${name} REUSE_FROM nonet_pch_base)
  endif()
endfunction()

function(nonet_test name)
  cmake_parse_arguments(ARG "GRPC;SERIAL" "LABEL;TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_LABEL OR NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  _nonet_common(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if(ARG_GRPC)
    target_link_libraries(${name} PRIVATE gRPC::grpc++)
    target_precompile_headers(${name} REUSE_FROM nonet_grpc_pch)
  else()
    target_precompile_headers(${name} REUSE_FROM nonet_pch_gtest)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

# nonet_proto(resource_v1 FILES nonet/resource/v1/a.proto ... [SERVICES nonet/resource/v1/b.proto ...] [DEPS ...])
# Two targets: nonet::proto_<name> (messages only, what a core may link) and, when there are services,
# nonet::grpc_<name>. Generated code is compiled without our warnings and included as SYSTEM.
function(nonet_proto name)
  cmake_parse_arguments(ARG "" "" "FILES;SERVICES;DEPS" ${ARGN})
  set(gen ${CMAKE_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${gen})
  set(message_sources)
  set(service_sources)
  foreach(proto IN LISTS ARG_FILES ARG_SERVICES)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(outputs ${gen}/${stem}.pb.cc ${gen}/${stem}.pb.h)
    list(APPEND message_sources ${gen}/${stem}.pb.cc)
    set(plugin_args)
    if(proto IN_LIST ARG_SERVICES)
      list(APPEND outputs ${gen}/${stem}.grpc.pb.cc ${gen}/${stem}.grpc.pb.h)
      list(APPEND service_sources ${gen}/${stem}.grpc.pb.cc)
      set(plugin_args --grpc_out=${gen} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(OUTPUT ${outputs}
      COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}/proto --cpp_out=${gen} ${plugin_args}
              ${CMAKE_SOURCE_DIR}/proto/${proto}
      DEPENDS ${CMAKE_SOURCE_DIR}/proto/${proto} VERBATIM)
  endforeach()
  add_library(nonet_proto_${name} STATIC ${message_sources})
  add_library(nonet::proto_${name} ALIAS nonet_proto_${name})
  _nonet_cold(nonet_proto_${name})
  target_include_directories(nonet_proto_${name} SYSTEM PUBLIC ${gen})
  target_link_libraries(nonet_proto_${name} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  if(service_sources)
    add_library(nonet_grpc_${name} STATIC ${service_sources})
    add_library(nonet::grpc_${name} ALIAS nonet_grpc_${name})
    _nonet_cold(nonet_grpc_${name})
    target_link_libraries(nonet_grpc_${name} PUBLIC nonet_proto_${name} gRPC::grpc++)
    if(NONET_UNITY)
      set_target_properties(nonet_grpc_${name} PROPERTIES UNITY_BUILD ON)
    endif()
    target_compile_options(nonet_grpc_${name} PRIVATE -Wpedantic -w)  # As the precompiled header; no warnings.
    target_precompile_headers(nonet_grpc_${name} REUSE_FROM nonet_grpc_pch)
    foreach(dep IN LISTS ARG_DEPS)
      add_dependencies(nonet_grpc_${name} ${dep})
    endforeach()
  endif()
endfunction()
