// What the last look-up of an audience found: messages come in runs for the same one. Pure; one owner.
//
//   if (const PeerSet* known = last_.Find(hub, kind, name)) return *known;
//   return last_.Keep(hub, kind, name, LookUp(hub, kind, name));
#pragma once

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "replica/core/message.h"

namespace nonet::replica {

template <class Found>
class LastAudience {
 public:
  // nullptr when the last one was another.
  const Found* Find(absl::string_view hub, Target target, absl::string_view name) const {
    return valid_ && target == target_ && name == name_ && hub == hub_ ? &found_ : nullptr;
  }
  const Found& Keep(absl::string_view hub, Target target, absl::string_view name, Found found) {
    hub_.assign(hub.data(), hub.size());
    target_ = target;
    name_.assign(name.data(), name.size());
    found_ = std::move(found);
    valid_ = true;
    return found_;
  }
  // Before anything that it may have found changes.
  void Forget() { valid_ = false; }

 private:
  bool valid_ = false;
  Target target_ = Target::kAll;
  std::string hub_;
  std::string name_;
  Found found_{};
};

}  // namespace nonet::replica
