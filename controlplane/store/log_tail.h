// Where RocksDB's write-ahead log ends, and how: the one judgement that opening a store after a power loss
// needs and RocksDB does not make for logs that are written in place (prepared_log.h).
//
// Every record is synced before the next one is written. So only the last one can have been under way when
// the power went: parts of it may be there and others not, in any order, and no record begins after it. Where
// one does, something that had been durable is gone.
//
// Pure. Source: RocksDB's wiki, "Write Ahead Log File Format": blocks of 32 KiB, each record or fragment of
// one behind 7 bytes of checksum (CRC-32C, masked), length and type.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace nonet::controlplane {

struct LogTail {
  enum class Kind {
    kClean,    // Nothing but zeros, or nothing, follows the last record.
    kTorn,     // Parts of one record, which was never acknowledged.
    kDamaged,  // What was synced cannot be read any more.
  };
  Kind kind = Kind::kClean;
  size_t end = 0;     // Of the last whole record, in bytes; 0 where there is none.
  size_t broken = 0;  // Where reading stopped.
};

// `log`: a whole file.
LogTail FindLogTail(absl::string_view log);

}  // namespace nonet::controlplane
