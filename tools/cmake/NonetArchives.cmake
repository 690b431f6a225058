# Links gRPC, Protocol Buffers and Abseil as archives. Debian's packages hold them beside the shared libraries, but
# the targets of gRPC and Abseil name the latter. Without jumps through tables, calls for thread-local variables and
# pages scattered over seventy-five libraries, a durable change costs a seventh less CPU and a message between
# instances a tenth (docs/decisions/0023-archives.md).

# Before find_package(Protobuf).
set(Protobuf_USE_STATIC_LIBS ON)

# After find_package of gRPC and Abseil. Where there is no archive, a target stays as it is.
function(nonet_link_archives)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  list(FILTER targets INCLUDE REGEX "^(absl|gRPC)::")
  foreach(target IN LISTS targets)
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    if(NOT configurations)
      continue()
    endif()
    foreach(configuration IN LISTS configurations)
      get_target_property(location ${target} IMPORTED_LOCATION_${configuration})
      if(NOT location MATCHES "\\.so(\\.[0-9.]+)?$")
        continue()
      endif()
      string(REGEX REPLACE "\\.so(\\.[0-9.]+)?$" ".a" archive "${location}")
      if(EXISTS "${archive}")
        set_target_properties(${target} PROPERTIES
          IMPORTED_LOCATION_${configuration} "${archive}" IMPORTED_SONAME_${configuration} "")
      endif()
    endforeach()
  endforeach()
endfunction()
