#include "replica/core/audit.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"

namespace nonet::replica {
namespace {

using Round = absl::btree_map<std::string, const Audit*>;

const LinkAudit* FindLink(const Audit& audit, const std::string& peer) {
  for (const LinkAudit& link : audit.to) {
    if (link.peer == peer) return &link;
  }
  return nullptr;
}

const OriginAudit* FindOrigin(const Audit& audit, const std::string& origin) {
  for (const OriginAudit& from : audit.from) {
    if (from.origin == origin) return &from;
  }
  return nullptr;
}

void JudgeAlone(const Audit& audit, std::vector<Finding>* findings) {
  for (const LinkAudit& link : audit.to) {
    const uint64_t sum = link.delivered + link.lost + link.waiting + link.in_flight + link.in_doubt;
    if (sum == link.accepted_for) continue;
    findings->push_back(
        {Finding::Kind::kSumsDiffer, audit.instance, link.peer,
         absl::StrCat("accepted for it: ", link.accepted_for, ", but delivered ", link.delivered, " + lost ",
                      link.lost, " + waiting ", link.waiting, " + in flight ", link.in_flight, " + in doubt ",
                      link.in_doubt, " = ", sum)});
  }
  for (const OriginAudit& from : audit.from) {
    if (from.received + from.gaps != from.last_position) {
      findings->push_back({Finding::Kind::kSumsDiffer, from.origin, audit.instance,
                           absl::StrCat("received ", from.received, " + gaps ", from.gaps,
                                        ", but the last position is ", from.last_position)});
    }
    if (from.handed + from.expired != from.received) {
      findings->push_back({Finding::Kind::kSumsDiffer, from.origin, audit.instance,
                           absl::StrCat("handed on ", from.handed, " + expired ", from.expired,
                                        ", but received ", from.received)});
    }
  }
}

// One direction of a pair; all four are of the same lives.
void JudgePair(const std::string& origin, const std::string& peer, const LinkAudit& to1,
               const OriginAudit& from1, const LinkAudit& to2, const OriginAudit& from2,
               std::vector<Finding>* findings) {
  if (from1.last_position > to2.accepted_for) {
    findings->push_back({Finding::Kind::kMoreThanSent, origin, peer,
                         absl::StrCat("it took ", from1.last_position, " positions, but only ",
                                      to2.accepted_for, " were given out")});
  }
  if (to1.acknowledged > from2.last_position) {
    findings->push_back(
        {Finding::Kind::kLessThanAcked, origin, peer,
         absl::StrCat("it acknowledged ", to1.acknowledged, ", but has ", from2.last_position)});
  }
  const bool settled = to1.accepted_for == to2.accepted_for && to2.acknowledged == to2.accepted_for &&
                       from1.last_position == from2.last_position;
  if (!settled) return;
  if (from2.last_position != to2.accepted_for || from2.received != to2.delivered || from2.gaps != to2.lost) {
    findings->push_back(
        {Finding::Kind::kSettledDiffers, origin, peer,
         absl::StrCat("accepted for it ", to2.accepted_for, ", delivered ", to2.delivered, ", lost ",
                      to2.lost, "; it received ", from2.received, ", gaps ", from2.gaps)});
  }
}

}  // namespace

absl::string_view FindingName(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kSumsDiffer:
      return "SumsDiffer";
    case Finding::Kind::kMoreThanSent:
      return "MoreThanSent";
    case Finding::Kind::kLessThanAcked:
      return "LessThanAcked";
    case Finding::Kind::kSettledDiffers:
      return "SettledDiffers";
    case Finding::Kind::kMissing:
      return "Missing";
  }
  return "Unknown";
}

std::vector<Finding> Judge(const std::vector<Audit>& first, const std::vector<Audit>& second) {
  std::vector<Finding> findings;
  Round before, after;
  for (const Audit& audit : first) before[audit.instance] = &audit;
  for (const Audit& audit : second) after[audit.instance] = &audit;
  for (const auto& [name, audit] : after) JudgeAlone(*audit, &findings);
  for (const auto& [name, audit] : before) {
    const auto again = after.find(name);
    if (again == after.end() || again->second->epoch != audit->epoch) {
      findings.push_back({Finding::Kind::kMissing, name, "",
                          "it did not answer twice in one life: its counts cannot be compared"});
    }
  }
  for (const auto& [origin, origin1] : before) {
    const auto origin2 = after.find(origin);
    if (origin2 == after.end() || origin2->second->epoch != origin1->epoch) continue;
    for (const LinkAudit& to1 : origin1->to) {
      const auto peer1 = before.find(to1.peer);
      const auto peer2 = after.find(to1.peer);
      if (peer1 == before.end() || peer2 == after.end()) continue;
      const LinkAudit* to2 = FindLink(*origin2->second, to1.peer);
      const OriginAudit* from1 = FindOrigin(*peer1->second, origin);
      const OriginAudit* from2 = FindOrigin(*peer2->second, origin);
      if (to2 == nullptr || from1 == nullptr || from2 == nullptr) continue;
      const bool same_lives = to1.life == peer1->second->epoch && to2->life == to1.life &&
                              peer2->second->epoch == to1.life && from1->epoch == origin1->epoch &&
                              from2->epoch == origin1->epoch;
      if (same_lives) JudgePair(origin, to1.peer, to1, *from1, *to2, *from2, &findings);
    }
  }
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.origin, a.peer, a.kind, a.text) < std::tie(b.origin, b.peer, b.kind, b.text);
  });
  return findings;
}

}  // namespace nonet::replica
