#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/replay/curves.hpp"
#include "tune/status.hpp"
#include "tune/stopping.hpp"

/// What a stopping rule would have saved and lost on recorded curves (docs/early-stopping.md, "Replay").
namespace tune::engine {

inline constexpr int kMaxReplayRepeats = 10'000'000;
inline constexpr int kMaxReplayWorkers = 4096;

struct ReplaySettings {
  Objective objective = {};  ///< its metric is only a name
  int trials = 100;          ///< curves in each repeat; all of them when there are fewer
  int repeats = 1000;        ///< random orders; REQUIRES: 1 to kMaxReplayRepeats
  int workers = 1;           ///< trials at once; REQUIRES: 1 to kMaxReplayWorkers
  std::uint64_t seed = 1;
  int threads = 0;  ///< of this process; 0: as many as the machine has. The figures do not depend on it
};

/// Mean over the repeats and its standard error.
struct MeanFigure {
  double mean = 0.0;
  double error = 0.0;  ///< 0 with one repeat
};

struct ReplayRow {
  std::string rule = {};
  MeanFigure epochs_share = {};  ///< steps that were run, of all steps of the curves drawn
  MeanFigure winner_lost = {};   ///< share of repeats in which the drawn curve with the best final value was not run to its end
  MeanFigure regret = {};  ///< (best final value of all drawn - best of those run to the end) / (best - median of all curves)
  std::optional<MeanFigure> seconds_saved = {};  ///< of one repeat, each curve at its own pace; none when a pace is unknown
};

/// A random order without replacement of `count` of so many curves (of all where there are fewer): Fisher and Yates, from the
/// front.
void draw_order(std::vector<std::size_t>& order, std::size_t curves, std::size_t count, std::uint64_t seed, std::int64_t repeat);

/// Replays `policy` (none: no rule) `repeats` times on curves drawn without replacement in random order; the same orders for
/// every rule. The winner is the drawn curve with the best final value (ties: any of them). A final value is that of
/// `Objective::value`; one that is not finite counts as the worst of all. Fails (invalid) when all final values are alike.
Result<ReplayRow> replay(const Curves& curves, const std::string& rule, const StoppingPolicy* policy,
                         const ReplaySettings& settings);

}  // namespace tune::engine
