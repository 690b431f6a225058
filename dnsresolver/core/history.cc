#include "dnsresolver/core/history.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock/clock.h"

namespace nonet::dns {
namespace {

constexpr size_t kFrameBytes = 8;

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320u : 0u);
    table[i] = value;
  }
  return table;
}

void AppendU32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

uint32_t ReadU32(absl::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  return value;
}

// Replaces or adds; keeps count of the bytes held.
void Put(std::map<std::string, std::string, std::less<>>& map, const std::string& name, std::string value,
         size_t& bytes) {
  const auto [it, added] = map.try_emplace(name);
  bytes += value.size() + (added ? name.size() : 0);
  bytes -= it->second.size();
  it->second = std::move(value);
}

HistoryChanges Compare(const HistoryState& before, const HistoryState& after) {
  HistoryChanges changes;
  std::map<std::string, HistoryChanges::Verdict> verdicts;
  for (const auto& [name, verdict] : before.verdicts) verdicts[name].from = verdict.status;
  for (const auto& [name, verdict] : after.verdicts) {
    verdicts[name].to = verdict.status;
    verdicts[name].detail = verdict.detail;
  }
  for (auto& [name, verdict] : verdicts) {
    if (verdict.from == verdict.to) continue;
    verdict.name = name;
    changes.verdicts.push_back(std::move(verdict));
  }
  for (const auto& [name, event] : before.objects) {
    if (!after.objects.contains(name)) changes.objects.push_back(absl::StrCat("-", name));
  }
  for (const auto& [name, event] : after.objects) {
    const auto it = before.objects.find(name);
    if (it == before.objects.end() || it->second != event) changes.objects.push_back(name);
  }
  return changes;
}

}  // namespace

uint32_t Crc32(absl::string_view bytes) {
  static constexpr std::array<uint32_t, 256> table = MakeCrcTable();
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<uint8_t>(c)) & 0xFF];
  return ~crc;
}

std::string FrameRecord(const HistoryRecord& record) {
  const std::string payload = record.SerializeAsString();
  std::string frame;
  frame.reserve(kFrameBytes + payload.size());
  AppendU32(frame, static_cast<uint32_t>(payload.size()));
  AppendU32(frame, Crc32(payload));
  frame += payload;
  return frame;
}

HistoryContent ReadRecords(absl::string_view file) {
  HistoryContent content;
  while (!file.empty()) {
    content.torn = true;  // Until this one proves whole.
    if (file.size() < kFrameBytes) return content;
    const size_t bytes = ReadU32(file);
    if (bytes > file.size() - kFrameBytes) return content;
    const absl::string_view payload = file.substr(kFrameBytes, bytes);
    HistoryRecord record;
    if (Crc32(payload) != ReadU32(file.substr(4)) ||
        !record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      return content;
    }
    content.records.push_back(std::move(record));
    content.bytes += kFrameBytes + bytes;
    content.torn = false;
    file.remove_prefix(kFrameBytes + bytes);
  }
  return content;
}

int64_t RecordTimeNs(const HistoryRecord& record) {
  return record.time().seconds() * kNanosPerSecond + record.time().nanos();
}

HistoryState HistoryState::Touched(const HistoryRecord& record) const {
  if (record.whole()) return *this;
  HistoryState part;
  const auto take_object = [&](const std::string& name) {
    if (const auto it = objects.find(name); it != objects.end()) part.objects.insert(*it);
  };
  for (const std::string& name : record.removed()) take_object(name);
  for (const steering::v1::HistoryObject& object : record.objects()) take_object(object.name());
  for (const steering::v1::HistoryVerdict& verdict : record.verdicts()) {
    if (const auto it = verdicts.find(verdict.name()); it != verdicts.end()) part.verdicts.insert(*it);
  }
  return part;
}

void HistoryState::Apply(const HistoryRecord& record, HistoryChanges* changes) {
  const HistoryState before = changes != nullptr ? Touched(record) : HistoryState();
  number = record.number();
  time_ns = RecordTimeNs(record);
  revision = record.revision();
  cause = record.cause();
  ttl_s = record.ttl_s();
  if (record.whole()) {
    objects.clear();
    verdicts.clear();
    bytes = 0;
  }
  for (const std::string& name : record.removed()) {
    const auto it = objects.find(name);
    if (it == objects.end()) continue;
    bytes -= it->first.size() + it->second.size();
    objects.erase(it);
  }
  for (const steering::v1::HistoryObject& object : record.objects()) {
    Put(objects, object.name(), object.event(), bytes);
  }
  for (const steering::v1::HistoryVerdict& verdict : record.verdicts()) {
    if (verdict.status().empty()) {
      verdicts.erase(verdict.name());
    } else {
      verdicts[verdict.name()] = {verdict.status(), verdict.detail()};
    }
  }
  if (changes != nullptr) *changes = Compare(before, Touched(record));
}

HistoryRecord HistoryState::Whole() const {
  HistoryRecord record;
  record.set_number(number);
  record.mutable_time()->set_seconds(time_ns / kNanosPerSecond);
  record.mutable_time()->set_nanos(static_cast<int32_t>(time_ns % kNanosPerSecond));
  record.set_revision(revision);
  record.set_cause(cause);
  record.set_ttl_s(ttl_s);
  record.set_whole(true);
  for (const auto& [name, event] : objects) {
    steering::v1::HistoryObject& object = *record.add_objects();
    object.set_name(name);
    object.set_event(event);
  }
  for (const auto& [name, verdict] : verdicts) {
    steering::v1::HistoryVerdict& out = *record.add_verdicts();
    out.set_name(name);
    out.set_status(verdict.status);
    out.set_detail(verdict.detail);
  }
  return record;
}

}  // namespace nonet::dns
