#include "controlplane/store/key_layout.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace nonet::controlplane::layout {
namespace {

// The first byte of a key says what it is.
constexpr char kLog = 'l';
constexpr char kObject = 'o';
constexpr char kOperation = 'p';
constexpr char kRequest = 'r';
constexpr char kSubscriber = 's';

constexpr absl::string_view kSchema = "m/schema";
constexpr absl::string_view kRevision = "m/revision";
constexpr absl::string_view kCluster = "m/cluster";
constexpr absl::string_view kHistory = "m/history";

constexpr size_t kDigestBytes = 16;

// Big-endian, so that keys sort by number.
std::string Number(uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

std::optional<uint64_t> ParseNumber(absl::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string Key(char kind, absl::string_view rest) { return absl::StrCat(std::string(1, kind), "/", rest); }

// Field number and wire type (0: varint, 2: bytes) of a WatchResponse.
constexpr uint32_t kKindTag = watch::v1::WatchResponse::kKindFieldNumber << 3;
constexpr uint32_t kEventsTag = watch::v1::WatchResponse::kEventsFieldNumber << 3 | 2;
constexpr uint32_t kRevisionTag = watch::v1::WatchResponse::kRevisionFieldNumber << 3;

// What Serialize would make of the WatchResponse of these events, which are serialised already: each object
// is serialised once for itself and for the log.
std::string LogValue(const LogEntry& entry, const std::vector<std::string>& events) {
  std::string value = Number(static_cast<uint64_t>(entry.wall_ns));
  {
    google::protobuf::io::StringOutputStream stream(&value);  // Appends.
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.WriteTag(kKindTag);
    coded.WriteVarint32(watch::v1::WatchResponse::KIND_CHANGES);
    for (const std::string& event : events) {
      coded.WriteTag(kEventsTag);
      coded.WriteVarint64(event.size());
      coded.WriteString(event);
    }
    coded.WriteTag(kRevisionTag);
    coded.WriteVarint64(entry.revision);
  }
  return value;
}

Write Deletion(char kind, const RevisionRange& range) {
  Write write{Key(kind, Number(range.first)), std::nullopt};
  if (range.last > range.first) write.end = Key(kind, Number(range.last + 1));
  return write;
}

std::string RequestValue(const RequestRecord& record) {
  return absl::StrCat(Number(static_cast<uint64_t>(record.wall_ns)), record.digest, Serialize(record.answer));
}

bool Parse(absl::string_view bytes, google::protobuf::MessageLite& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

std::string SchemaKey() { return std::string(kSchema); }
std::string SchemaValue(uint64_t version) { return Number(version); }
std::optional<uint64_t> ParseSchema(absl::string_view value) { return ParseNumber(value); }

std::vector<Write> Writes(const Identity& identity) {
  return {{std::string(kCluster), identity.cluster}, {std::string(kHistory), identity.history}};
}

void Migration::Add(absl::string_view key, absl::string_view value) {
  // Schema 2 puts the time before a log entry. That of the older entries is not known: they count as old.
  if (schema_ < 2 && absl::StartsWith(key, Key(kLog, ""))) {
    writes_.push_back({std::string(key), absl::StrCat(Number(0), value)});
  }
}

std::vector<Write> Migration::Take() {
  // Schema 2 names the store.
  if (schema_ < 2) {
    for (Write& write : Writes(identity_)) writes_.push_back(std::move(write));
  }
  return std::move(writes_);
}

std::vector<Write> Writes(const StoreBatch& batch) {
  std::vector<Write> writes;
  // Only an object's newest version of the batch is worth writing; nullopt where it is gone.
  std::map<std::string, std::optional<std::string>> newest;
  for (const LogEntry& entry : batch.log) {
    std::vector<std::string> events;
    for (const SharedObject& event : entry.events) {
      events.push_back(Serialize(*event));
      std::optional<std::string>& value = newest[CanonicalName(event->name())];
      value = event->deleted() ? std::nullopt : std::optional<std::string>(events.back());
    }
    if (entry.revision <= batch.log_floor) continue;
    writes.push_back({Key(kLog, Number(entry.revision)), LogValue(entry, events)});
  }
  for (auto& [name, value] : newest) writes.push_back({Key(kObject, name), std::move(value)});
  if (batch.log_floor > batch.log_floor_before) {
    writes.push_back(Deletion(kLog, {batch.log_floor_before + 1, batch.log_floor}));
  }
  for (const auto& [revision, operation] : batch.operations.put) {
    writes.push_back({Key(kOperation, Number(revision)), Serialize(*operation)});
  }
  for (const RevisionRange& range : batch.operations.forgotten) writes.push_back(Deletion(kOperation, range));
  for (const std::string& id : batch.forgotten) writes.push_back({Key(kRequest, id), std::nullopt});
  for (const RequestRecord& record : batch.remembered) {
    writes.push_back({Key(kRequest, record.request_id), RequestValue(record)});
  }
  for (const std::string& name : batch.new_subscribers) {
    writes.push_back({Key(kSubscriber, name), std::string()});
  }
  writes.push_back({std::string(kRevision), Number(batch.revision)});
  return writes;
}

std::optional<std::string> Reader::Add(absl::string_view key, absl::string_view value) {
  const auto bad = [&] { return absl::StrCat("the value of key ", absl::CEscape(key), " cannot be read"); };
  if (key == kSchema) return std::nullopt;  // Checked before anything else is read.
  if (key == kRevision) {
    const auto revision = ParseNumber(value);
    if (!revision) return bad();
    state_.revision = *revision;
    return std::nullopt;
  }
  if (key == kCluster || key == kHistory) {
    (key == kCluster ? state_.cluster : state_.history) = std::string(value);
    return std::nullopt;
  }
  const absl::string_view rest = key.substr(std::min<size_t>(2, key.size()));
  switch (key.size() > 2 && key[1] == '/' ? key[0] : '\0') {
    case kObject: {
      Object object;
      if (!Parse(value, object) || CanonicalName(object.name()) != rest) return bad();
      state_.objects.push_back(std::move(object));
      return std::nullopt;
    }
    case kLog: {
      watch::v1::WatchResponse entry;
      const auto revision = ParseNumber(rest);
      const auto wall_ns = ParseNumber(value.substr(0, 8));
      if (!revision || !wall_ns || !Parse(value.substr(8), entry) || entry.revision() != *revision) {
        return bad();
      }
      state_.log.push_back({*revision, {}, static_cast<int64_t>(*wall_ns)});
      auto& events = state_.log.back().events;
      for (Object& event : *entry.mutable_events()) {
        events.push_back(std::make_shared<const Object>(std::move(event)));
      }
      return std::nullopt;
    }
    case kOperation: {
      resource::v1::Operation operation;
      const auto revision = ParseNumber(rest);
      if (!revision || !Parse(value, operation) || operation.revision() != *revision) return bad();
      state_.operations.push_back(std::move(operation));
      return std::nullopt;
    }
    case kRequest: {
      RequestRecord record;
      record.request_id = std::string(rest);
      if (value.size() < 8 + kDigestBytes) return bad();
      record.wall_ns = static_cast<int64_t>(*ParseNumber(value.substr(0, 8)));
      record.digest = std::string(value.substr(8, kDigestBytes));
      if (!Parse(value.substr(8 + kDigestBytes), record.answer)) return bad();
      state_.requests.push_back(std::move(record));
      return std::nullopt;
    }
    case kSubscriber:
      state_.subscribers.emplace_back(rest);
      return std::nullopt;
    default:
      return absl::StrCat("the key ", absl::CEscape(key), " is of no known kind");
  }
}

std::optional<std::string> Reader::Finish() {
  if (state_.cluster.empty() || state_.history.empty()) return "it does not say which store it is";
  // Every revision is logged in the batch that makes it, so the newest entry is the store's revision.
  const uint64_t logged = state_.log.empty() ? 0 : state_.log.back().revision;
  if (logged != state_.revision) {
    return absl::StrCat("revision ", state_.revision, " is stored, but the log ends at ", logged);
  }
  for (size_t i = 1; i < state_.log.size(); ++i) {
    if (state_.log[i].revision != state_.log[i - 1].revision + 1) {
      return absl::StrCat("the log lacks revision ", state_.log[i - 1].revision + 1);
    }
  }
  for (const Object& object : state_.objects) {
    if (object.revision() > state_.revision) {
      return absl::StrCat(object.name(), " has revision ", object.revision(), ", above the store's ",
                          state_.revision);
    }
  }
  return std::nullopt;
}

}  // namespace nonet::controlplane::layout
