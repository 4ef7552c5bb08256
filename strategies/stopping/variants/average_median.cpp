#include "strategies/stopping/variants/average_median.hpp"

#include <cmath>
#include <utility>

#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {

Decision against_median(const StudyView& study, const TrialView& trial, std::string judged, double value,
                        const std::vector<Reference>& references, std::string_view noun) {
  const Objective& objective = study.objective();
  Comparison comparison;
  comparison.judged = std::move(judged);
  comparison.value = value;
  comparison.against = "the median of the running averages of " + counted(references.size(), noun);
  comparison.threshold = percentile_of(references, 50.0, objective);
  comparison.stop = compares_better(objective.goal, comparison.threshold, std::isnan(value) ? worst_of(objective) : value);
  for (const Reference& one : references) comparison.references.push_back(one.id);
  return compared("median", trial, std::move(comparison));
}

}  // namespace tune::strategies
