// The shipped data as tables; common/regions/embed.cmake makes the definitions at build time.
#pragma once

#include <cstdint>
#include <span>

namespace nonet::regions {

struct Row {
  const char* name;
  const char* display_name;
  const char* geography;
  double latitude;
  double longitude;
  int matrix_row;  // Its row and column in the matrices; -1 when they lack it.
};

std::span<const Row> Rows();  // Sorted by name.
int MatrixWidth();
// Row by row; milliseconds; 0 on the diagonal.
std::span<const uint16_t> P50();
std::span<const uint16_t> P95();

}  // namespace nonet::regions
