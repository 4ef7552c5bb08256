#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "tune/clock.hpp"
#include "tune/executor.hpp"
#include "tune/random.hpp"

namespace tune::engine {

struct SpotMarketOptions {
  int slots = 1;
  Duration every{0};  ///< mean time that a slot stays
  std::chrono::milliseconds notice{0};
  Duration away{0};  ///< mean time until it is back
  std::uint64_t seed = 0;
};

/// A rehearsal of capacity that may be taken away, around an executor: each slot stays and is away in turn, for times from an
/// exponential distribution. The attempt in a slot that is taken away gets SIGTERM, SIGKILL after the notice, and is reported as
/// Interrupted; the slot is not given out until it is back. The n-th time of a slot depends on the seed, the slot and n alone.
/// An attempt that is launched while no slot is here waits for one. The slots that Started names are this market's. wait() may
/// return without an event when a slot has come back. Thread safety: as Executor.
class SpotMarket final : public Executor {
 public:
  SpotMarket(std::unique_ptr<Executor> inner, const Clock& clock, const SpotMarketOptions& options);

  [[nodiscard]] bool can_launch(const Resources& resources) const override;
  Status launch(const LaunchSpec& spec) override;
  Status adopt(std::span<const LaunchSpec> specs) override;
  void stop(AttemptId id, std::chrono::milliseconds grace) override;
  std::vector<ExecutorEvent> wait(TimePoint deadline) override;
  void wake() override { inner_->wake(); }

 private:
  struct Slot {
    RandomStream random;
    bool here = true;
    TimePoint until;   ///< then it changes
    int attempts = 0;  ///< in it; more than one after a resume with fewer slots
  };
  struct Attempt {
    std::size_t slot = 0;
    bool taken = false;          ///< its slot was taken away
    bool asked_to_stop = false;  ///< by whoever uses this executor
  };

  [[nodiscard]] std::size_t free_slot() const;
  Duration draw(Slot& slot, Duration mean);
  bool pass_time();
  void take_away(std::size_t slot);
  Status place(const LaunchSpec& spec, std::size_t slot);
  void place_waiting();
  void translate(ExecutorEvent& event);

  std::unique_ptr<Executor> inner_;
  const Clock& clock_;
  SpotMarketOptions options_;
  std::vector<Slot> slots_;
  std::map<AttemptId, Attempt> attempts_;
  std::vector<LaunchSpec> waiting_;    ///< for a slot
  std::vector<ExecutorEvent> events_;  ///< of this market's own, not reported yet
};

}  // namespace tune::engine
