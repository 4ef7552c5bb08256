#include "strategies/stopping/threshold.hpp"

#include <cmath>
#include <limits>

#include "strategies/stopping/looks.hpp"
#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

class Threshold final : public StoppingPolicy {
 public:
  Threshold(double lower, double upper, Looks looks) : lower_(lower), upper_(upper), looks_(looks) {}
  [[nodiscard]] std::string_view name() const override { return "threshold"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (std::string why = looks_.not_due(trial, study.max_step()); !why.empty()) {
      return not_judged(name(), trial, std::move(why));
    }
    return outside(name(), study.objective(), trial, lower_, upper_);
  }

 private:
  double lower_;
  double upper_;
  Looks looks_;
};

}  // namespace

Decision outside(std::string_view rule, const Objective& objective, const TrialView& trial, double lower, double upper) {
  const double value = trial.objective().back().value;
  const bool below = value < lower;
  const bool stop = std::isnan(value) || below || value > upper;
  Decision decision =
      not_judged(rule, trial, objective.metric + " " + to_text(value) + " at step " + std::to_string(trial.last_step()));
  decision.numbers.emplace_back("value", value);
  if (std::isfinite(lower)) decision.numbers.emplace_back("lower", lower);
  if (std::isfinite(upper)) decision.numbers.emplace_back("upper", upper);
  decision.kind = stop ? Decision::Kind::kStop : Decision::Kind::kContinue;
  decision.reason += std::isnan(value) ? " is no number"
                     : below           ? " is below the lower bound " + to_text(lower)
                     : stop            ? " is above the upper bound " + to_text(upper)
                                       : " is within the bounds";
  return decision;
}

Result<std::pair<double, double>> bounds_of(const Options& options) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto bound = [&](const char* name, double none) { return options.contains(name) ? option<double>(options, name) : none; };
  const double lower = bound("lower", -kInfinity);
  const double upper = bound("upper", kInfinity);
  if (!options.contains("lower") && !options.contains("upper"))
    return Status::invalid("lower and upper: missing; allowed: one of them, or both");
  if (std::isnan(lower) || std::isnan(upper) || lower > upper) {
    return Status::invalid("lower: given " + to_text(lower) + "; allowed: a number that does not exceed upper, " +
                           to_text(upper));
  }
  return std::pair(lower, upper);
}

Entry<StoppingPolicy> threshold_entry() {
  std::vector<OptionSpec> specs{float_option("lower", {}, {}, {}, "the smallest value that goes on"),
                                float_option("upper", {}, {}, {}, "the largest value that goes on; one of the two is required")};
  for (OptionSpec& spec : looks_options(OptionValue(std::int64_t{1}), false)) specs.push_back(std::move(spec));
  return {.name = "threshold",
          .doc = "stops a trial whose value leaves fixed bounds",
          .options = std::move(specs),
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            const auto bounds = bounds_of(options);
            if (!bounds.ok()) return bounds.status();
            const auto looks = looks_of(options);
            if (!looks.ok()) return looks.status();
            return std::unique_ptr<StoppingPolicy>(std::make_unique<Threshold>(bounds->first, bounds->second, *looks));
          }};
}

}  // namespace tune::strategies
