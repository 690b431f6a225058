#include "dnsresolver/server/history_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/clock/clock.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "dnsresolver/core/errors.h"

namespace nonet::dns {
namespace {

constexpr absl::string_view kSuffix = ".log";

// Sorts as it was written: table number, then Unix nanoseconds.
std::string FileName(uint64_t number, int64_t time_ns) {
  return absl::StrFormat("%012d-%019d%s", number, time_ns, kSuffix);
}

HistoryContent ReadContent(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadFile(path);
  return bytes.ok() ? ReadRecords(*bytes) : HistoryContent{.records = {}, .bytes = 0, .torn = true};
}

HistoryRecord ToRecord(const HistoryStore::Addition& addition, uint64_t number) {
  HistoryRecord record;
  record.set_number(number);
  record.mutable_time()->set_seconds(addition.wall_ns / kNanosPerSecond);
  record.mutable_time()->set_nanos(static_cast<int32_t>(addition.wall_ns % kNanosPerSecond));
  record.set_revision(addition.revision);
  record.set_cause(addition.cause);
  record.set_ttl_s(addition.ttl_s);
  record.set_whole(addition.whole);
  for (const auto& [name, event] : addition.objects) {
    steering::v1::HistoryObject& object = *record.add_objects();
    object.set_name(name);
    object.set_event(event);
  }
  for (const std::string& name : addition.removed) record.add_removed(name);
  for (const HistoryStore::Addition::Verdict& verdict : addition.verdicts) {
    steering::v1::HistoryVerdict& out = *record.add_verdicts();
    out.set_name(verdict.name);
    out.set_status(verdict.status);
    out.set_detail(verdict.detail);
  }
  return record;
}

}  // namespace

HistoryStore::HistoryStore(std::string directory, HistoryBounds bounds)
    : directory_(std::move(directory)), bounds_(bounds) {
  if (!directory_.empty()) Recover();
}

HistoryStore::~HistoryStore() { Close(); }

void HistoryStore::Recover() {
  if (const absl::Status made = MakeDirectories(directory_); !made.ok()) return Warn("make", directory_);
  absl::MutexLock lock(&mu_);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    File file{.path = entry.path().string()};
    const std::string name = entry.path().filename().string();
    absl::string_view stem = name;
    if (!absl::ConsumeSuffix(&stem, kSuffix)) continue;
    const std::vector<absl::string_view> parts = absl::StrSplit(stem, '-');
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &file.number) ||
        !absl::SimpleAtoi(parts[1], &file.time_ns)) {
      continue;
    }
    std::error_code ignored;
    file.bytes = static_cast<size_t>(entry.file_size(ignored));
    files_.push_back(std::move(file));
  }
  std::sort(files_.begin(), files_.end(), [](const File& a, const File& b) { return a.path < b.path; });
  // A new life starts a new file: what a torn tail hides is never followed by anything.
  while (!files_.empty()) {
    for (const HistoryRecord& record : ReadContent(files_.back().path).records) state_.Apply(record);
    if (state_.number > 0) break;
    unlink(files_.back().path.c_str());  // Not even its first record was written.
    files_.pop_back();
  }
}

uint64_t HistoryStore::Add(const Addition& addition) {
  const HistoryRecord record = ToRecord(addition, state_.number + 1);
  state_.Apply(record);
  if (directory_.empty()) {
    state_.objects.clear();
    state_.verdicts.clear();
    state_.bytes = 0;
  } else if (state_.bytes > bounds_.state_bytes_max) {
    Close();
    errno = 0;  // Nothing failed.
    Warn("keep as much as this cluster has in", directory_);
  } else {
    Write(record);
  }
  return state_.number;
}

void HistoryStore::Write(const HistoryRecord& record) {
  const size_t file_bytes_max = std::max(bounds_.file_bytes_max, 2 * whole_bytes_);
  bool full = false;
  {
    absl::MutexLock lock(&mu_);
    full = fd_ < 0 || files_.empty() || files_.back().bytes >= file_bytes_max;
  }
  if (full) {
    Close();
    if (!OpenFile(record)) return Warn("write to", directory_);
  }
  const std::string frame = FrameRecord(full ? state_.Whole() : record);
  if (full) whole_bytes_ = frame.size();
  // In one piece, so that a reader sees a record or a torn tail.
  ssize_t written = 0;
  do {
    written = write(fd_, frame.data(), frame.size());
  } while (written < 0 && errno == EINTR);
  absl::MutexLock lock(&mu_);
  if (written > 0) files_.back().bytes += static_cast<size_t>(written);
  if (written != static_cast<ssize_t>(frame.size())) {
    Warn("write to", files_.back().path);
    Close();  // The next record starts a file, if the disk takes it.
  }
  DeleteOldest();
}

bool HistoryStore::OpenFile(const HistoryRecord& first) {
  const int64_t time_ns = RecordTimeNs(first);
  const std::string path = absl::StrCat(directory_, "/", FileName(first.number(), time_ns));
  fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return false;
  absl::MutexLock lock(&mu_);
  if (!files_.empty() && files_.back().path == path) files_.pop_back();
  files_.push_back({.path = path, .number = first.number(), .time_ns = time_ns, .bytes = 0});
  return true;
}

void HistoryStore::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void HistoryStore::DeleteOldest() {
  size_t bytes = 0;
  for (const File& file : files_) bytes += file.bytes;
  while (files_.size() > 1 && (bytes > bounds_.bytes_max || files_.size() > bounds_.files_max)) {
    bytes -= files_.front().bytes;
    unlink(files_.front().path.c_str());
    files_.erase(files_.begin());
  }
}

void HistoryStore::Warn(absl::string_view what, absl::string_view path) {
  if (std::exchange(warned_, true)) return;  // One line, however long it lasts.
  log::Warning("the history has a gap: cannot " + std::string(what) + " its files",
               {{"path", path}, {"error", errno == 0 ? "" : std::strerror(errno)}});
}

std::vector<HistoryStore::File> HistoryStore::files() const {
  absl::MutexLock lock(&mu_);
  return files_;
}

// Up to the first record that `stop` says is beyond; that one's time is the end.
template <typename Stop>
absl::StatusOr<PastTableState> HistoryStore::Replay(size_t index, const std::vector<File>& all,
                                                    Stop stop) const {
  PastTableState past;
  for (const HistoryRecord& record : ReadContent(all[index].path).records) {
    if (past.state.number > 0 && stop(record)) {
      past.until_ns = RecordTimeNs(record);
      return past;
    }
    past.state.Apply(record);
  }
  if (past.state.number == 0) return errors::HistoryUnreadable(all[index].path);
  if (index + 1 < all.size()) past.until_ns = all[index + 1].time_ns;
  return past;
}

absl::StatusOr<PastTableState> HistoryStore::At(int64_t wall_ns) const {
  const std::vector<File> all = files();
  size_t index = all.size();
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].time_ns <= wall_ns) index = i;
  }
  if (index == all.size()) return errors::BeforeHistory(all.empty() ? 0 : all.front().time_ns);
  return Replay(index, all, [&](const HistoryRecord& record) { return RecordTimeNs(record) > wall_ns; });
}

absl::StatusOr<PastTableState> HistoryStore::Number(uint64_t number) const {
  const std::vector<File> all = files();
  size_t index = all.size();
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].number <= number) index = i;
  }
  if (index == all.size())
    return errors::TableUnknown(number, all.empty() ? 0 : all.front().number,
                                all.empty() ? 0 : all.back().number);
  absl::StatusOr<PastTableState> past =
      Replay(index, all, [&](const HistoryRecord& record) { return record.number() > number; });
  if (past.ok() && past->state.number != number)
    return errors::TableUnknown(number, all.front().number, past->state.number);
  return past;
}

TableList HistoryStore::List(int64_t after_ns, size_t limit) const {
  const std::vector<File> all = files();
  // From the file that holds `after_ns`: what came before it is the state to compare its next table with.
  size_t first = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].time_ns <= after_ns) first = i;
  }
  TableList list;
  std::deque<TableList::Entry> newest;
  HistoryState state;
  for (size_t i = first; i < all.size(); ++i) {
    for (const HistoryRecord& record : ReadContent(all[i].path).records) {
      HistoryChanges changes;
      state.Apply(record, &changes);
      if (state.time_ns <= after_ns) continue;
      newest.push_back(
          {state.number, state.time_ns, state.revision, state.cause, state.ttl_s, std::move(changes)});
      if (newest.size() <= limit) continue;
      newest.pop_front();
      list.truncated = true;
    }
  }
  list.entries.assign(std::make_move_iterator(newest.begin()), std::make_move_iterator(newest.end()));
  return list;
}

}  // namespace nonet::dns
