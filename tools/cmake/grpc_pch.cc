// The translation unit behind the shared precompiled gRPC header; see NonetTargets.cmake.
