#include "dnsresolver/core/explain_text.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace nonet::dns {
namespace {

constexpr size_t kCharacterStringMax = 255;

absl::string_view FirstLabel(absl::string_view host_name) { return host_name.substr(0, host_name.find('.')); }

// At a word's end, when it is too long.
std::string Cut(std::string text) {
  if (text.size() <= kExtraTextBytesMax) return text;
  constexpr absl::string_view kMore = " ...";
  text.resize(kExtraTextBytesMax - kMore.size());
  text.resize(std::min(text.rfind(' '), text.size()));
  return absl::StrCat(text, kMore);
}

}  // namespace

std::string ShortExplanation(const Explanation& explanation) {
  if (explanation.candidates.empty()) {
    return Cut(explanation.sentences.empty() ? explanation.name : explanation.sentences.back());
  }
  std::string text = "Nothing is eligible";
  std::string left_out;
  for (const Candidate& candidate : explanation.candidates) {
    if (candidate.chosen) {
      text = absl::StrCat(FirstLabel(candidate.host_name), ": ", candidate.region, ", ", candidate.rtt_ms,
                          " ms");
    }
    if (candidate.excluded_because.empty()) continue;
    absl::StrAppend(&left_out, left_out.empty() ? " Left out: " : ", ", FirstLabel(candidate.host_name),
                    " is ", MonitorStatusName(candidate.status));
  }
  absl::StrAppend(&text, ", for a client in ", explanation.client_region);
  if (!explanation.matched_prefix.empty()) absl::StrAppend(&text, " (", explanation.matched_prefix, ")");
  absl::StrAppend(&text, ".");
  if (explanation.fail_open)
    absl::StrAppend(&text, " Every eligible endpoint is Degraded, so all count as Online.");
  if (!left_out.empty()) absl::StrAppend(&text, left_out, ".");
  return Cut(std::move(text));
}

std::vector<uint8_t> ExplanationText(const Explanation& explanation) {
  std::vector<uint8_t> data;
  for (absl::string_view sentence : explanation.sentences) {
    const size_t strings = sentence.size() / kCharacterStringMax + 1;
    if (data.size() + sentence.size() + strings > kExplainBytesMax) break;
    while (!sentence.empty()) {
      const absl::string_view part = sentence.substr(0, kCharacterStringMax);
      data.push_back(static_cast<uint8_t>(part.size()));
      data.insert(data.end(), part.begin(), part.end());
      sentence.remove_prefix(part.size());
    }
  }
  if (data.empty()) data.push_back(0);  // A TXT record has one string at least.
  return data;
}

}  // namespace nonet::dns
