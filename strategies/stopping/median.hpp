#pragma once

#include <cstdint>
#include <string_view>

#include "strategies/stopping/looks.hpp"
#include "strategies/stopping/running_average.hpp"
#include "tune/registry.hpp"
#include "tune/stopping.hpp"

namespace tune::strategies {

struct MedianOptions {
  enum class Judged {
    kCurrent,  ///< the trial's value at the judged step
    kBest,     ///< its best value so far
  };
  std::string_view rule = "median";  ///< what it is called
  References references = References::kCompleted;
  Judged value = Judged::kCurrent;
  std::int64_t min_trials = 5;  ///< fewer references: no judgement; >= 1
  double percentile = 50.0;     ///< of the references' averages; 0 the worst, 100 the best
  double margin = 0.0;          ///< in the objective's units, >= 0
  Looks looks;
};

/// Stops a trial that is worse than the median of the running averages of other trials (docs/early-stopping.md; SageMaker
/// Developer Guide, "Stop Training Jobs Early"; Golovin et al., "Google Vizier", KDD 2017, section 3.1). Decisions that go on
/// carry their reason and numbers too. Immutable; safe from several threads.
class MedianPolicy final : public StoppingPolicy {
 public:
  explicit MedianPolicy(MedianOptions options) : options_(options) {}

  [[nodiscard]] std::string_view name() const override { return options_.rule; }
  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override;

 private:
  MedianOptions options_;
};

/// `median` for the registry.
Entry<StoppingPolicy> median_entry();
/// `percentile`: the same rule, by default at a lower percentile.
Entry<StoppingPolicy> percentile_entry();

}  // namespace tune::strategies
