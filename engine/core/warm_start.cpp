#include "engine/core/warm_start.hpp"

#include <algorithm>
#include <set>

#include "engine/config/paths.hpp"
#include "engine/core/completion.hpp"
#include "engine/core/earlier_trials.hpp"
#include "engine/core/read_study.hpp"
#include "engine/journal/study_lock.hpp"

namespace tune::engine {

namespace {

std::string objective_text(const Objective& objective) {
  std::string text = objective.value == ValueMode::kLast ? "last" : objective.value == ValueMode::kBest ? "best" : "mean_last_";
  if (objective.value == ValueMode::kMeanLastK) text += std::to_string(objective.last_k);
  return text;
}

std::string type_text(ParameterType type) {
  return type == ParameterType::kFloat ? "float" : type == ParameterType::kInt ? "int" : "categorical";
}

/// Names of parameters and static values together.
std::set<std::string> names_of(const StudySpec& spec) {
  std::set<std::string> names;
  for (const Parameter& parameter : spec.space.parameters()) names.insert(parameter.name);
  for (const auto& [name, value] : spec.static_values) names.insert(name);
  return names;
}

/// What `type: identical` does not allow to differ, a line each.
std::vector<std::string> differences(const StudySpec& there, const StudySpec& here) {
  std::vector<std::string> lines;
  const auto differ = [&](const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) lines.push_back(what + ": " + a + " there, " + b + " here");
  };
  differ("objective.metric", there.objective.metric, here.objective.metric);
  differ("objective.goal", std::string(to_string(there.objective.goal)), std::string(to_string(here.objective.goal)));
  differ("objective.value", objective_text(there.objective), objective_text(here.objective));
  const auto steps = there.declared_max_step();
  if (steps && here.declared_max_step())
    differ("the maximum step", std::to_string(*steps), std::to_string(*here.declared_max_step()));
  const std::set<std::string> old_names = names_of(there);
  const std::set<std::string> new_names = names_of(here);
  for (const std::string& name : old_names) {
    if (!new_names.contains(name)) lines.push_back("parameter or static value '" + name + "': there, not here");
  }
  for (const std::string& name : new_names) {
    if (!old_names.contains(name)) lines.push_back("parameter or static value '" + name + "': here, not there");
  }
  for (const Parameter& parameter : here.space.parameters()) {
    const auto index = there.space.index_of(parameter.name);
    if (index)
      differ("type of parameter '" + parameter.name + "'", type_text(there.space[*index].type), type_text(parameter.type));
  }
  return lines;
}

Status check_type(const std::string& where, WarmStartType type, const StudySpec& there, const StudySpec& here) {
  if (type == WarmStartType::kTransfer) {
    if (there.objective.goal == here.objective.goal) return {};
    return Status::invalid(where + "its goal is to " + std::string(to_string(there.objective.goal)) + " '" +
                           there.objective.metric + "'; allowed: a study that is to " +
                           std::string(to_string(here.objective.goal)) + " its metric, as this one");
  }
  const std::vector<std::string> lines = differences(there, here);
  if (lines.empty()) return {};
  std::string message = where + "it differs in more than `type: identical` allows, which are ranges, scales and conditions:";
  for (const std::string& line : lines) message += "\n  " + line;
  return Status::invalid(message + "\n  `type: transfer` takes what can be taken of it");
}

/// Their trials are taken all the same: who says `identical` knows that such a value does not matter.
void note_static_values(const std::string& directory, const StudySpec& there, const StudySpec& here,
                        std::vector<std::string>& notes) {
  for (const auto& [name, value] : there.static_values) {
    for (const auto& [same, now] : here.static_values) {
      if (same == name && to_text(now) != to_text(value))
        notes.push_back("static." + name + " is " + to_text(value) + " in " + directory + " and " + to_text(now) + " here");
    }
  }
}

EarlierStudy describe(const std::string& directory, WarmStartType type, const StudyState& parent) {
  const StudyRecord& record = parent.record();
  EarlierStudy study;
  study.name = record.name;
  study.directory = directory;
  study.type = type;
  study.metric = record.objective.metric;
  study.max_step = record.declared_max_step;
  if (const auto best = best_trial(record)) {
    const TrialRecord& trial = record.trial(*best);
    study.best_trial = *best;
    study.best_value = trial.value;
    for (std::size_t i = 0; i < record.space.size(); ++i) {
      if (trial.configuration[i]) study.best_parameters.emplace_back(record.space[i].name, *trial.configuration[i]);
    }
  }
  return study;
}

Status read_one(const StudySpec& spec, const std::string& given, const std::string& own, Earlier& earlier) {
  const WarmStartType type = spec.warm_start->type;
  const std::string where = "warm_start: " + given + ": ";
  if (resolved_path(given) == own) return Status::invalid(where + "is the study's own directory; allowed: earlier studies");
  const Result<StudyReading> reading = read_study(given);
  if (!reading.ok()) return {reading.status().code(), "warm_start: " + reading.status().message()};
  const StudyState& parent = reading->state;
  if (StudyLock::held(given)) return Status::invalid(where + "a process works on it; allowed: studies that nobody works on");
  TUNE_RETURN_IF_ERROR(check_type(where, type, parent.spec(), spec));
  EarlierStudy study = describe(given, type, parent);
  const int index = static_cast<int>(earlier.studies.size());
  const TakenTrials taken = take_trials(parent, spec, index);
  study.trials = static_cast<std::int64_t>(parent.record().finished_order.size());
  study.taken = static_cast<std::int64_t>(taken.trials.size());
  study.without_result = taken.without_result;
  if (taken.trials.empty()) {
    const std::string why = study.trials == 0 ? "none has ended" : taken.why.empty() ? "none has a result" : taken.why;
    return Status::invalid(where + "none of its trials can be taken: " + why);
  }
  if (type == WarmStartType::kIdentical) note_static_values(given, parent.spec(), spec, earlier.notes);
  earlier.studies.push_back(std::move(study));
  earlier.trials.insert(earlier.trials.end(), taken.trials.begin(), taken.trials.end());
  return {};
}

}  // namespace

std::string earlier_study_text(const EarlierStudy& study) {
  const std::int64_t outside = study.trials - study.without_result - study.taken;
  std::string text = std::to_string(study.taken) + " of " + std::to_string(study.trials) + " trials of " + study.name + " (" +
                     study.directory + ")";
  std::string left;
  if (study.without_result > 0) left = std::to_string(study.without_result) + " without a result";
  if (outside > 0) left += (left.empty() ? "" : ", ") + std::to_string(outside) + " outside this study's space";
  return text + (left.empty() ? "" : ": " + left);
}

std::vector<std::string> warm_start_notes(const Earlier& earlier, const std::string& strategy, bool learns) {
  std::vector<std::string> notes;
  for (const EarlierStudy& study : earlier.studies) notes.push_back("warm start: " + earlier_study_text(study));
  for (const std::string& note : earlier.notes) notes.push_back("warm start: " + note);
  if (!notes.empty() && !learns) notes.push_back("warm start: the strategy " + strategy + " does not look at earlier trials");
  return notes;
}

Result<Earlier> read_earlier(const StudySpec& spec, const std::string& directory) {
  Earlier earlier;
  if (!spec.warm_start) return earlier;
  const std::string own = resolved_path(directory);
  std::set<std::string> seen;
  for (const std::string& given : spec.warm_start->studies) {
    if (!seen.insert(resolved_path(given)).second)
      return Status::invalid("warm_start: " + given + ": given twice; allowed: each study once");
    TUNE_RETURN_IF_ERROR(read_one(spec, given, own, earlier));
  }
  return earlier;
}

}  // namespace tune::engine
