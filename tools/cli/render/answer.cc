#include "tools/cli/render/answer.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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

Json CacheJson(const steering::v1::KnownCache& cache) {
  return {{"resolver", cache.resolver()},
          {"clientPrefix", cache.client_prefix()},
          {"cname", cache.cname()},
          {"answered", TimeText(cache.answered())},
          {"expires", TimeText(cache.expires())},
          {"nextCname", cache.next_cname()}};
}

std::string CacheText(const steering::v1::KnownCache& cache) {
  const std::string who = cache.client_prefix().empty() ? absl::StrCat("The cache at ", cache.resolver())
                                                        : absl::StrCat("The cache at ", cache.resolver(),
                                                                       " (for ", cache.client_prefix(), ")");
  if (cache.cname() == cache.next_cname()) {
    return absl::StrCat(who, " holds this answer until ", ClockText(cache.expires()), ".\n");
  }
  return absl::StrCat(who, " still says ", ShortHost(cache.cname()), "; it moves to ",
                      ShortHost(cache.next_cname()), " by ", ClockText(cache.expires()), ".\n");
}

Json PossibleJson(const steering::v1::PossibleAnswer& possible) {
  Json host_names = Json::array();
  for (const std::string& host_name : possible.host_names()) host_names.push_back(host_name);
  return {{"hostNames", std::move(host_names)}, {"share", possible.share()}};
}

// The answer as a zone file would write it.
std::string AnswerText(const steering::v1::ResolveResponse& answer) {
  if (!answer.exists()) return absl::StrCat(answer.name(), " does not exist\n");
  const std::string ttl = SpanText(answer.ttl());
  std::string text;
  if (!answer.cname().empty())
    absl::StrAppend(&text, answer.name(), "  ", ttl, "  CNAME  ", answer.cname(), "\n");
  const std::string& owner = answer.cname().empty() ? answer.name() : answer.cname();
  for (const absl::string_view address : absl::StrSplit(answer.address(), ", ", absl::SkipEmpty())) {
    absl::StrAppend(&text, owner, "  ", ttl, "  A  ", address, "\n");
  }
  if (text.empty()) absl::StrAppend(&text, answer.name(), " exists, but nothing is eligible to answer\n");
  return text;
}

}  // namespace

std::string ShortHost(const std::string& host_name) {
  return host_name.empty() ? "nothing" : host_name.substr(0, host_name.find('.'));
}

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
  Json caches = Json::array();
  for (const steering::v1::KnownCache& cache : explanation.caches()) {
    caches.push_back(CacheJson(cache));
    absl::StrAppend(&text, CacheText(cache));
  }
  Json possible = Json::array();
  for (const steering::v1::PossibleAnswer& way : explanation.possible())
    possible.push_back(PossibleJson(way));
  view.document = {{"answer", view.document},
                   {"table", explanation.table()},
                   {"tableSince", TimeText(explanation.table_since())},
                   {"tableUntil", TimeText(explanation.table_until())},
                   {"hypothetical", explanation.hypothetical()},
                   {"method", explanation.method()},
                   {"clientRegion", explanation.client_region()},
                   {"matchedPrefix", explanation.matched_prefix()},
                   {"scopePrefixLength", explanation.scope_prefix_length()},
                   {"failOpen", explanation.fail_open()},
                   {"candidates", std::move(candidates)},
                   {"possible", std::move(possible)},
                   {"caches", std::move(caches)},
                   {"sentences", std::move(sentences)}};
  absl::StrAppend(&text, "\n", view.text);
  view.text = std::move(text);
  return view;
}

}  // namespace nonet::cli
