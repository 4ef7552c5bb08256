#include "strategies/stopping/looks.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {
namespace {

constexpr double kRounding = 1e-9;  // 1.4 * 5 is 7

/// The last look that is due at `step` or before; 0: none.
std::int64_t last_due(std::int64_t first, bool geometric, std::int64_t interval, std::int64_t step) {
  if (step < first) return 0;
  if (!geometric) return first + (step - first) / interval * interval;
  std::int64_t due = first;
  for (double exact = static_cast<double>(first);;) {
    exact *= kLookGrowth;
    const std::int64_t next = std::max(due + 1, static_cast<std::int64_t>(std::ceil(exact - kRounding)));
    if (next > step) return due;
    due = next;
  }
}

}  // namespace

std::string Looks::not_due(const TrialView& trial, std::optional<std::int64_t> max_step) const {
  const std::int64_t step = trial.last_step();
  const std::int64_t first = first_judged_step(warmup, max_step);
  if (std::string why = exempt(step, first, max_step); !why.empty()) return why;
  if (!geometric && interval == 1) return {};
  const auto points = trial.objective();
  const std::int64_t before = points.size() < 2 ? 0 : points[points.size() - 2].step;
  if (last_due(first, geometric, interval, step) > before) return {};
  return "no look is due at step " + std::to_string(step);
}

std::vector<OptionSpec> looks_options(std::optional<OptionValue> warmup, bool geometric) {
  OptionSpec first = warmup_option({});
  if (warmup) {
    first.default_value = std::move(warmup);
    first.doc = "first step judged, or that share of the maximum step";
  }
  std::vector<std::string> words{"every", "geometric"};
  if (geometric) std::ranges::reverse(words);
  OptionSpec interval = int_option("interval", {}, 1, "with looks: every, steps from one look to the next; default 1");
  return {std::move(first),
          choice_option("looks", std::move(words),
                        "which steps are judged: every one, or ever fewer (each 1.4 times the one before)"),
          std::move(interval)};
}

Result<Looks> looks_of(const Options& options) {
  Looks looks;
  const auto warmup = warmup_of(options);
  if (!warmup.ok()) return warmup.status();
  looks.warmup = *warmup;
  const auto given = options.find("looks");  // not in a study that was recorded before there was such an option
  looks.geometric = given != options.end() && std::get<std::string>(given->second) == "geometric";
  const auto interval = options.find("interval");
  if (interval == options.end()) return looks;
  if (looks.geometric) {
    return Status::invalid("interval: given " + std::to_string(std::get<std::int64_t>(interval->second)) +
                           "; allowed: only with looks: every");
  }
  looks.interval = std::get<std::int64_t>(interval->second);
  return looks;
}

}  // namespace tune::strategies
