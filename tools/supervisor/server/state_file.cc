#include "tools/supervisor/server/state_file.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/link_faults.h"

namespace nonet::supervisor {
namespace {

using StateJson = nlohmann::json;

constexpr int kVersion = 1;

// Reads members of one object; the first wrong one is remembered.
class Reader {
 public:
  Reader(const StateJson& json, absl::Status& status, absl::string_view file)
      : json_(json), status_(status), file_(file) {
    if (!json.is_object()) Fail("not an object");
  }

  void Get(const char* name, std::string& target) { Take(name, &StateJson::is_string, target); }
  void Get(const char* name, bool& target) { Take(name, &StateJson::is_boolean, target); }
  void Get(const char* name, int32_t& target) { Take(name, &StateJson::is_number_integer, target); }
  void Get(const char* name, int64_t& target) { Take(name, &StateJson::is_number_integer, target); }
  void Get(const char* name, uint32_t& target) { Take(name, &StateJson::is_number_unsigned, target); }
  void Get(const char* name, uint64_t& target) { Take(name, &StateJson::is_number_unsigned, target); }
  void Get(const char* name, std::vector<std::string>& target) {
    for (const StateJson& element : List(name)) {
      if (element.is_string()) {
        target.push_back(element.get<std::string>());
      } else {
        Fail(name);
      }
    }
  }
  bool Has(const char* name) const { return json_.is_object() && json_.contains(name); }
  const StateJson& List(const char* name) {
    static const StateJson* const kNone = new StateJson(StateJson::array());
    const StateJson* found = Find(name);
    if (found == nullptr) return *kNone;
    if (found->is_array()) return *found;
    Fail(name);
    return *kNone;
  }
  const StateJson& Object(const char* name) {
    static const StateJson* const kNone = new StateJson(StateJson::object());
    const StateJson* found = Find(name);
    return found == nullptr ? *kNone : *found;
  }

 private:
  const StateJson* Find(const char* name) {
    if (!json_.is_object()) return nullptr;
    const auto it = json_.find(name);
    if (it != json_.end()) return &*it;
    Fail(name);
    return nullptr;
  }
  template <typename T, typename Is>
  void Take(const char* name, Is is, T& target) {
    const StateJson* found = Find(name);
    if (found == nullptr) return;
    if ((found->*is)()) {
      target = found->template get<T>();
    } else {
      Fail(name);
    }
  }
  void Fail(absl::string_view name) {
    if (status_.ok())
      status_ = UnreadableState(file_, absl::StrCat("member \"", name, "\" is missing or wrong"));
  }

  const StateJson& json_;
  absl::Status& status_;
  const std::string file_;
};

absl::StatusOr<StateJson> Parse(absl::string_view text, absl::string_view file) {
  StateJson json = StateJson::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) return UnreadableState(file, "not a JSON object");
  const auto version = json.find("version");
  if (version == json.end() || *version != kVersion) {
    return UnreadableState(file, "written by another version of Nonet");
  }
  return json;
}

StateJson EncodeProcess(const State::Process& process) {
  StateJson json = {{"key", process.key},
                    {"address", process.address},
                    {"pid", process.identity.pid},
                    {"startTime", process.identity.start_time},
                    {"startWallNs", process.start_wall_ns},
                    {"generation", process.generation},
                    {"blackhole", process.blackhole},
                    {"launches", process.launches}};
  if (process.kind == ProcessKind::kInstance) {
    const InstanceSpec& instance = process.instance;
    json["instance"] = {{"object", instance.object},
                        {"resource", instance.resource_id},
                        {"replica", instance.replica_id},
                        {"region", instance.region},
                        {"uid", instance.uid},
                        {"generation", instance.generation},
                        {"stopped", instance.stopped},
                        {"deleting", instance.deleting}};
  }
  return json;
}

State::Process DecodeProcess(const StateJson& json, absl::Status& status, absl::string_view file) {
  State::Process process;
  Reader reader(json, status, file);
  reader.Get("key", process.key);
  reader.Get("address", process.address);
  reader.Get("pid", process.identity.pid);
  reader.Get("startTime", process.identity.start_time);
  reader.Get("startWallNs", process.start_wall_ns);
  reader.Get("generation", process.generation);
  reader.Get("blackhole", process.blackhole);
  reader.Get("launches", process.launches);
  if (process.key == kControlplaneKey) {
    process.kind = ProcessKind::kControlplane;
  } else if (process.key == kDnsresolverKey) {
    process.kind = ProcessKind::kDnsresolver;
  } else {
    Reader instance(reader.Object("instance"), status, file);
    instance.Get("object", process.instance.object);
    instance.Get("resource", process.instance.resource_id);
    instance.Get("replica", process.instance.replica_id);
    instance.Get("region", process.instance.region);
    instance.Get("uid", process.instance.uid);
    instance.Get("generation", process.instance.generation);
    instance.Get("stopped", process.instance.stopped);
    instance.Get("deleting", process.instance.deleting);
  }
  return process;
}

constexpr const char* kFaultKinds[] = {"region-down", "pause", "kill", "link"};
constexpr const char* kModes[] = {"refuse", "hang"};

constexpr const char* kSideKinds[] = {"region", "instance", "clients", "dnsresolver"};

StateJson EncodeSide(const LinkSide& side) {
  return {{"kind", kSideKinds[static_cast<int>(side.kind)]}, {"name", side.name}};
}

LinkSide DecodeSide(const StateJson& json, absl::Status& status, absl::string_view file) {
  LinkSide side;
  std::string kind;
  Reader reader(json, status, file);
  reader.Get("kind", kind);
  reader.Get("name", side.name);
  for (int i = 0; i < 4; ++i) {
    if (kind != kSideKinds[i]) continue;
    side.kind = static_cast<LinkSide::Kind>(i);
    return side;
  }
  if (status.ok()) status = UnreadableState(file, absl::StrCat("unknown side \"", kind, "\""));
  return side;
}

LinkFault DecodeLink(const StateJson& json, absl::Status& status, absl::string_view file) {
  LinkFault link;
  std::string kind;
  Reader reader(json, status, file);
  reader.Get("kind", kind);
  reader.Get("oneWay", link.one_way);
  reader.Get("amount", link.amount);
  link.a = DecodeSide(reader.Object("a"), status, file);
  link.b = DecodeSide(reader.Object("b"), status, file);
  for (int i = 0; i <= static_cast<int>(LinkFaultKind::kBandwidth); ++i) {
    link.kind = static_cast<LinkFaultKind>(i);
    if (kind == LinkKindName(link.kind)) return link;
  }
  if (status.ok()) status = UnreadableState(file, absl::StrCat("unknown link fault \"", kind, "\""));
  return link;
}

Fault DecodeFault(const StateJson& json, absl::Status& status, absl::string_view file) {
  Fault fault;
  std::string kind, mode;
  Reader reader(json, status, file);
  reader.Get("kind", kind);
  reader.Get("subject", fault.subject);
  reader.Get("mode", mode);
  reader.Get("startWallNs", fault.start_wall_ns);
  const bool known_mode = mode == kModes[0] || mode == kModes[1];
  fault.mode = mode == kModes[1] ? RegionDownMode::kHang : RegionDownMode::kRefuse;
  for (int i = 0; i < 4; ++i) {
    if (kind != kFaultKinds[i]) continue;
    fault.kind = static_cast<Fault::Kind>(i);
    if (fault.kind == Fault::Kind::kLink) fault.link = DecodeLink(reader.Object("link"), status, file);
    if (known_mode) return fault;
  }
  if (status.ok())
    status = UnreadableState(file, absl::StrCat("unknown fault \"", kind, "\", mode \"", mode, "\""));
  return fault;
}

}  // namespace

std::string EncodeState(const State& state) {
  StateJson json = {{"version", kVersion},
                    {"processes", StateJson::array()},
                    {"faults", StateJson::array()},
                    {"releasedAddresses", StateJson::array()}};
  for (const State::Process& process : state.processes) json["processes"].push_back(EncodeProcess(process));
  for (const Fault& fault : state.faults) {
    json["faults"].push_back({{"kind", kFaultKinds[static_cast<int>(fault.kind)]},
                              {"subject", fault.subject},
                              {"mode", kModes[static_cast<int>(fault.mode)]},
                              {"startWallNs", fault.start_wall_ns}});
    if (fault.kind != Fault::Kind::kLink) continue;
    const LinkFault& link = fault.link;
    json["faults"].back()["link"] = {{"kind", std::string(LinkKindName(link.kind))},
                                     {"oneWay", link.one_way},
                                     {"amount", link.amount},
                                     {"a", EncodeSide(link.a)},
                                     {"b", EncodeSide(link.b)}};
  }
  for (const State::ReleasedAddress& released : state.released) {
    json["releasedAddresses"].push_back({{"address", released.address}, {"wallNs", released.wall_ns}});
  }
  return json.dump(2) + "\n";
}

absl::StatusOr<State> DecodeState(absl::string_view text, absl::string_view file) {
  ASSIGN_OR_RETURN(const StateJson json, Parse(text, file));
  absl::Status status;
  State state;
  Reader reader(json, status, file);
  for (const StateJson& process : reader.List("processes")) {
    state.processes.push_back(DecodeProcess(process, status, file));
  }
  for (const StateJson& fault : reader.List("faults"))
    state.faults.push_back(DecodeFault(fault, status, file));
  for (const StateJson& element : reader.List("releasedAddresses")) {
    State::ReleasedAddress released;
    Reader entry(element, status, file);
    entry.Get("address", released.address);
    entry.Get("wallNs", released.wall_ns);
    state.released.push_back(std::move(released));
  }
  if (!status.ok()) return status;
  return state;
}

std::string EncodeSettings(const Settings& settings) {
  const StateJson json = {{"version", kVersion},
                          {"cluster", settings.cluster},
                          {"net", settings.net},
                          {"zone", settings.zone},
                          {"basePort", settings.base_port},
                          {"ttlNs", settings.ttl_ns},
                          {"probeIntervalNs", settings.probe_interval_ns},
                          {"probeTimeoutNs", settings.probe_timeout_ns},
                          {"toleratedFailures", settings.tolerated_failures},
                          {"dnsListen", settings.dns_listen},
                          {"wan", settings.wan},
                          {"open", settings.open},
                          {"peerTls", settings.peer_tls},
                          {"resolverFlags", settings.resolver_flags},
                          {"whenFull", settings.when_full},
                          {"joinsWaitNs", settings.joins_wait_ns}};
  return json.dump(2) + "\n";
}

absl::StatusOr<Settings> DecodeSettings(absl::string_view text, absl::string_view file) {
  ASSIGN_OR_RETURN(const StateJson json, Parse(text, file));
  absl::Status status;
  Settings settings;
  Reader reader(json, status, file);
  reader.Get("cluster", settings.cluster);
  reader.Get("net", settings.net);
  reader.Get("zone", settings.zone);
  reader.Get("basePort", settings.base_port);
  reader.Get("ttlNs", settings.ttl_ns);
  reader.Get("probeIntervalNs", settings.probe_interval_ns);
  reader.Get("probeTimeoutNs", settings.probe_timeout_ns);
  reader.Get("toleratedFailures", settings.tolerated_failures);
  reader.Get("dnsListen", settings.dns_listen);
  // Younger than the rest: a directory of before does not have them.
  if (reader.Has("wan")) reader.Get("wan", settings.wan);
  if (reader.Has("open")) reader.Get("open", settings.open);
  if (reader.Has("peerTls")) reader.Get("peerTls", settings.peer_tls);
  if (reader.Has("resolverFlags")) reader.Get("resolverFlags", settings.resolver_flags);
  if (reader.Has("whenFull")) reader.Get("whenFull", settings.when_full);
  if (reader.Has("joinsWaitNs")) reader.Get("joinsWaitNs", settings.joins_wait_ns);
  if (!status.ok()) return status;
  return settings;
}

}  // namespace nonet::supervisor
