#include <algorithm>
#include <cmath>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

constexpr std::size_t kPythonRun = 64;  ///< values from which on Python's sort merges runs

/// Python's list.sort for fewer than kPythonRun values (a run, then binary insertion): with a NaN among them the order of arrival
/// decides. Longer lists are sorted with NaN last.
void python_sort(std::vector<double>& values) {
  const bool has_nan = std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  if (!has_nan || values.size() >= kPythonRun) {
    std::sort(values.begin(), values.end(), [](double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; });
    return;
  }
  const std::size_t count = values.size();
  std::size_t run = std::min<std::size_t>(count, 2);
  if (count >= 2 && values[1] < values[0]) {
    while (run < count && values[run] < values[run - 1]) ++run;
    std::reverse(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(run));
  } else {
    while (run < count && !(values[run] < values[run - 1])) ++run;
  }
  for (std::size_t i = run; i < count; ++i) {
    const double pivot = values[i];
    std::size_t low = 0;
    std::size_t high = i;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (pivot < values[middle]) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    for (std::size_t k = i; k > low; --k) values[k] = values[k - 1];
    values[low] = pivot;
  }
}

/// NNI's Medianstop assessor (3.0): best value so far against the running averages that completed trials had after as many
/// reports; of an even number of them the worse of the middle two.
class NniMedian final : public StoppingPolicy {
 public:
  explicit NniMedian(std::int64_t start_step) : start_step_(start_step) {}
  [[nodiscard]] std::string_view name() const override { return "median"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const std::int64_t moment = moment_of(trial);
    const Arrived own = arrived(trial, moment);
    if (static_cast<std::int64_t>(own.size()) < start_step_) {
      return not_judged(name(), trial, "it has reported fewer than " + std::to_string(start_step_) + " values");
    }
    Comparison comparison;
    std::vector<double> averages;
    // In the order in which they ended, which decides where there is a NaN.
    for (const TrialView other : study.finished()) {
      if (other.id() == trial.id() || !completed_by(other, moment)) continue;
      const Arrived points = arrived(other, moment);
      if (points.size() < own.size()) continue;
      averages.push_back(average_of_first(points, own.size()));
      comparison.references.push_back(other.id());
    }
    if (averages.empty()) return not_judged(name(), trial, "no completed trial has reported as many values");
    const Goal goal = study.objective().goal;
    python_sort(averages);
    comparison.judged = "best " + study.objective().metric + " so far";
    comparison.value = python_best(own, goal);
    comparison.against = "the median of the running averages of " + counted(averages.size(), "completed trial");
    comparison.threshold = averages[(goal == Goal::kMaximize ? averages.size() - 1 : averages.size()) / 2];
    comparison.stop = compares_better(goal, comparison.threshold, comparison.value);
    return compared(name(), trial, std::move(comparison));
  }

 private:
  std::int64_t start_step_;
};

}  // namespace

Entry<StoppingPolicy> nni_median_entry() {
  return {.name = "median",
          .doc = "NNI's Medianstop: best value so far against the median of completed trials' running averages",
          .options = {int_option("start_step", 0, 0, "values that a trial must have reported")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            return std::unique_ptr<StoppingPolicy>(std::make_unique<NniMedian>(option<std::int64_t>(options, "start_step")));
          },
          .variant = "nni"};
}

}  // namespace tune::strategies
