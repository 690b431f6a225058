// The history's file format and what it means: records framed so that a torn tail is noticed, each the
// difference to the one before, and the state that they add up to. Pure; reads and writes no file.
//
//   file += FrameRecord(record);                              // Writing: append only.
//   for (const HistoryRecord& record : ReadRecords(file).records) state.Apply(record);
//
// Frame: length of the payload (4 bytes, little-endian), CRC-32 (IEEE 802.3) of the payload (4 bytes,
// little-endian), payload: a nonet.steering.v1.HistoryRecord.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "nonet/steering/v1/history.pb.h"

namespace nonet::dns {

using steering::v1::HistoryRecord;

// CRC-32 as of IEEE 802.3 (reflected, 0xEDB88320), what zlib calls crc32.
uint32_t Crc32(absl::string_view bytes);

std::string FrameRecord(const HistoryRecord& record);

struct HistoryContent {
  std::vector<HistoryRecord> records;
  size_t bytes = 0;   // Of whole records.
  bool torn = false;  // Something follows them that is no record: an append that was cut short.
};
HistoryContent ReadRecords(absl::string_view file);

struct HistoryChanges;

// Everything that a table was made of.
struct HistoryState {
  struct Verdict {
    std::string status;  // "Online"
    std::string detail;  // What the last probe said.

    friend bool operator==(const Verdict&, const Verdict&) = default;
  };

  uint64_t number = 0;  // 0: nothing was ever recorded.
  int64_t time_ns = 0;  // Unix time.
  uint64_t revision = 0;
  std::string cause;
  uint32_t ttl_s = 0;
  std::map<std::string, std::string, std::less<>> objects;  // Name -> serialised nonet.watch.v1.Event.
  std::map<std::string, Verdict, std::less<>> verdicts;     // By the endpoint's object name.
  size_t bytes = 0;                                         // Of the objects.

  // `changes`, when wanted, gets what became different.
  void Apply(const HistoryRecord& record, HistoryChanges* changes = nullptr);
  // As the first record of a file.
  HistoryRecord Whole() const;

  friend bool operator==(const HistoryState&, const HistoryState&) = default;

 private:
  // Only what the record is about.
  HistoryState Touched(const HistoryRecord& record) const;
};

// What a table changed.
struct HistoryChanges {
  struct Verdict {
    std::string name;
    std::string from, to;  // Empty: it is new; it is gone.
    std::string detail;

    friend bool operator==(const Verdict&, const Verdict&) = default;
  };
  std::vector<Verdict> verdicts;     // By name.
  std::vector<std::string> objects;  // By name, those that are gone first, with a "-" before them.
};

int64_t RecordTimeNs(const HistoryRecord& record);

}  // namespace nonet::dns
