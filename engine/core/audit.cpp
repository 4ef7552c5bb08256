#include "engine/core/audit.hpp"

#include "tune/random.hpp"

namespace tune::engine {

std::optional<event::Spared> audit(const StudySpec& spec, TrialId trial, std::string_view rule) {
  if (!spec.stopping || spec.stopping->audit <= 0.0 || rule == "diverged" || rule.starts_with("rule:")) return std::nullopt;
  const double draw = RandomStream(spec.seed, trial, "audit").uniform();
  if (draw >= spec.stopping->audit) return std::nullopt;
  return event::Spared{trial, draw, spec.stopping->audit};
}

}  // namespace tune::engine
