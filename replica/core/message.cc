#include "replica/core/message.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "replica/core/limits.h"

namespace nonet::replica {

size_t MessageCost(const Message& message) {
  size_t bytes = kMessageOverheadBytes + message.hub.size() + message.target_name.size() +
                 message.data.size() + message.from_user_id.size();
  for (const std::string& id : message.excluded_connections) bytes += id.size();
  for (const auto& [key, value] : message.metadata) bytes += key.size() + value.size();
  if (message.filter != nullptr) bytes += message.filter->text().size();
  return bytes;
}

std::string MessageId::Text() const { return absl::StrCat(origin, ":", epoch, ":", sequence); }

std::optional<MessageId> MessageId::Parse(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  MessageId id;
  if (parts.size() != 3 || parts[0].empty() || parts[1].size() != 16) return std::nullopt;
  if (!std::all_of(parts[1].begin(), parts[1].end(), absl::ascii_isxdigit)) return std::nullopt;
  if (!absl::SimpleAtoi(parts[2], &id.sequence) || id.sequence == 0) return std::nullopt;
  id.origin = std::string(parts[0]);
  id.epoch = std::string(parts[1]);
  return id;
}

absl::string_view ShortName(absl::string_view instance) {
  const size_t slash = instance.rfind('/');
  return slash == absl::string_view::npos ? instance : instance.substr(slash + 1);
}

}  // namespace nonet::replica
