#include "tools/cli/render/sync.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "replica/core/message.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

std::string Brief(const std::string& instance) { return std::string(replica::ShortName(instance)); }

struct SyncGap {
  inspect::v1::Gap gap;
  std::string to;
  std::vector<std::string> listed_by;
};

// In order of notice.
std::vector<SyncGap> JoinGaps(const std::vector<inspect::v1::ListGapsResponse>& instances) {
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, uint64_t, uint64_t>;
  std::map<Key, SyncGap> joined;
  for (const inspect::v1::ListGapsResponse& instance : instances) {
    for (const inspect::v1::Gap& gap : instance.gaps()) {
      const std::string to = gap.peer().empty() ? instance.instance() : gap.peer();
      SyncGap& entry =
          joined[{gap.origin(), gap.epoch(), to, gap.hub(), gap.cause(), gap.first(), gap.last()}];
      if (entry.listed_by.empty()) {
        entry.gap = gap;
        entry.to = to;
      }
      entry.gap.set_messages(std::max(entry.gap.messages(), gap.messages()));
      entry.listed_by.push_back(Brief(instance.instance()));
    }
  }
  std::vector<SyncGap> gaps;
  for (auto& [key, entry] : joined) gaps.push_back(std::move(entry));
  std::stable_sort(gaps.begin(), gaps.end(), [](const SyncGap& a, const SyncGap& b) {
    return UnixNs(a.gap.notice_time()) < UnixNs(b.gap.notice_time());
  });
  return gaps;
}

// "1.3 ms" from one moment to a later one; empty when either is unknown.
std::string Passed(const google::protobuf::Timestamp& from, const google::protobuf::Timestamp& to) {
  if (from.seconds() == 0 || to.seconds() == 0) return "";
  const int64_t us = (UnixNs(to) - UnixNs(from)) / 1000;
  return absl::StrCat(us / 1000, ".", std::abs(us % 1000) / 100, " ms");
}

Json TimeJson(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return nullptr;
  return TimeText(time);
}

std::string Outcome(const inspect::v1::Why& why) {
  if (!why.remembered()) {
    if (why.gap()) return "lost on the way here: see nonet gaps";
    return "not seen, or longer ago than is remembered";
  }
  if (why.expired()) return "came past its time to live";
  return absl::StrCat("handed to ", why.recipients(), why.recipients() == 1 ? " connection" : " connections");
}

Json LinkJson(const replica::Audit& audit, const replica::LinkAudit& link) {
  return {{"origin", audit.instance},          {"peer", link.peer},           {"linked", link.linked},
          {"acceptedFor", link.accepted_for},  {"delivered", link.delivered}, {"lost", link.lost},
          {"waiting", link.waiting},           {"inFlight", link.in_flight},  {"inDoubt", link.in_doubt},
          {"waitingBytes", link.waiting_bytes}};
}

}  // namespace

View Gaps(const std::vector<inspect::v1::ListGapsResponse>& instances) {
  View view{.document = Json::array(),
            .table = {.columns = {"NOTICED", "CAUSE", "FROM", "EPOCH", "TO", "HUB", "SEQUENCES", "MESSAGES",
                                  "LISTED BY"},
                      .rows = {},
                      .when_empty = "no gaps\n"},
            .text = "",
            .names = {}};
  for (const SyncGap& entry : JoinGaps(instances)) {
    const inspect::v1::Gap& gap = entry.gap;
    const std::string range =
        gap.last() == 0 ? absl::StrCat(gap.first(), "-") : absl::StrCat(gap.first(), "-", gap.last());
    view.document.push_back({{"noticeTime", TimeText(gap.notice_time())},
                             {"cause", gap.cause()},
                             {"origin", gap.origin()},
                             {"epoch", gap.epoch()},
                             {"peer", entry.to},
                             {"hub", gap.hub()},
                             {"first", gap.first()},
                             {"last", gap.last() == 0 ? Json() : Json(gap.last())},
                             {"messages", gap.messages() == 0 ? Json() : Json(gap.messages())},
                             {"listedBy", entry.listed_by}});
    view.table.rows.push_back({Cell(ClockText(gap.notice_time())), Cell(gap.cause(), Tone::kBad),
                               Cell(Brief(gap.origin())), Cell(gap.epoch()), Cell(Brief(entry.to)),
                               Cell(gap.hub().empty() ? "-" : Printable(gap.hub())), Cell(range),
                               Cell(gap.messages() == 0 ? "?" : absl::StrCat(gap.messages())),
                               Cell(absl::StrJoin(entry.listed_by, ","))});
    view.names.push_back(absl::StrCat(Brief(gap.origin()), ":", gap.epoch(), ":", range));
  }
  return view;
}

replica::Audit AuditOf(const inspect::v1::Audit& in) {
  replica::Audit audit;
  audit.instance = in.instance();
  audit.epoch = in.epoch();
  audit.wall_ns = UnixNs(in.time());
  audit.accepted = in.accepted();
  audit.refused = in.refused();
  audit.deliveries = in.deliveries();
  for (const inspect::v1::LinkAudit& to : in.to()) {
    replica::LinkAudit& link = audit.to.emplace_back();
    link.peer = to.peer();
    link.life = to.life();
    link.linked = to.linked();
    link.accepted_for = to.accepted_for();
    link.acknowledged = to.acknowledged();
    link.delivered = to.delivered();
    link.lost = to.lost();
    link.waiting = to.waiting();
    link.in_flight = to.in_flight();
    link.in_doubt = to.in_doubt();
    link.waiting_bytes = to.waiting_bytes();
  }
  for (const inspect::v1::OriginAudit& from : in.from()) {
    replica::OriginAudit& origin = audit.from.emplace_back();
    origin.origin = from.origin();
    origin.epoch = from.epoch();
    origin.linked = from.linked();
    origin.last_position = from.last_position();
    origin.last_sequence = from.last_sequence();
    origin.received = from.received();
    origin.gaps = from.gaps();
    origin.expired = from.expired();
    origin.handed = from.handed();
    origin.duplicates = from.duplicates();
  }
  return audit;
}

View AuditReport(const std::vector<replica::Audit>& last, const std::vector<replica::Finding>& findings) {
  View view{.document = Json::object(),
            .table = {.columns = {"FROM", "TO", "ACCEPTED FOR", "DELIVERED", "LOST", "WAITING", "IN FLIGHT",
                                  "IN DOUBT", "LINK"},
                      .rows = {},
                      .when_empty = "no instance has a peer\n"},
            .text = "",
            .names = {}};
  Json links = Json::array(), found = Json::array();
  for (const replica::Audit& audit : last) {
    for (const replica::LinkAudit& link : audit.to) {
      links.push_back(LinkJson(audit, link));
      view.table.rows.push_back({Cell(Brief(audit.instance)), Cell(Brief(link.peer)),
                                 Cell(absl::StrCat(link.accepted_for)), Cell(absl::StrCat(link.delivered)),
                                 Cell(absl::StrCat(link.lost), link.lost > 0 ? Tone::kBad : Tone::kPlain),
                                 Cell(absl::StrCat(link.waiting)), Cell(absl::StrCat(link.in_flight)),
                                 Cell(absl::StrCat(link.in_doubt)),
                                 link.linked ? Cell("up", Tone::kGood) : Cell("down", Tone::kBad)});
    }
  }
  bool balanced = true, complete = true;
  for (const replica::Finding& finding : findings) {
    (finding.violation() ? balanced : complete) = false;
    found.push_back({{"kind", std::string(replica::FindingName(finding.kind))},
                     {"origin", finding.origin},
                     {"peer", finding.peer},
                     {"text", finding.text}});
    view.names.push_back(finding.text);
  }
  view.document = {{"balanced", balanced}, {"complete", complete}, {"findings", found}, {"links", links}};
  return view;
}

View WhyReport(const std::string& message_id, const std::vector<inspect::v1::Why>& instances) {
  View view{.document = {{"message", message_id}, {"instances", Json::array()}},
            .table = {.columns = {"INSTANCE", "WHAT", "FROM THERE", "TIME SINCE ACCEPTED"},
                      .rows = {},
                      .when_empty = "nobody knows of it\n"},
            .text = "",
            .names = {}};
  for (const inspect::v1::Why& why : instances) {
    Json peers = Json::array();
    view.table.rows.push_back(
        {Cell(Brief(why.instance())),
         Cell(why.is_origin() ? absl::StrCat("accepted it ",
                                             why.remembered() ? ClockText(why.accept_time()) : "at some time",
                                             "; ", Outcome(why))
                              : Outcome(why)),
         Cell(""), Cell(Passed(why.accept_time(), why.receive_time()))});
    for (const inspect::v1::WhyPeer& peer : why.peers()) {
      peers.push_back({{"peer", peer.peer()},
                       {"fate", peer.fate()},
                       {"linked", peer.linked()},
                       {"sendTime", TimeJson(peer.send_time())},
                       {"acknowledgeTime", TimeJson(peer.acknowledge_time())}});
      view.table.rows.push_back({Cell(""), Cell(""),
                                 Cell(absl::StrCat("to ", Brief(peer.peer()), ": ", peer.fate(),
                                                   peer.linked() ? "" : ", no link then")),
                                 Cell(Passed(why.accept_time(), peer.acknowledge_time()))});
    }
    view.document["instances"].push_back({{"instance", why.instance()},
                                          {"origin", why.is_origin()},
                                          {"remembered", why.remembered()},
                                          {"outcome", Outcome(why)},
                                          {"recipients", why.recipients()},
                                          {"acceptTime", TimeJson(why.accept_time())},
                                          {"receiveTime", TimeJson(why.receive_time())},
                                          {"peers", peers}});
    view.names.push_back(why.instance());
  }
  return view;
}

}  // namespace nonet::cli
