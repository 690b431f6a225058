// A directory of its own for one test, removed at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/real/entropy.h"

namespace nonet::controlplane {

class TempDir {
 public:
  TempDir() : path_(std::filesystem::temp_directory_path() / ("nonet-" + RandomHex(8))) {
    std::filesystem::create_directories(path_);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string path(const std::string& below = "") const {
    return below.empty() ? path_.string() : (path_ / below).string();
  }

 private:
  const std::filesystem::path path_;
};

}  // namespace nonet::controlplane
