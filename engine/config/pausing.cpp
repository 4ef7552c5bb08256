#include "engine/config/pausing.hpp"

#include <algorithm>

namespace tune::engine {

bool rule_pauses(const StudySpec& spec, const Registry& registry) {
  if (!spec.stopping) return false;
  const auto policy = registry.make_policy(spec.space, spec.stopping->policy);
  return policy.ok() && (*policy)->pauses();
}

std::string why_no_new_attempt(const StudySpec& spec) {
  const auto definition = std::ranges::find(spec.metrics, spec.objective.metric, &MetricDefinition::name);
  if (spec.command.empty() || definition == spec.metrics.end() || definition->step) return {};
  return "go on with a later step than their new log's first; allowed: with a `step` pattern in the definition of '" +
         spec.objective.metric + "', or with `@tune` lines that hold the step";
}

}  // namespace tune::engine
