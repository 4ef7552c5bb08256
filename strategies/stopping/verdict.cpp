#include "strategies/stopping/verdict.hpp"

#include <utility>

namespace tune::strategies {

Decision not_judged(std::string_view rule, const TrialView& trial, std::string why) {
  Decision decision;
  decision.rule = rule;
  decision.reason = std::move(why);
  decision.numbers = {{"step", static_cast<double>(trial.last_step())}};
  return decision;
}

Decision compared(std::string_view rule, const TrialView& trial, Comparison comparison) {
  Decision decision;
  decision.kind = comparison.stop ? Decision::Kind::kStop : Decision::Kind::kContinue;
  decision.rule = rule;
  decision.reason = comparison.judged + " " + to_text(comparison.value) + " at step " + std::to_string(trial.last_step()) +
                    (comparison.stop ? " is worse than " : " is not worse than ") + to_text(comparison.threshold) + ", " +
                    comparison.against;
  decision.numbers = {{"step", static_cast<double>(trial.last_step())},
                      {"value", comparison.value},
                      {"references", static_cast<double>(comparison.references.size())},
                      {"threshold", comparison.threshold}};
  decision.references = std::move(comparison.references);
  return decision;
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace tune::strategies
