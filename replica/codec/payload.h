// What a message carries, independent of who sent it and how it is framed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace nonet::replica {

enum class DataType : uint8_t {
  kText = 1,  // UTF-8.
  kJson,      // The JSON text, byte for byte as it was sent.
  kBinary,
  kProtobuf,  // A serialised google.protobuf.Any.
};

// Names are unique; in the order they came.
using Metadata = std::vector<std::pair<std::string, std::string>>;

}  // namespace nonet::replica
