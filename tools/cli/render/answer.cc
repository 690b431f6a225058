#include "tools/cli/render/answer.h"

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

Json AnswerJson(const steering::v1::ResolveResponse& answer) {
  return {{"name", answer.name()},         {"exists", answer.exists()},   {"cname", answer.cname()},
          {"ttl", SpanText(answer.ttl())}, {"address", answer.address()}, {"revision", answer.revision()}};
}

Json CandidateJson(const steering::v1::Candidate& candidate) {
  return {{"name", InstanceId(candidate.name())},
          {"object", candidate.name()},
          {"hostName", candidate.host_name()},
          {"region", candidate.region()},
          {"rttMs", candidate.rtt_ms()},
          {"clientRegionBorrowedFrom", candidate.client_region_borrowed_from()},
          {"regionBorrowedFrom", candidate.region_borrowed_from()},
          {"monitorStatus", candidate.monitor_status()},
          {"chosen", candidate.chosen()},
          {"excludedBecause", candidate.excluded_because()}};
}

// The answer as a zone file would write it.
std::string AnswerText(const steering::v1::ResolveResponse& answer) {
  if (!answer.exists()) return absl::StrCat(answer.name(), " does not exist\n");
  const std::string ttl = SpanText(answer.ttl());
  std::string text;
  if (!answer.cname().empty())
    absl::StrAppend(&text, answer.name(), "  ", ttl, "  CNAME  ", answer.cname(), "\n");
  const std::string& owner = answer.cname().empty() ? answer.name() : answer.cname();
  if (!answer.address().empty()) absl::StrAppend(&text, owner, "  ", ttl, "  A  ", answer.address(), "\n");
  if (text.empty()) absl::StrAppend(&text, answer.name(), " exists, but nothing is eligible to answer\n");
  return text;
}

}  // namespace

View Answer(const steering::v1::ResolveResponse& answer) {
  View view{.document = AnswerJson(answer), .table = {}, .text = AnswerText(answer), .names = {}};
  if (answer.exists()) view.names.push_back(answer.cname().empty() ? answer.name() : answer.cname());
  return view;
}

View Explanation(const steering::v1::ExplainResponse& explanation) {
  View view = Answer(explanation.answer());
  Json candidates = Json::array();
  for (const steering::v1::Candidate& candidate : explanation.candidates()) {
    candidates.push_back(CandidateJson(candidate));
  }
  Json sentences = Json::array();
  std::string text;
  for (const std::string& sentence : explanation.sentences()) {
    sentences.push_back(sentence);
    absl::StrAppend(&text, Printable(sentence), "\n");
  }
  view.document = {{"answer", view.document},
                   {"clientRegion", explanation.client_region()},
                   {"matchedPrefix", explanation.matched_prefix()},
                   {"scopePrefixLength", explanation.scope_prefix_length()},
                   {"failOpen", explanation.fail_open()},
                   {"candidates", std::move(candidates)},
                   {"sentences", std::move(sentences)}};
  absl::StrAppend(&text, "\n", view.text);
  view.text = std::move(text);
  return view;
}

}  // namespace nonet::cli
