// The translation unit behind each shared precompiled header; see NonetTargets.cmake.
