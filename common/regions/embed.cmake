# Turns the files of common/regions/data into C++ tables, with nothing but CMake.
#   cmake -DDATA=<directory> -DOUT=<file.cc> -P embed.cmake
# Fails on anything it does not expect, so that a bad edit of the data never becomes a wrong answer.

cmake_minimum_required(VERSION 3.25)  # Empty list elements count.

function(field line key out)  # A string member of a JSON object that stands on one line.
  if(NOT line MATCHES "\"${key}\": \"([^\"\\]*)\"")
    message(FATAL_ERROR "azure-regions.json: no ${key} in: ${line}")
  endif()
  set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

function(number line key out)
  if(NOT line MATCHES "\"${key}\": (-?[0-9]+\\.?[0-9]*)[,}]")
    message(FATAL_ERROR "azure-regions.json: no ${key} in: ${line}")
  endif()
  set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

# Reads a matrix: `names` of its columns, and its `cells` as C++ rows (the empty diagonal becomes 0).
function(matrix file names cells)
  file(STRINGS "${file}" lines)
  list(POP_FRONT lines header)
  string(REPLACE "," ";" columns "${header}")
  list(POP_FRONT columns corner)
  list(LENGTH columns width)
  list(LENGTH lines height)
  if(NOT corner STREQUAL "source" OR NOT width EQUAL height)
    message(FATAL_ERROR "${file}: not a square matrix with a 'source' column")
  endif()
  set(rows "")
  set(index 0)
  foreach(line IN LISTS lines)
    list(GET columns ${index} name)
    # "name,1,2,,4": the row of this name, with its empty cell on the diagonal.
    if(NOT line MATCHES "^${name},([0-9,]*)$")
      message(FATAL_ERROR "${file}: expected the row of ${name}: ${line}")
    endif()
    string(REPLACE "," ";" row "${CMAKE_MATCH_1}")
    list(LENGTH row row_width)
    set(at 0)
    set(values "")
    foreach(cell IN LISTS row)
      if(at EQUAL index)
        if(NOT cell STREQUAL "")
          message(FATAL_ERROR "${file}: ${name} has a round trip to itself")
        endif()
        set(cell 0)
      elseif(NOT cell MATCHES "^[1-9][0-9]*$")
        message(FATAL_ERROR "${file}: ${name}: cell ${at} is '${cell}'")
      endif()
      list(APPEND values ${cell})
      math(EXPR at "${at} + 1")
    endforeach()
    if(NOT row_width EQUAL width)
      message(FATAL_ERROR "${file}: ${name} has ${row_width} cells, not ${width}")
    endif()
    list(JOIN values ", " values)
    string(APPEND rows "    ${values},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  set(${names} "${columns}" PARENT_SCOPE)
  set(${cells} "${rows}" PARENT_SCOPE)
endfunction()

matrix("${DATA}/azure-region-rtt.csv" names p50)
matrix("${DATA}/azure-region-rtt-p95.csv" p95_names p95)
if(NOT names STREQUAL p95_names)
  message(FATAL_ERROR "The two matrices have different regions")
endif()
list(LENGTH names width)

file(STRINGS "${DATA}/azure-regions.json" lines ENCODING UTF-8 REGEX "\"name\":")
set(rows "")
set(previous "")
set(found 0)
foreach(line IN LISTS lines)
  field("${line}" name name)
  field("${line}" displayName display_name)
  field("${line}" geography geography)
  number("${line}" latitude latitude)
  number("${line}" longitude longitude)
  if(NOT previous STRLESS name)
    message(FATAL_ERROR "azure-regions.json: ${name} is not in the order of names")
  endif()
  set(previous "${name}")
  list(FIND names "${name}" matrix_row)
  if(NOT matrix_row EQUAL -1)
    math(EXPR found "${found} + 1")
  endif()
  string(APPEND rows
    "    {\"${name}\", \"${display_name}\", \"${geography}\", ${latitude}, ${longitude}, ${matrix_row}},\n")
endforeach()
if(NOT found EQUAL width)
  message(FATAL_ERROR "A region of the matrix is missing in azure-regions.json")
endif()
list(LENGTH lines count)

file(WRITE "${OUT}" "// Made by common/regions/embed.cmake from common/regions/data.
#include \"common/regions/table.h\"

namespace nonet::regions {
namespace {

constexpr Row kRows[${count}] = {
${rows}};

// Milliseconds; ${width} rows of ${width}: from the row's region to the column's.
constexpr uint16_t kP50[${width} * ${width}] = {
${p50}};

constexpr uint16_t kP95[${width} * ${width}] = {
${p95}};

}  // namespace

std::span<const Row> Rows() { return kRows; }
int MatrixWidth() { return ${width}; }
std::span<const uint16_t> P50() { return kP50; }
std::span<const uint16_t> P95() { return kP95; }

}  // namespace nonet::regions
")
