#include "tools/cli/deploy/positions.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

Position PositionOf(absl::string_view text, size_t offset) {
  Position position;
  for (size_t i = 0; i < std::min(offset, text.size()); ++i) {
    ++position.column;
    if (text[i] == '\n') position = {position.line + 1, 1};
  }
  return position;
}

// Walks a text that is known to parse, down the tokens of a place.
class Finder {
 public:
  Finder(absl::string_view text, std::vector<std::string> tokens) : text_(text), tokens_(std::move(tokens)) {}

  size_t Find() {
    SkipSpace();
    size_t found = at_;
    for (const std::string& token : tokens_) {
      if (!Enter(token)) return found;
      found = at_;
    }
    return found;
  }

 private:
  // From the beginning of a container to its member's value.
  bool Enter(const std::string& token) {
    const char kind = Here();
    if (kind != '{' && kind != '[') return false;
    ++at_;
    for (size_t index = 0;; ++index) {
      SkipSpace();
      if (at_ >= text_.size() || Here() == '}' || Here() == ']') return false;
      std::string key = absl::StrCat(index);
      if (kind == '{') {
        key = ReadKey();
        SkipSpace();
        ++at_;  // The colon.
        SkipSpace();
      }
      if (key == token) return true;
      SkipValue();
      SkipSpace();
      if (Here() == ',') ++at_;
    }
  }

  std::string ReadKey() {
    const size_t begin = at_;
    SkipString();
    const Json key = Json::parse(text_.substr(begin, at_ - begin), nullptr, /*allow_exceptions=*/false);
    return key.is_string() ? key.get<std::string>() : std::string();
  }

  void SkipString() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  void SkipValue() {
    int depth = 0;
    while (at_ < text_.size()) {
      SkipSpace();
      const char here = Here();
      if (here == '"') {
        SkipString();
      } else if (here == '{' || here == '[') {
        ++depth;
        ++at_;
      } else if (here == '}' || here == ']') {
        if (depth == 0) return;
        --depth;
        ++at_;
      } else if (here == ',' && depth == 0) {
        return;
      } else {
        ++at_;
        continue;
      }
      if (depth == 0) return;
    }
  }

  void SkipSpace() {
    while (at_ < text_.size()) {
      if (absl::ascii_isspace(text_[at_])) {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_, 2) == "/*") {
        const size_t end = text_.find("*/", at_ + 2);
        at_ = end == text_.npos ? text_.size() : end + 2;
      } else {
        return;
      }
    }
  }

  char Here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  const absl::string_view text_;
  const std::vector<std::string> tokens_;
  size_t at_ = 0;
};

}  // namespace

Position Locate(absl::string_view text, const Place& place) {
  std::vector<std::string> tokens;
  for (Place rest = place; !rest.empty(); rest.pop_back()) tokens.push_back(rest.back());
  std::reverse(tokens.begin(), tokens.end());
  return PositionOf(text, Finder(text, std::move(tokens)).Find());
}

absl::StatusOr<Json> ParseDocument(absl::string_view text, absl::string_view what) {
  if (text.size() > kTemplateBytesMax) {
    return errors::NotJson(what,
                           absl::StrCat("it has ", text.size(), " bytes; the limit is ", kTemplateBytesMax));
  }
  text = text.substr(text.substr(0, 3) == "\xef\xbb\xbf" ? 3 : 0);
  int deepest = 0;
  const auto measure = [&deepest](int depth, Json::parse_event_t, Json&) {
    deepest = std::max(deepest, depth);
    return true;
  };
  try {
    Json document = Json::parse(text.begin(), text.end(), measure, /*allow_exceptions=*/true,
                                /*ignore_comments=*/true);
    if (deepest > kJsonDepthMax) {
      return errors::NotJson(what, absl::StrCat("it is nested deeper than ", kJsonDepthMax, " levels"));
    }
    return document;
  } catch (const Json::parse_error& error) {
    const Position position = PositionOf(text, error.byte == 0 ? 0 : error.byte - 1);
    return errors::NotJson(
        what, absl::StrCat("line ", position.line, ", column ", position.column, ": this is not JSON"));
  }
}

}  // namespace nonet::cli::deploy
