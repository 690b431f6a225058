// A second opinion on steering by profiles, written from the published tables and sharing no code with the
// resolver's: statuses as words, one client and one health at a time, no tables, no intervals. It answers
// with every possible outcome and its chance.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/regions/geo.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/profile_steering.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {

class ProfileOracle {
 public:
  // "instance 3", "nodata", "nxdomain", "addresses 0 2", each with its probability.
  using Chances = std::map<std::string, double>;

  ProfileOracle(const ResourceTopology& resource, std::optional<int> region, const IpPrefix& client,
                SteeringSwitches switches = {})
      : resource_(resource), region_(region), client_(client), switches_(switches) {}

  Chances Ask(const std::vector<std::string>& health) {
    health_ = health;
    Chances chances;
    Visit(0, 1.0, chances);
    return chances;
  }

  // "Online" and so on of the whole profile, then of one endpoint.
  std::string StatusOfProfile(int at) const {
    if (!At(at).enabled) return "Disabled";
    std::set<std::string> seen;
    for (size_t i = 0; i < At(at).endpoints.size(); ++i) seen.insert(StatusOfEndpoint(at, i));
    if (seen.contains("Degraded")) return "Degraded";
    if (seen.contains("Online") || seen.contains("Unmonitored")) return "Online";
    return seen.contains("CheckingEndpoint") ? "CheckingEndpoints" : "Inactive";
  }

  std::string StatusOfEndpoint(int at, size_t index) const {
    const ProfileEndpoint& endpoint = At(at).endpoints[index];
    if (!endpoint.enabled) return "Disabled";
    if (endpoint.instance >= 0) {
      const std::string& own = health_[static_cast<size_t>(endpoint.instance)];
      if (own == "Disabled") return own;
      if (!At(at).enabled) return "Inactive";
      if (own == "Stopped" || own == "Inactive") return own;
      return endpoint.always_serve ? "Unmonitored" : own;
    }
    if (!At(at).enabled) return "Inactive";
    const std::string child = StatusOfProfile(endpoint.nested);
    if (child == "Disabled" || child == "Inactive") return "Stopped";
    int online = 0, checking = 0;
    for (size_t i = 0; i < At(endpoint.nested).endpoints.size(); ++i) {
      const std::string status = StatusOfEndpoint(endpoint.nested, i);
      online += status == "Online" || status == "Unmonitored";
      checking += status == "CheckingEndpoint";
    }
    if (online >= endpoint.min_child_endpoints) return "Online";
    return online + checking >= endpoint.min_child_endpoints ? "CheckingEndpoint" : "Degraded";
  }

 private:
  const Profile& At(int at) const { return resource_.profiles[static_cast<size_t>(at)]; }

  static bool Good(const std::string& status) {
    return status == "Online" || status == "CheckingEndpoint" || status == "Unmonitored";
  }

  int Rtt(int at, size_t index) const {
    const auto& all = Regions();
    return RttMs(all[static_cast<size_t>(region_.value_or(resource_.primary_region))],
                 all[static_cast<size_t>(At(at).endpoints[index].region)]);
  }
  bool Away(int at, size_t index) const {
    return At(at).endpoints[index].region != region_.value_or(resource_.primary_region);
  }

  // Whether a goes before b by latency.
  bool Nearer(int at, size_t a, size_t b) const {
    if (Rtt(at, a) != Rtt(at, b)) return Rtt(at, a) < Rtt(at, b);
    if (Away(at, a) != Away(at, b)) return Away(at, b);
    const ProfileEndpoint &x = At(at).endpoints[a], &y = At(at).endpoints[b];
    if (x.priority != y.priority) return x.priority < y.priority;
    return x.name < y.name;
  }

  void Go(int at, size_t index, double chance, Chances& out) const {
    const ProfileEndpoint& endpoint = At(at).endpoints[index];
    if (endpoint.instance < 0) return Visit(endpoint.nested, chance, out);
    out["instance " + std::to_string(endpoint.instance)] += chance;
  }

  void ByWeight(int at, const std::vector<size_t>& among, bool evenly, double chance, Chances& out) const {
    double sum = 0;
    for (const size_t i : among) sum += evenly ? 1 : At(at).endpoints[i].weight;
    for (const size_t i : among) {
      Go(at, i, chance * (evenly ? 1 : At(at).endpoints[i].weight) / sum, out);
    }
  }

  // The endpoint that owns the most specific place of the client; Disabled ones own nothing.
  std::optional<size_t> OwnerOfPlace(int at) const {
    const std::vector<std::string> codes =
        region_ ? GeoCodesOf(Regions()[static_cast<size_t>(*region_)]) : std::vector<std::string>{"WORLD"};
    for (const std::string& code : codes) {
      for (size_t i = 0; i < At(at).endpoints.size(); ++i) {
        if (StatusOfEndpoint(at, i) == "Disabled") continue;
        for (const std::string& own : At(at).endpoints[i].geo) {
          if (own == code) return i;
        }
      }
    }
    return std::nullopt;
  }

  std::optional<size_t> OwnerOfAddress(int at) const {
    std::optional<size_t> fallback;
    for (size_t i = 0; i < At(at).endpoints.size(); ++i) {
      if (StatusOfEndpoint(at, i) == "Disabled") continue;
      if (At(at).endpoints[i].subnets.empty()) fallback = i;
      for (const IpPrefix& subnet : At(at).endpoints[i].subnets) {
        if (subnet.Contains(client_)) return i;
      }
    }
    return fallback;
  }

  void Visit(int at, double chance, Chances& out) const {
    const std::string status = StatusOfProfile(at);
    if (status == "Disabled") {
      out["nxdomain"] += chance;
      return;
    }
    if (status == "Inactive") {
      out[switches_.inactive_is_nxdomain ? "nxdomain" : "nodata"] += chance;
      return;
    }
    std::vector<size_t> good, bad;
    for (size_t i = 0; i < At(at).endpoints.size(); ++i) {
      if (Good(StatusOfEndpoint(at, i))) good.push_back(i);
      if (StatusOfEndpoint(at, i) == "Degraded") bad.push_back(i);
    }
    const std::vector<size_t>& usable = good.empty() ? bad : good;
    const auto nearest = [&](const std::vector<size_t>& among) {
      size_t best = among[0];
      for (const size_t i : among) best = Nearer(at, i, best) ? i : best;
      return best;
    };
    const auto is_usable = [&](size_t i) { return std::count(usable.begin(), usable.end(), i) > 0; };
    switch (At(at).method) {
      case RoutingMethod::kPerformance:
        return Go(at, nearest(usable), chance, out);
      case RoutingMethod::kPriority: {
        std::map<uint32_t, size_t> by_priority;
        for (const size_t i : usable) by_priority[At(at).endpoints[i].priority] = i;
        return Go(at, by_priority.begin()->second, chance, out);
      }
      case RoutingMethod::kWeighted:
        return ByWeight(at, usable, false, chance, out);
      case RoutingMethod::kGeographic: {
        const auto owner = OwnerOfPlace(at);
        const std::string own = owner ? StatusOfEndpoint(at, *owner) : "";
        if (Good(own) || own == "Degraded") return Go(at, *owner, chance, out);
        out["nodata"] += chance;
        return;
      }
      case RoutingMethod::kMultivalue: {
        for (size_t turn = 0; turn < usable.size(); ++turn) {
          std::string text = "addresses";
          for (size_t i = 0; i < usable.size() && i < At(at).max_return; ++i) {
            text += " " + std::to_string(At(at).endpoints[usable[(turn + i) % usable.size()]].instance);
          }
          out[text] += chance / static_cast<double>(usable.size());
        }
        return;
      }
      case RoutingMethod::kSubnet: {
        const auto owner = OwnerOfAddress(at);
        if (owner && is_usable(*owner)) return Go(at, *owner, chance, out);
        const bool nx = owner ? switches_.unhealthy_subnet_is_nxdomain : switches_.no_subnet_is_nxdomain;
        out[nx ? "nxdomain" : "nodata"] += chance;
        return;
      }
      case RoutingMethod::kFrontDoor: {
        if (good.empty()) return ByWeight(at, bad, true, chance, out);
        std::vector<size_t> first;
        for (const size_t i : good) {
          const auto p = At(at).endpoints[i].priority;
          if (std::none_of(good.begin(), good.end(),
                           [&](size_t j) { return At(at).endpoints[j].priority < p; })) {
            first.push_back(i);
          }
        }
        std::vector<size_t> band;
        for (const size_t i : first) {
          if (Rtt(at, i) <= Rtt(at, nearest(first)) + static_cast<int>(At(at).latency_sensitivity_ms)) {
            band.push_back(i);
          }
        }
        return ByWeight(at, band, false, chance, out);
      }
    }
  }

  const ResourceTopology& resource_;
  const std::optional<int> region_;
  const IpPrefix client_;
  const SteeringSwitches switches_;
  std::vector<std::string> health_;
};

}  // namespace nonet::dns
