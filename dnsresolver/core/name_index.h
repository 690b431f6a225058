// From a name's wire form to what it names: open addressing, one cache line a look-up when the name is there
// and one more to compare it. Keys are not copied: they outlive the index, in place. Pure; immutable once
// filled; looking up allocates nothing.
//
//   NameIndex<int> index;
//   index.Reserve(1);
//   index.Add(key, 7);
//   const int* value = index.Find(name.key());
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/check.h"

namespace nonet::dns {

template <typename Value>
class NameIndex {
 public:
  // Room for so many names; before the first Add.
  void Reserve(size_t names) { slots_.resize(std::bit_ceil(2 * names + 1)); }

  // Of two with one key the first stays; an empty key is nobody's.
  void Add(absl::string_view key, const Value& value) {
    if (key.empty()) return;
    NONET_CHECK(2 * ++size_ <= slots_.size() && key.size() <= 255);
    const uint64_t hash = Hash(key);
    Slot* slot = &slots_[hash & (slots_.size() - 1)];
    while (slot->key != nullptr) {
      if (slot->Is(key, hash)) return;
      if (++slot == slots_.data() + slots_.size()) slot = slots_.data();
    }
    *slot = {key.data(), static_cast<uint32_t>(hash >> 32), static_cast<uint8_t>(key.size()), value};
  }

  // nullptr when it is not there.
  const Value* Find(absl::string_view key) const {
    if (slots_.empty()) return nullptr;
    const uint64_t hash = Hash(key);
    const Slot* slot = &slots_[hash & (slots_.size() - 1)];
    while (slot->key != nullptr) {
      if (slot->Is(key, hash)) return &slot->value;
      if (++slot == slots_.data() + slots_.size()) slot = slots_.data();
    }
    return nullptr;
  }

  // For who looks up many at once: both only bring memory nearer. First the place where the key must be ...
  uint64_t FetchPlace(absl::string_view key) const {
    const uint64_t hash = Hash(key);
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
    return hash;
  }
  // ... then, by what that returned, the key to compare with. Very likely what Find is going to return.
  const Value* FetchKey(uint64_t hash) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[hash & (slots_.size() - 1)];
    if (slot.key == nullptr || slot.tag != static_cast<uint32_t>(hash >> 32)) return nullptr;
    __builtin_prefetch(slot.key);
    return &slot.value;
  }

 private:
  struct alignas(32) Slot {
    const char* key = nullptr;  // nullptr: free.
    uint32_t tag = 0;           // Upper half of the hash.
    uint8_t size = 0;
    Value value{};

    bool Is(absl::string_view other, uint64_t hash) const {
      return tag == static_cast<uint32_t>(hash >> 32) && size == other.size() &&
             std::memcmp(key, other.data(), other.size()) == 0;
    }
  };

  // Eight bytes a step; names come from the configuration, so nobody outside chooses what collides.
  static uint64_t Hash(absl::string_view key) {
    constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
    uint64_t hash = key.size() * kMultiplier;
    size_t at = 0;
    uint64_t word;
    for (; at + sizeof(word) <= key.size(); at += sizeof(word)) {
      std::memcpy(&word, key.data() + at, sizeof(word));
      hash = Mix(hash ^ word);
    }
    word = 0;
    std::memcpy(&word, key.data() + at, key.size() - at);
    return Mix(hash ^ word);
  }
  static uint64_t Mix(uint64_t x) {
    x *= 0xD6E8FEB86659FD93;
    return x ^ x >> 32;
  }

  std::vector<Slot> slots_;  // A power of two, at most half of them used.
  size_t size_ = 0;
};

}  // namespace nonet::dns
