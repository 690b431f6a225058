#include "replica/codec/client_frame.h"

#include <simdjson.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "replica/codec/limits.h"
#include "replica/codec/names.h"

namespace nonet::replica {
namespace {

namespace dom = simdjson::dom;

absl::Status BadFrame(absl::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "FRAME_INVALID", why,
                   {.next_step = "see the JSON subprotocol of Azure Web PubSub for the frame's properties"});
}

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// The properties of a frame: the last of each name as in System.Text.Json; null counts as absent.
struct Properties {
  std::optional<dom::element> type, group, ack_id, no_echo, ttl_seconds, data_type, data, metadata, event,
      sequence_id, invocation_id, stream;

  size_t data_index = 0;  // The place of `data` among the frame's members.

  std::optional<dom::element>* Find(std::string_view name) {
    if (name == "type") return &type;
    if (name == "group") return &group;
    if (name == "ackId") return &ack_id;
    if (name == "noEcho") return &no_echo;
    if (name == "ttlSeconds") return &ttl_seconds;
    if (name == "dataType") return &data_type;
    if (name == "data") return &data;
    if (name == "metadata") return &metadata;
    if (name == "event") return &event;
    if (name == "sequenceId") return &sequence_id;
    if (name == "invocationId") return &invocation_id;
    if (name == "stream") return &stream;
    return nullptr;
  }
};

absl::Status ReadString(const std::optional<dom::element>& element, absl::string_view name,
                        std::string* out) {
  std::string_view text;
  if (!element || element->get(text) != simdjson::SUCCESS) {
    return BadFrame(absl::StrCat("\"", name, "\" must be a string"));
  }
  out->assign(text.data(), text.size());
  return absl::OkStatus();
}

absl::Status ReadUint(const dom::element& element, absl::string_view name, uint64_t max, uint64_t* out) {
  if (element.get(*out) != simdjson::SUCCESS || *out > max) {
    return BadFrame(absl::StrCat("\"", name, "\" must be a whole number from 0 to ", max));
  }
  return absl::OkStatus();
}

absl::Status ReadMetadata(const dom::element& element, Metadata* out) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return BadFrame("\"metadata\" must be an object of strings");
  for (const auto field : object) {
    std::string_view value;
    if (field.value.get(value) != simdjson::SUCCESS) return BadFrame("\"metadata\" values must be strings");
    const auto same =
        std::find_if(out->begin(), out->end(), [&](const auto& e) { return e.first == field.key; });
    if (same != out->end()) {
      same->second = std::string(value);
    } else {
      out->emplace_back(std::string(field.key), std::string(value));
    }
  }
  if (!IsValidMetadata(*out)) {
    return BadFrame(
        "\"metadata\" keys must be tokens of at most 256 bytes, values at most 1024, all at most 8 KiB");
  }
  return absl::OkStatus();
}

size_t SkipSpace(absl::string_view text, size_t at) {
  while (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r') ++at;
  return at;
}

// From the opening quote to behind the closing one.
size_t SkipString(absl::string_view text, size_t at) {
  for (++at; text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

size_t SkipValue(absl::string_view text, size_t at) {
  if (text[at] == '"') return SkipString(text, at);
  if (text[at] != '{' && text[at] != '[') {
    while (absl::string_view(",}] \t\n\r").find(text[at]) == absl::string_view::npos) ++at;
    return at;
  }
  size_t depth = 0;
  do {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  } while (depth > 0);
  return at;
}

// The value of member `index` of an object, as it stands in `text`. simdjson keeps no such bytes. `text` was
// accepted by it before, so none of the walk can leave it.
absl::string_view RawMember(absl::string_view text, size_t index) {
  size_t at = SkipSpace(text, 0) + 1;
  while (true) {
    at = SkipSpace(text, SkipString(text, SkipSpace(text, at)));
    const size_t begin = SkipSpace(text, at + 1);
    const size_t end = SkipValue(text, begin);
    if (index-- == 0) return text.substr(begin, end - begin);
    at = SkipSpace(text, end) + 1;
  }
}

}  // namespace

struct ClientFrameParser::Impl {
  dom::parser dom;
  std::string padded;  // The text, with the padding that simdjson reads beyond it.

  absl::Status Read(const Properties& p, size_t size, ClientFrame* frame);
  absl::Status ReadContent(const Properties& p, size_t size, ClientFrame* frame);
  absl::Status ReadData(const Properties& p, size_t size, ClientFrame* frame);
};

ClientFrameParser::ClientFrameParser() : impl_(std::make_unique<Impl>()) {}
ClientFrameParser::~ClientFrameParser() = default;

absl::Status ClientFrameParser::Parse(absl::string_view text, ClientFrame* frame) {
  Impl& impl = *impl_;
  if (impl.padded.size() < text.size() + simdjson::SIMDJSON_PADDING) {
    impl.padded.resize(text.size() + simdjson::SIMDJSON_PADDING);
  }
  std::copy(text.begin(), text.end(), impl.padded.begin());
  dom::object object;
  if (impl.dom.parse(impl.padded.data(), text.size(), false).get(object) != simdjson::SUCCESS) {
    return BadFrame("the frame is not a JSON object");
  }
  Properties properties;
  size_t index = 0;
  for (const auto field : object) {
    if (field.key == "data") properties.data_index = index;
    ++index;
    if (std::optional<dom::element>* slot = properties.Find(field.key); slot != nullptr) {
      slot->reset();
      if (!field.value.is_null()) *slot = field.value;
    }
  }
  *frame = ClientFrame();
  return impl.Read(properties, text.size(), frame);
}

absl::Status ClientFrameParser::Impl::Read(const Properties& p, size_t size, ClientFrame* frame) {
  RETURN_IF_ERROR(ReadString(p.type, "type", &frame->type_name));
  const std::string type = absl::AsciiStrToLower(frame->type_name);
  if (type == "ping") {
    frame->type = ClientFrame::Type::kPing;
    return absl::OkStatus();
  }
  if (type == "sequenceack") {
    frame->type = ClientFrame::Type::kSequenceAck;
    if (!p.sequence_id) return BadFrame("\"sequenceId\" is required");
    return ReadUint(*p.sequence_id, "sequenceId", UINT64_MAX, &frame->sequence_id);
  }
  if (p.ack_id) {
    uint64_t ack_id = 0;
    RETURN_IF_ERROR(ReadUint(*p.ack_id, "ackId", UINT64_MAX, &ack_id));
    frame->ack_id = ack_id;
  }
  if (type == "invoke") {
    frame->type = ClientFrame::Type::kInvoke;
    return ReadString(p.invocation_id, "invocationId", &frame->id);
  }
  if (type == "cancelinvocation" || type == "streamdata" || type == "streamend" || type == "setgroupstate" ||
      type == "subscribegroupstate" || type == "unsubscribegroupstate") {
    frame->type = ClientFrame::Type::kUnsupported;
    return absl::OkStatus();
  }
  if (type == "event") {
    frame->type = ClientFrame::Type::kEvent;
    RETURN_IF_ERROR(ReadString(p.event, "event", &frame->event));
    return ReadContent(p, size, frame);
  }
  if (type != "joingroup" && type != "leavegroup" && type != "sendtogroup") {
    return BadFrame(absl::StrCat("unknown frame type \"", frame->type_name, "\""));
  }
  RETURN_IF_ERROR(ReadString(p.group, "group", &frame->group));
  if (!IsValidGroup(frame->group))
    return BadFrame("\"group\" must be 1 to 1024 characters, not all white space");
  if (type != "sendtogroup") {
    frame->type = type == "joingroup" ? ClientFrame::Type::kJoinGroup : ClientFrame::Type::kLeaveGroup;
    return absl::OkStatus();
  }
  frame->type = ClientFrame::Type::kSendToGroup;
  if (p.no_echo && p.no_echo->get(frame->no_echo) != simdjson::SUCCESS) {
    return BadFrame("\"noEcho\" must be true or false");
  }
  if (p.ttl_seconds) {
    uint64_t ttl = 0;
    RETURN_IF_ERROR(ReadUint(*p.ttl_seconds, "ttlSeconds", kTtlSecondsMax, &ttl));
    frame->ttl_seconds = static_cast<uint32_t>(ttl);
  }
  if (p.stream) {
    frame->starts_stream = true;
    std::string_view id;
    if ((*p.stream)["streamId"].get(id) != simdjson::SUCCESS)
      return BadFrame("\"streamId\" must be a string");
    frame->id = std::string(id);
    return absl::OkStatus();
  }
  return ReadContent(p, size, frame);
}

absl::Status ClientFrameParser::Impl::ReadContent(const Properties& p, size_t size, ClientFrame* frame) {
  if (p.metadata) RETURN_IF_ERROR(ReadMetadata(*p.metadata, &frame->metadata));
  if (p.data) return ReadData(p, size, frame);
  if (frame->metadata.empty()) return BadFrame("\"data\" is required");
  frame->data_type = DataType::kText;
  return absl::OkStatus();
}

absl::Status ClientFrameParser::Impl::ReadData(const Properties& p, size_t size, ClientFrame* frame) {
  std::string name = "json";
  if (p.data_type) RETURN_IF_ERROR(ReadString(p.data_type, "dataType", &name));
  if (name == "json") {
    frame->data_type = DataType::kJson;
    const absl::string_view raw = RawMember(absl::string_view(padded.data(), size), p.data_index);
    frame->data.assign(raw.data(), raw.size());
    return absl::OkStatus();
  }
  if (name == "text") {
    frame->data_type = DataType::kText;
    return ReadString(p.data, "data", &frame->data);
  }
  if (name != "binary" && name != "protobuf") {
    return BadFrame(absl::StrCat("unknown dataType \"", name, "\""));
  }
  frame->data_type = name == "binary" ? DataType::kBinary : DataType::kProtobuf;
  std::string_view encoded;
  if (p.data->get(encoded) != simdjson::SUCCESS || encoded.size() % 4 != 0 ||
      !absl::Base64Unescape(View(encoded), &frame->data)) {
    return BadFrame("\"data\" must be a base64 string");
  }
  return absl::OkStatus();
}

bool IsJson(absl::string_view text) {
  dom::parser parser;
  const simdjson::error_code error = parser.parse(text.data(), text.size(), true).error();
  // Numbers beyond 64 bits are JSON, but not simdjson's.
  if (error == simdjson::NUMBER_ERROR)
    return nlohmann::json::accept(std::string_view(text.data(), text.size()));
  return error == simdjson::SUCCESS;
}

}  // namespace nonet::replica
