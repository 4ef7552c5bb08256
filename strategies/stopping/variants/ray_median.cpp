#include <cmath>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

enum class Clock { kSeconds, kSteps };

struct RayOptions {
  Clock clock = Clock::kSeconds;
  double grace_period = 60.0;
  std::int64_t min_samples = 3;
};

/// Seconds that the trial had been running, over all its attempts, when the observation arrived.
double seconds_until(const TrialView& trial, const Point& point) {
  Duration running{0};
  for (const AttemptRecord& attempt : trial.record().attempts) {
    if (!attempt.started || *attempt.started > point.time) continue;
    const TimePoint end = attempt.ended && *attempt.ended < point.time ? *attempt.ended : point.time;
    running += end - *attempt.started;
  }
  return to_seconds(running);
}

double time_of(const RayOptions& options, const TrialView& trial, const Point& point) {
  return options.clock == Clock::kSteps ? static_cast<double>(point.step) : seconds_until(trial, point);
}

/// Ray Tune's MedianStoppingRule (2.60): best value so far against the median of the means that every other trial has between
/// `grace_period` and now, if it has got as far; whatever its state. Ray hands the last result of a trial that was stopped or
/// completed over twice, so that it counts double. Means that are not finite are left out. It pauses a trial for want of samples
/// only while others wait for a slot; here none does.
class RayMedian final : public StoppingPolicy {
 public:
  explicit RayMedian(RayOptions options) : options_(options) {}
  [[nodiscard]] std::string_view name() const override { return "median"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const double now = time_of(options_, trial, trial.objective().back());
    if (now < options_.grace_period) return not_judged(name(), trial, "the grace period is not over");
    const Objective& objective = study.objective();
    const std::int64_t moment = moment_of(trial);
    Comparison comparison;
    std::vector<double> means;
    for (const TrialView& other : others(study, trial)) {
      const double mean = mean_until(other, moment, now);
      if (!std::isfinite(mean)) continue;
      means.push_back(mean);
      comparison.references.push_back(other.id());
    }
    if (means.size() < static_cast<std::size_t>(options_.min_samples)) {
      return not_judged(
          name(), trial,
          counted(means.size(), "trial") + " of the " + std::to_string(options_.min_samples) + " needed got that far");
    }
    comparison.judged = "best " + objective.metric + " so far";
    comparison.value = python_best(arrived(trial, moment), objective.goal);
    comparison.against = "the median of the running means of " + counted(means.size(), "trial");
    comparison.threshold = numpy_median(std::move(means));
    // Python: max(median, best) != best; true also when the best is NaN.
    comparison.stop = std::isnan(comparison.value) || compares_better(objective.goal, comparison.threshold, comparison.value);
    return compared(name(), trial, std::move(comparison));
  }

 private:
  /// NaN when the trial has not got as far or has nothing to average.
  [[nodiscard]] double mean_until(const TrialView& other, std::int64_t moment, double now) const {
    const Arrived points = arrived(other, moment);
    if (points.empty() || time_of(options_, other, points.back()) < now) return std::nan("");
    const bool twice = ended_by(other, moment) && !failed_by(other, moment);
    double sum = 0.0;
    int count = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double time = time_of(options_, other, points[i]);
      if (time < options_.grace_period || time > now) continue;
      const int times = twice && i + 1 == points.size() ? 2 : 1;
      sum += times * points[i].value;
      count += times;
    }
    return sum / count;
  }

  RayOptions options_;
};

}  // namespace

Entry<StoppingPolicy> ray_median_entry() {
  return {.name = "median",
          .doc = "Ray Tune's MedianStoppingRule: best value so far against the median of other trials' running means",
          .options = {choice_option("time_attr", {"time_total_s", "training_iteration"},
                                    "what time is: seconds of running, or the step"),
                      float_option("grace_period", 60.0, 0.0, {}, "nothing is stopped before, and means begin then; a time"),
                      int_option("min_samples_required", 3, 1, "trials needed to compare with")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            RayOptions made;
            made.clock = option<std::string>(options, "time_attr") == "time_total_s" ? Clock::kSeconds : Clock::kSteps;
            made.grace_period = option<double>(options, "grace_period");
            made.min_samples = option<std::int64_t>(options, "min_samples_required");
            return std::unique_ptr<StoppingPolicy>(std::make_unique<RayMedian>(made));
          },
          .variant = "ray"};
}

}  // namespace tune::strategies
