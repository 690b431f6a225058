// A resource that is steered by profiles, compiled like any other in two layers: the plan says which clients
// are of one kind (they have the same rankings) and follows from configuration; the answers add today's
// health. A resource without profiles has neither. Both immutable.
//
//   const auto plan = std::make_shared<const ProfilePlan>(resource, prefixes);
//   const ProfileAnswers answers(plan, resource, health, switches, form);
//   const ProfileAnswers::Decision decision = answers.Decide(plan->blocks().Find(client).value, draw);
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dnsresolver/core/block_tree.h"
#include "dnsresolver/core/prefix_table.h"
#include "dnsresolver/core/profile.h"
#include "dnsresolver/core/profile_steering.h"
#include "dnsresolver/core/sections.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {

class ProfilePlan {
 public:
  // `resource.profiles` is not empty.
  ProfilePlan(const ResourceTopology& resource, const PrefixTable& prefixes);

  // Values are kinds. Lengths are right as ECS scopes: 0 when nothing depends on the client.
  const BlockTree& blocks() const { return blocks_; }
  const std::vector<Rankings>& kinds() const { return kinds_; }

 private:
  BlockTree blocks_;
  std::vector<Rankings> kinds_;
};

class ProfileAnswers {
 public:
  struct Decision {
    Outcome outcome;
    const Sections* addresses = nullptr;  // kAddresses: the records of type A of the name asked.
    const Sections* chained = nullptr;    // The same by way of the alias; nullptr without one.
  };
  // What the wire form of addresses takes.
  struct Form {
    uint32_t ttl_s = 0;
    size_t name_bytes = 0;            // Of the resource's host name.
    const Sections* alias = nullptr;  // The CNAME to the alias, without records when there is none.
  };

  // `health`: the statuses of the resource's endpoints.
  ProfileAnswers(std::shared_ptr<const ProfilePlan> plan, const ResourceTopology& resource,
                 std::span<const MonitorStatus> health, const SteeringSwitches& switches, const Form& form);

  // The same draw decides the same. Allocates nothing.
  Decision Decide(int kind, uint32_t draw) const {
    const ByKind& of = kinds_[static_cast<size_t>(kind)];
    const Outcome& outcome = Draw(of.steered.shares, draw);
    if (outcome.kind != Outcome::Kind::kAddresses) return {outcome, nullptr, nullptr};
    return {outcome, &of.addresses[outcome.index], of.chained.empty() ? nullptr : &of.chained[outcome.index]};
  }
  const Steered& steered(int kind) const { return kinds_[static_cast<size_t>(kind)].steered; }
  const std::vector<ProfileState>& states() const { return states_; }

 private:
  struct ByKind {
    Steered steered;
    std::vector<Sections> addresses, chained;  // By Outcome::index; `chained` only with an alias.
  };

  const std::shared_ptr<const ProfilePlan> plan_;  // Shared with the answers before and after.
  const std::vector<ProfileState> states_;
  std::vector<ByKind> kinds_;
};

}  // namespace nonet::dns
