#include "cli/study_options.hpp"

#include <limits>

#include "cli/whole_number.hpp"
#include "engine/config/pausing.hpp"

namespace tune::cli {

namespace {

constexpr std::uint64_t kMostParallel = 4096;  ///< as in a config
constexpr std::uint64_t kMostSeed = std::numeric_limits<std::uint64_t>::max();

Status apply_stopping(const Context& context, const std::string& text, engine::StudySpec& spec) {
  auto named = engine::parse_stopping(text, context.registry, spec.space);
  if (!named.ok()) return named.status();
  if (!named->has_value()) {
    spec.stopping.reset();
    return {};
  }
  engine::StoppingSpec stopping = spec.stopping.value_or(engine::StoppingSpec{});
  stopping.policy = **named;
  if (!stopping.audit_given)
    stopping.audit = context.registry.find_policy(stopping.policy.name, stopping.policy.options)->audit_share;
  spec.stopping = std::move(stopping);
  const std::string why = engine::rule_pauses(spec, context.registry) ? engine::why_no_new_attempt(spec) : std::string();
  return why.empty() ? Status() : Status::invalid("--early-stopping: " + text + " pauses trials, which " + why);
}

}  // namespace

void add_limits(CLI::App& verb, std::optional<std::int64_t>& max_trials, std::optional<int>& max_parallel) {
  verb.add_option("--max-trials", max_trials, "how many trials")->check(whole_number(1, kMostTrials))->type_name("N");
  verb.add_option("--max-parallel", max_parallel, "how many at once")->check(whole_number(1, kMostParallel))->type_name("N");
}

void add_overrides(CLI::App& verb, Context& context, StudyOverrides& overrides) {
  verb.add_option("--dir", overrides.directory, "where the study lives; default runs/NAME")->type_name("DIR");
  verb.add_option("--seed", overrides.seed, "instead of the config's")->check(whole_number(0, kMostSeed))->type_name("N");
  add_limits(verb, overrides.max_trials, overrides.max_parallel);
  CLI::Option* stopping = verb.add_option("--early-stopping", overrides.early_stopping, "NAME, NAME:key=value,key=value or off");
  stopping->type_name("RULE");
  context.choices[stopping] = {"off"};
  for (const auto& policy : context.registry.policies()) {
    if (policy.variant.empty()) context.choices[stopping].push_back(policy.name);
  }
}

Result<engine::StudySpec> load_study_spec(const Context& context, StudyOverrides& overrides, bool needs_program) {
  engine::ConfigContext where = context.config_context();
  where.has_other_end = overrides.max_trials.has_value();
  where.needs_program = needs_program;
  where.settings = overrides.settings;
  auto loaded = engine::load_config(overrides.config, context.registry, where);
  if (!loaded.ok()) return loaded.status();
  engine::StudySpec& spec = loaded->spec;
  if (overrides.seed) spec.seed = *overrides.seed;
  if (overrides.max_trials) spec.limits.max_trials = overrides.max_trials;
  if (overrides.max_parallel) spec.limits.max_parallel = *overrides.max_parallel;
  if (!overrides.early_stopping.empty()) TUNE_RETURN_IF_ERROR(apply_stopping(context, overrides.early_stopping, spec));
  if (overrides.directory.empty()) overrides.directory = default_directory(spec.name);
  if (!context.output.quiet) {
    for (const std::string& note : loaded->notes) write_err("tune: note: " + note + "\n");
  }
  return std::move(spec);
}

}  // namespace tune::cli
