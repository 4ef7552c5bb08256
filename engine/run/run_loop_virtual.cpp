#include <algorithm>

#include "engine/run/run_loop.hpp"

/// In which order a deterministic study takes what its trials say.
namespace tune::engine {

std::int64_t RunLoop::clock_of(TrialId trial) const {
  return virtual_clock(core_.record().trial(trial), core_.record().objective);
}

bool RunLoop::is_new_objective_step(TrialId trial, const Seen& seen) const {
  if (seen.metric != core_.record().objective.metric) return false;
  const TrialRecord& record = core_.record().trial(trial);
  const Series* series = record.find_series(seen.metric);
  const std::int64_t step = seen.step ? *seen.step : counted_step(record, seen.metric);
  return series == nullptr || !std::ranges::binary_search(series->points, step, {}, &Point::step);
}

/// The moment at which the trial's next item happens; for one that has none: the earliest at which it could.
std::int64_t RunLoop::virtual_clock_of_head(const Live& live) const {
  const std::int64_t clock = clock_of(live.id.trial);
  // What comes after a stop is dropped: how much of it there is depends on when the signal arrived.
  if (live.items.empty() || is_ending(live.id.trial)) return clock;
  const auto* seen = std::get_if<Seen>(&live.items.front());
  return seen != nullptr && is_new_objective_step(live.id.trial, *seen) ? clock + 1 : clock;
}

/// The trial whose next item comes first in the order (virtual clock, trial); null when that is one that waits in its slot for
/// its next attempt.
RunLoop::Live* RunLoop::first_in_virtual_order() {
  const std::vector<TrialId> kept = kept_slots();
  Live* first = nullptr;
  std::optional<std::int64_t> first_clock;
  for (const TrialId trial : core_.record().running) {
    const auto found = live_.find(trial);
    if (found == live_.end() && std::ranges::find(kept, trial) == kept.end()) continue;
    Live* live = found == live_.end() ? nullptr : &found->second;
    const std::int64_t clock = live == nullptr ? clock_of(trial) : virtual_clock_of_head(*live);
    if (first_clock && clock >= *first_clock) continue;
    first = live;
    first_clock = clock;
  }
  return first;
}

/// Consumes items in the order (virtual clock, trial) for as long as nobody slower can still say something earlier.
void RunLoop::consume_in_virtual_order() {
  consumed_all_ = true;
  while (!interrupted() && !live_.empty()) {
    Live* first = first_in_virtual_order();
    if (first == nullptr || first->items.empty()) return;
    const TrialId trial = first->id.trial;
    consume(*first);
    // What can be launched now must not depend on what else has arrived.
    if (core_.pauses() && !interrupted()) fill_slots(core_.state().virtual_now());
    if (looks_ahead() && !live_.contains(trial)) {
      // What is known when the next trial is proposed must not depend on what else has arrived.
      consumed_all_ = false;
      return;
    }
  }
}

}  // namespace tune::engine
