#include "strategies/stopping/pasha.hpp"

#include <algorithm>
#include <cmath>

namespace tune::strategies {
namespace {

constexpr double kGapShare = 0.9;  ///< the percentile of the gaps, as in the paper

/// The gap of a pair that changed places at least twice up to `until`; none for another.
std::optional<double> gap_of(std::span<const Point> one, std::span<const Point> other, std::int64_t until) {
  int changes = 0;
  int ahead = 0;
  double last = 0.0;
  auto at = other.begin();
  for (const Point& point : one) {
    while (at != other.end() && at->step < point.step) ++at;
    if (at == other.end() || point.step > until) break;
    if (at->step != point.step) continue;
    const double difference = point.value - at->value;
    if (std::isnan(difference)) continue;
    last = std::abs(difference);
    const int sign = difference > 0.0 ? 1 : difference < 0.0 ? -1 : 0;
    if (sign == 0) continue;
    changes += ahead != 0 && sign != ahead ? 1 : 0;
    ahead = sign;
  }
  return changes >= 2 ? std::optional(last) : std::nullopt;
}

class Pasha final : public PromotionPolicy {
 public:
  explicit Pasha(RungOptions options) : PromotionPolicy("pasha", options) {}

 protected:
  [[nodiscard]] std::size_t open_rungs(const StudyView& study, const Rungs& rungs, std::size_t bracket) const override {
    // Nobody goes higher than the second rung at first; whoever has been let go higher has opened it for good.
    std::size_t top = 1;
    for (TrialId id = 1; id < study.next_trial(); ++id) {
      const TrialView trial = study.trial(id);
      const auto paused = paused_at(trial, rungs, bracket, study.as_of() + 1);
      if (!paused) continue;
      top = std::max(top, *paused + (went_on(trial.record()) ? 1 : 0));
    }
    if (top >= rungs.count()) return rungs.count();
    return ranked_alike(study, rungs, bracket, top, indistinct_gap(study, rungs, bracket, top)) ? top : top + 1;
  }

 private:
  /// Whether an attempt was begun after the trial's last pause.
  static bool went_on(const TrialRecord& record) {
    const auto decided = std::ranges::count(record.decisions, to_string(Decision::Kind::kPause), &DecisionRecord::kind);
    const auto carried_out = std::ranges::count(record.attempts, "paused", &AttemptRecord::end_reason);
    return decided == carried_out && !record.attempts.empty() && record.attempts.back().end_reason != "paused";
  }
};

}  // namespace

double indistinct_gap(const StudyView& study, const Rungs& rungs, std::size_t bracket, std::size_t rung) {
  const std::vector<RungValue> there = standing_at(study, rungs, bracket, rung);
  const auto until = static_cast<std::int64_t>(std::ceil(rungs.step(rung)));
  std::vector<double> gaps;
  for (std::size_t i = 0; i < there.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto gap = gap_of(study.trial(there[i].trial).objective(), study.trial(there[j].trial).objective(), until);
      if (gap) gaps.push_back(*gap);
    }
  }
  if (gaps.empty()) return 0.0;
  std::ranges::sort(gaps);
  const double position = kGapShare * static_cast<double>(gaps.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double fraction = position - std::floor(position);
  if (fraction == 0.0 || gaps[below + 1] == gaps[below]) return gaps[below];
  return gaps[below] + fraction * (gaps[below + 1] - gaps[below]);
}

bool ranked_alike(const StudyView& study, const Rungs& rungs, std::size_t bracket, std::size_t rung, double gap) {
  const std::vector<RungValue> now = standing_at(study, rungs, bracket, rung);
  std::vector<RungValue> before = standing_at(study, rungs, bracket, rung - 1);
  const auto value_before = [&](TrialId trial) {
    const auto found = std::ranges::find(before, trial, &RungValue::trial);
    return found == before.end() ? std::nan("") : found->value;
  };
  std::vector<double> in_new_order;
  for (const RungValue& one : now) in_new_order.push_back(value_before(one.trial));
  std::erase_if(before, [&](const RungValue& one) { return std::ranges::find(now, one.trial, &RungValue::trial) == now.end(); });
  for (std::size_t place = 0; place < std::min(before.size(), in_new_order.size()); ++place) {
    const double old_one = before[place].value;
    const double new_one = in_new_order[place];
    const bool same = old_one == new_one || (std::isnan(old_one) && std::isnan(new_one));
    if (!same && !(std::abs(old_one - new_one) <= gap)) return false;
  }
  return true;
}

Entry<StoppingPolicy> pasha_entry() {
  Entry<StoppingPolicy> entry;
  entry.name = "pasha";
  entry.doc = "asha by promotion that goes higher only as long as the ranking still changes";
  entry.options = rung_option_specs();
  entry.make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
    const auto rungs = rung_options_of(options);
    if (!rungs.ok()) return rungs.status();
    return std::unique_ptr<StoppingPolicy>(std::make_unique<Pasha>(*rungs));
  };
  return entry;
}

}  // namespace tune::strategies
