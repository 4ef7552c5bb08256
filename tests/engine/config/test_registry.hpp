#pragma once

#include "tune/registry.hpp"

namespace tune::test {

namespace config_fakes {

class NoStrategy : public Strategy {
 public:
  [[nodiscard]] std::string_view name() const override { return "none"; }
  [[nodiscard]] Asked ask(const StudyView&, int) override { return {.configurations = {}, .exhausted = true}; }
};

class NoPolicy : public StoppingPolicy {
 public:
  [[nodiscard]] std::string_view name() const override { return "none"; }
  [[nodiscard]] Decision judge(const StudyView&, const TrialView&) const override { return {}; }
};

inline Result<std::unique_ptr<Strategy>> make_strategy(const Space&, const Options&) {
  return std::unique_ptr<Strategy>(new NoStrategy);
}

inline Result<std::unique_ptr<Strategy>> make_grid(const Space& space, const Options& options) {
  if (!options.contains("points")) return Status::invalid("grid needs points for '" + space[0].name + "'");
  return make_strategy(space, options);
}

inline Result<std::unique_ptr<StoppingPolicy>> make_policy(const Space&, const Options&) {
  return std::unique_ptr<StoppingPolicy>(new NoPolicy);
}

class NoHealth : public HealthRule {
 public:
  [[nodiscard]] std::string_view name() const override { return "Fever"; }
  [[nodiscard]] Decision judge(const HealthView&) const override { return {}; }
};

inline Result<std::unique_ptr<HealthRule>> make_health(const Space&, const Options& options) {
  if (option<double>(options, "threshold") == 42.0) return Status::invalid("threshold: 42 is what nobody has");
  return std::unique_ptr<HealthRule>(new NoHealth);
}

inline OptionSpec spec(std::string name, OptionType type, std::optional<OptionValue> standard, std::optional<double> min = {},
                       std::optional<double> max = {}, std::vector<std::string> allowed = {}) {
  return {.name = name,
          .type = type,
          .default_value = std::move(standard),
          .min = min,
          .max = max,
          .allowed = std::move(allowed),
          .doc = "The " + name + " of it."};
}

}  // namespace config_fakes

/// A strategy and a policy of every kind of option, so that these tests do not change with what comes with tune: strategies
/// random, grid and bayesian, policy median with the variants optuna and ray, asha with ray's only, and any_of; the health rule
/// Fever.
inline const Registry& config_registry() {
  using namespace config_fakes;
  static const Registry kRegistry = [] {
    Registry registry;
    registry.add(Entry<Strategy>{"random", "Independent draws.", {}, make_strategy});
    registry.add(Entry<Strategy>{
        "grid", "All combinations.", {spec("points", OptionType::kIntOrMap, std::nullopt, 1.0, 1000.0)}, make_grid});
    registry.add(Entry<Strategy>{"bayesian",
                                 "A model.",
                                 {spec("initial_points", OptionType::kInt, OptionValue(std::int64_t{5}), 1.0, 100.0),
                                  spec("warp", OptionType::kBool, OptionValue(true))},
                                 make_strategy});
    registry.add(Entry<StoppingPolicy>{
        "median",
        "The median rule.",
        {spec("min_trials", OptionType::kInt, OptionValue(std::int64_t{5}), 1.0),
         spec("percentile", OptionType::kFloat, OptionValue(50.0), 0.0, 100.0),
         spec("warmup", OptionType::kIntOrShare, std::nullopt, 0.0),
         spec("references", OptionType::kString, OptionValue(std::string("completed")), {}, {}, {"completed", "reached"})},
        make_policy});
    registry.add(Entry<StoppingPolicy>{"median",
                                       "Optuna's.",
                                       {spec("n_startup_trials", OptionType::kInt, OptionValue(std::int64_t{5}), 0.0)},
                                       make_policy,
                                       "optuna"});
    registry.add(Entry<StoppingPolicy>{"median", "Ray's.", {}, make_policy, "ray"});
    registry.add(Entry<StoppingPolicy>{"asha", "Ray's.", {}, make_policy, "ray"});
    Entry<StoppingPolicy> any_of{"any_of", "Several.", {spec("rules", OptionType::kRules, std::nullopt)}};
    any_of.options.front().required = true;
    any_of.compose = [](const Options& options, const std::vector<std::unique_ptr<StoppingPolicy>>& parts) {
      TUNE_CHECK(option<std::vector<Named>>(options, "rules").size() == parts.size());
      return make_policy(Space(), options);
    };
    registry.add(std::move(any_of));
    Entry<HealthRule> fever{
        "Fever",
        "It is too hot.",
        {spec("metrics", OptionType::kMetrics, std::nullopt), spec("others", OptionType::kMetrics, std::nullopt),
         spec("threshold", OptionType::kFloat, OptionValue(38.5), 0.0)},
        make_health};
    fever.options.front().required = true;
    registry.add(std::move(fever));
    registry.plan_strategy("tpe");
    registry.plan_policy("asha");
    return registry;
  }();
  return kRegistry;
}

}  // namespace tune::test
