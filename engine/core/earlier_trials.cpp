#include "engine/core/earlier_trials.hpp"

#include <algorithm>

#include "engine/config/initial_points.hpp"

namespace tune::engine {

namespace {

/// A trial's own value of a name: a parameter's, while it is active, or a static one.
std::optional<Value> own_value(const StudySpec& spec, const TrialRecord& trial, const std::string& name) {
  if (const auto index = spec.space.index_of(name)) return trial.configuration[*index];
  for (const auto& [key, value] : spec.static_values) {
    if (key == name) return value;
  }
  return std::nullopt;
}

/// `value` as one of `parameter`'s; none where it is not one. `nearest`: a number in the range goes to the nearest that is.
std::optional<Value> fitted(const Parameter& parameter, const Value& value, bool nearest) {
  if (!parameter.is_numeric()) {
    // Values of one parameter differ in their texts: 16 and "16" are the same to a trial.
    const auto same = std::ranges::find_if(parameter.values, [&](const Value& one) { return to_text(one) == to_text(value); });
    return same == parameter.values.end() ? std::nullopt : std::optional(*same);
  }
  if (!nearest) return value_of(parameter, value);
  const bool number = std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
  const bool inside = number && as_number(value) >= parameter.min && as_number(value) <= parameter.max;
  return inside ? std::optional(parameter.snap(as_number(value))) : std::nullopt;
}

struct Mapped {
  std::optional<Configuration> configuration;
  std::string why;  ///< there is none
};

std::string does_not_fit(const std::string& name, const Value& value) {
  return "its " + name + " = " + to_text(value) + " is none of this study's";
}

/// A trial that this study could have tried itself.
Mapped same_trial(const StudySpec& there, const StudySpec& here, const TrialRecord& trial) {
  Configuration configuration(here.space.size());
  for (std::size_t i = 0; i < here.space.size(); ++i) {
    const std::optional<Value> value = own_value(there, trial, here.space[i].name);
    if (!value) continue;
    configuration[i] = fitted(here.space[i], *value, false);
    if (!configuration[i]) return {std::nullopt, does_not_fit(here.space[i].name, *value)};
  }
  for (const auto& [name, value] : here.static_values) {
    if (!there.space.index_of(name)) continue;
    const std::optional<Value> own = own_value(there, trial, name);
    if (own && to_text(*own) != to_text(value)) return {std::nullopt, does_not_fit(name, *own)};
  }
  if (const Status valid = here.space.check(configuration); !valid.ok()) return {std::nullopt, valid.message()};
  return {std::move(configuration), ""};
}

/// As much of a trial as this study has parameters for; the others have no value.
Mapped like_trial(const StudySpec& there, const StudySpec& here, const TrialRecord& trial) {
  Configuration configuration(here.space.size());
  bool any = false;
  for (std::size_t i = 0; i < here.space.size(); ++i) {
    const std::optional<Value> value = own_value(there, trial, here.space[i].name);
    if (!value || !here.space.is_active(configuration, i)) continue;
    configuration[i] = fitted(here.space[i], *value, true);
    if (!configuration[i]) return {std::nullopt, does_not_fit(here.space[i].name, *value)};
    any = any || there.space.index_of(here.space[i].name);
  }
  if (!any) return {std::nullopt, "it has no parameter of this study"};
  return {std::move(configuration), ""};
}

}  // namespace

TakenTrials take_trials(const StudyState& parent, const StudySpec& spec, int study) {
  const StudyRecord& record = parent.record();
  const bool identical = spec.warm_start->type == WarmStartType::kIdentical;
  TakenTrials taken;
  for (const TrialId id : record.finished_order) {
    const TrialRecord& trial = record.trial(id);
    if (!trial.value && !trial.infeasible()) {
      ++taken.without_result;
      continue;
    }
    Mapped mapped = identical ? same_trial(parent.spec(), spec, trial) : like_trial(parent.spec(), spec, trial);
    if (!mapped.configuration) {
      if (taken.why.empty()) taken.why = "trial " + std::to_string(id) + ": " + mapped.why;
      continue;
    }
    EarlierTrial one;
    one.study = study;
    one.trial = id;
    one.configuration = *std::move(mapped.configuration);
    one.infeasible = trial.infeasible();
    if (!one.infeasible) one.value = trial.value;
    one.completed = trial.status == TrialStatus::kCompleted;
    one.last_step = TrialView(trial, record.objective).last_step();
    taken.trials.push_back(std::move(one));
  }
  return taken;
}

}  // namespace tune::engine
