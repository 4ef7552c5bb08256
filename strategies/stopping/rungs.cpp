#include "strategies/stopping/rungs.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/asha_rungs.hpp"
#include "tune/random.hpp"

namespace tune::strategies {
namespace {

constexpr double kLeastFactor = 2.0;
constexpr double kLargestFactor = 1000.0;

std::int64_t first_rung(const Warmup& min_resource, std::int64_t max_step) {
  if (!std::holds_alternative<std::monostate>(min_resource)) return first_judged_step(min_resource, max_step);
  return std::max(kLeastFirstRung, (max_step + kFirstRungParts - 1) / kFirstRungParts);
}

}  // namespace

Rungs::Rungs(const RungOptions& options, std::int64_t max_step) {
  TUNE_CHECK(max_step >= 1);
  const AshaSpan span{static_cast<double>(first_rung(options.min_resource, max_step)), static_cast<double>(max_step),
                      options.reduction_factor};
  steps_ = span.milestones();
  std::erase_if(steps_, [&](double step) { return step >= span.max_t; });
  brackets_ = std::clamp<std::size_t>(options.brackets.value_or(steps_.size()), 1, std::max<std::size_t>(1, steps_.size()));
  // Hyperband's number of trials of a bracket: ceil(B eta^s / (s + 1)), where s rungs lie below the last one that it has.
  double total = 0.0;
  for (std::size_t bracket = 0; bracket < brackets_; ++bracket) {
    const auto rungs = static_cast<double>(brackets_ - 1 - bracket);
    total += std::ceil(static_cast<double>(brackets_) * std::pow(options.reduction_factor, rungs) / (rungs + 1.0));
    bracket_ends_.push_back(total);
  }
}

std::size_t Rungs::bracket_of(std::uint64_t seed, TrialId trial) const {
  if (brackets_ == 1) return 0;
  const double drawn = RandomStream(seed, trial, "bracket").uniform() * bracket_ends_.back();
  const auto found = std::ranges::upper_bound(bracket_ends_, drawn);
  return std::min(static_cast<std::size_t>(found - bracket_ends_.begin()), brackets_ - 1);
}

std::optional<std::size_t> Rungs::reached(std::size_t bracket, std::int64_t step) const {
  const auto above = std::ranges::upper_bound(steps_, static_cast<double>(step));
  const auto passed = static_cast<std::size_t>(above - steps_.begin());
  return passed > bracket ? std::optional(passed - 1) : std::nullopt;
}

const Point* Rungs::left_at(std::size_t rung, std::span<const Point> points) const {
  const auto at = std::ranges::lower_bound(points, steps_[rung], {}, [](const Point& p) { return static_cast<double>(p.step); });
  if (at == points.end()) return nullptr;
  if (rung + 1 < steps_.size() && static_cast<double>(at->step) >= steps_[rung + 1]) return nullptr;
  return &*at;
}

std::string off_the_rungs(const TrialView& trial, std::optional<std::int64_t> max_step) {
  if (trial.objective().empty()) return "there is no value to judge yet";
  if (!max_step) return "the maximum step, by which the rungs are laid, is not known yet";
  return trial.last_step() >= *max_step ? exempt(*max_step, 1, max_step) : "";
}

std::vector<OptionSpec> rung_option_specs() {
  OptionSpec min_resource;
  min_resource.name = "min_resource";
  min_resource.type = OptionType::kIntOrShare;
  min_resource.min = 0.0;
  min_resource.doc = "the first rung: a step, or that share of the maximum step; default max(2, 10 % of it, rounded up)";
  return {std::move(min_resource), float_option("reduction_factor", kDefaultReduction, kLeastFactor, kLargestFactor,
                                                "one trial of so many goes on, and rungs lie so many times as far apart")};
}

Result<RungOptions> rung_options_of(const Options& options) {
  RungOptions made;
  made.reduction_factor = option<double>(options, "reduction_factor");
  const auto given = options.find("min_resource");
  if (given == options.end()) return made;
  if (const auto* step = std::get_if<std::int64_t>(&given->second)) {
    if (*step < 1) return Status::invalid("min_resource: given " + std::to_string(*step) + "; allowed: int >= 1, or a share");
    made.min_resource = *step;
    return made;
  }
  const double share = std::get<double>(given->second);
  if (!(share > 0.0 && share <= 1.0)) {
    return Status::invalid("min_resource: the share " + to_text(share) + " is not above 0 and at most 1 (100 %)");
  }
  made.min_resource = share;
  return made;
}

}  // namespace tune::strategies
