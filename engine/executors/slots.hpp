#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tune/status.hpp"

namespace tune::engine {

/// Places for attempts, numbered from 0; the lowest free one is given out first. Thread safety: none.
class Slots {
 public:
  explicit Slots(int count) : count_(count) { TUNE_CHECK(count > 0); }

  /// How many more attempts may start. Adopted ones may be more than the count, when it was lowered meanwhile: then 0.
  [[nodiscard]] int free() const { return std::max(0, count_ - used_); }
  int acquire() {
    const auto place = std::find(taken_.begin(), taken_.end(), false);
    return take(static_cast<std::size_t>(place - taken_.begin()));
  }
  /// An adopted attempt's own slot, another one when that is taken or unknown.
  int acquire_at(int wanted) {
    if (wanted < 0 || wanted >= kMaxSlots) return acquire();
    const auto slot = static_cast<std::size_t>(wanted);
    return slot < taken_.size() && taken_[slot] ? acquire() : take(slot);
  }
  void release(int slot) {
    TUNE_CHECK(slot >= 0 && static_cast<std::size_t>(slot) < taken_.size() && taken_[static_cast<std::size_t>(slot)]);
    taken_[static_cast<std::size_t>(slot)] = false;
    --used_;
  }

 private:
  static constexpr int kMaxSlots = 1 << 16;

  int take(std::size_t slot) {
    if (slot >= taken_.size()) taken_.resize(slot + 1, false);
    taken_[slot] = true;
    ++used_;
    return static_cast<int>(slot);
  }

  std::vector<bool> taken_;
  int count_;
  int used_ = 0;
};

}  // namespace tune::engine
