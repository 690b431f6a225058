// A queue that takes memory only while it grows: a power of two of slots, doubled when full, kept when
// emptied. Pure; one owner.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace nonet::replica {

template <class T>
class Ring {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  T& front() { return slots_[first_]; }
  const T& front() const { return slots_[first_]; }
  T& operator[](size_t i) { return slots_[(first_ + i) & (slots_.size() - 1)]; }
  const T& operator[](size_t i) const { return slots_[(first_ + i) & (slots_.size() - 1)]; }

  void push_back(T value) {
    if (size_ == slots_.size()) Grow();
    slots_[(first_ + size_++) & (slots_.size() - 1)] = std::move(value);
  }
  T pop_front() {
    T value = std::exchange(slots_[first_], T());
    first_ = (first_ + 1) & (slots_.size() - 1);
    --size_;
    return value;
  }
  void clear() {
    slots_.clear();
    first_ = size_ = 0;
  }

 private:
  void Grow() {
    std::vector<T> more(slots_.empty() ? 16 : slots_.size() * 2);
    for (size_t i = 0; i < size_; ++i) more[i] = std::move((*this)[i]);
    slots_ = std::move(more);
    first_ = 0;
  }

  std::vector<T> slots_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace nonet::replica
