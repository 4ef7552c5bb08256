#include "cli/verbs/compare_simulated.hpp"

#include <array>
#include <memory>
#include <utility>

#include "engine/config/config.hpp"
#include "engine/replay/simulate.hpp"

namespace tune::cli {

namespace {

struct Rule {
  std::string name;   ///< as given
  std::string shown;  ///< as reports name it
  std::unique_ptr<StoppingPolicy> policy;
};

Result<Rule> read_rule(const Context& context, const std::string& text) {
  auto named = engine::parse_stopping(text, context.registry, Space());
  if (!named.ok()) return named.status();
  if (!named->has_value()) return Rule{text, "off", nullptr};
  auto policy = context.registry.make_policy(Space(), **named);
  if (!policy.ok()) return policy.status();
  return Rule{text, shown_name(**named), std::move(*policy)};
}

}  // namespace

Result<engine::Comparison> simulate_comparison(const Context& context, const SimulatedComparison& wanted) {
  if (wanted.goal.empty()) return Status::invalid("--simulate needs --goal maximize or --goal minimize");
  auto first = read_rule(context, wanted.first.empty() ? "off" : wanted.first);
  if (!first.ok()) return first.status();
  auto second = read_rule(context, wanted.second.empty() ? "auto" : wanted.second);
  if (!second.ok()) return second.status();
  if (first->name == second->name) return Status::invalid("nothing to compare: both arms have the rule " + first->name);
  const auto curves = engine::read_curves(wanted.curves);
  if (!curves.ok()) return curves.status();

  engine::SimulatedJob job;
  job.objective = wanted.goal == "maximize" ? maximize("value") : minimize("value");
  job.trials = wanted.trials;
  job.workers = wanted.workers;
  std::deque<StudyRecord> studies;
  std::vector<engine::ArmPair> pairs;
  for (int i = 0; i < wanted.seeds; ++i) {
    job.seed = wanted.seed + static_cast<std::uint64_t>(i);
    std::array<engine::Arm, 2> arms;
    for (std::size_t k = 0; k < arms.size(); ++k) {
      const Rule& rule = k == 0 ? *first : *second;
      job.policy = rule.policy.get();
      job.rule = rule.shown;
      arms[k] = {rule.name, wanted.curves, &studies.emplace_back(engine::simulate_study(*curves, job))};
    }
    pairs.push_back({arms[0], arms[1]});
  }
  return engine::compare_arms(pairs);
}

}  // namespace tune::cli
