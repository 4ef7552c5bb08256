#include "strategies/stopping/warmup.hpp"

namespace tune::strategies {

std::string exempt(std::int64_t step, std::int64_t first_judged, std::optional<std::int64_t> max_step) {
  if (step == 0) return "there is no value to judge yet";
  if (step < first_judged) {
    return "step " + std::to_string(step) + " comes before step " + std::to_string(first_judged) + ", the first that is judged";
  }
  if (step == max_step) return "step " + std::to_string(step) + " is the last one, where there is nothing left to save";
  return {};
}

OptionSpec warmup_option(std::optional<std::int64_t> standard) {
  OptionSpec spec;
  spec.name = "warmup";
  spec.type = OptionType::kIntOrShare;
  if (standard) spec.default_value = *standard;
  spec.min = 0.0;
  spec.doc = "first step judged, or that share of the maximum step";
  if (!standard) spec.doc += "; default max(2, 20 % of it, rounded up)";
  return spec;
}

Result<Warmup> warmup_of(const Options& options) {
  const auto given = options.find("warmup");
  if (given == options.end()) return Warmup();
  const auto* share = std::get_if<double>(&given->second);
  if (share == nullptr) return Warmup(std::get<std::int64_t>(given->second));
  if (!(*share >= 0.0 && *share <= 1.0)) {
    return Status::invalid("warmup: the share " + to_text(*share) + " is not between 0 and 1 (0 % and 100 %)");
  }
  return Warmup(*share);
}

}  // namespace tune::strategies
