#include "engine/report/spot_cost.hpp"

#include <cmath>

#include "engine/report/format.hpp"
#include "engine/report/slot_ledger.hpp"

namespace tune::engine {

SpotCost& SpotCost::operator+=(const SpotCost& other) {
  training += other.training;
  billable += other.billable;
  by_price = other.by_price;
  return *this;
}

double SpotCost::savings() const { return training > 0.0 ? 100.0 * (1.0 - billable / training) : 0.0; }

SpotCost spot_cost(const StudyRecord& study, const TrialRecord& trial, Until until) {
  SpotCost cost;
  cost.training = training_seconds(trial, until);
  cost.by_price = study.spot_price.has_value();
  cost.billable = cost.by_price ? cost.training * study.spot_price->interruptible / study.spot_price->on_demand
                                : cost.training - to_seconds(redone_time(study, trial, until));
  return cost;
}

SpotCost spot_cost(const StudyRecord& study, Until until) {
  SpotCost sum;
  for (const TrialRecord& trial : study.trials) sum += spot_cost(study, trial, until);
  return sum;
}

std::string spot_lines(const StudyRecord& study, const SpotCost& cost, const std::string& head) {
  if (!study.spot) return "";
  const char* how = cost.by_price ? " (by spot.price)" : " (without what was done again; no spot.price is given)";
  return head + "Training seconds: " + fixed(cost.training, 0) + "\n" + head + "Billable seconds: " + fixed(cost.billable, 0) +
         how + "\n" + head + "Managed Spot Training savings: " + fixed(cost.savings(), 1) + "%\n";
}

}  // namespace tune::engine
