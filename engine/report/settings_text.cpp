#include "engine/report/settings_text.hpp"

#include <algorithm>

#include "engine/config/spec_words.hpp"
#include "engine/report/format.hpp"
#include "engine/report/proposals.hpp"
#include "engine/report/text_table.hpp"

namespace tune::engine {

namespace {

constexpr std::size_t kLabelWidth = 14;  // columns

std::string labelled(std::string_view label, const std::string& text) { return padded(label, kLabelWidth) + "  " + text + "\n"; }

std::string option_text(const OptionValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return to_text(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return printable(*text);
  if (const auto* rules = std::get_if<std::vector<Named>>(&value)) {
    std::string list;
    for (const Named& rule : *rules) list += (list.empty() ? "" : ", ") + named_text(rule);
    return "[" + list + "]";
  }
  std::string out = "{";
  for (const auto& [name, number] : std::get<std::map<std::string, std::int64_t>>(value)) {
    out += (out.size() > 1 ? ", " : "") + printable(name) + ": " + std::to_string(number);
  }
  return out + "}";
}

std::string scale_text(Scale scale) {
  switch (scale) {
    case Scale::kAuto:
    case Scale::kLinear:
      return "linear";
    case Scale::kLog:
      return "log";
    case Scale::kReverseLog:
      return "reverse_log";
  }
  return "";
}

std::string values_text(const std::vector<Value>& values) {
  std::string out;
  for (const Value& value : values) out += (out.empty() ? "" : ", ") + printable(to_text(value));
  return out;
}

std::string prior_text(const std::optional<Prior>& prior) {
  if (!prior) return "";
  return printable(to_text(prior->value)) + " (" + std::string(confidence_name(prior->confidence)) + " confidence)";
}

std::string parameters_table(const Space& space) {
  std::vector<TextTable::Column> columns{{"parameter"}, {"type"}, {"values"}, {"scale"}, {"only when"}};
  const bool priors = std::any_of(space.parameters().begin(), space.parameters().end(),
                                  [](const Parameter& one) { return one.prior.has_value(); });
  if (priors) columns.push_back({"believed best at"});
  TextTable table(std::move(columns));
  for (const Parameter& parameter : space.parameters()) {
    const bool numeric = parameter.is_numeric();
    std::string values = numeric ? to_text(parameter.min) + " to " + to_text(parameter.max) : values_text(parameter.values);
    if (parameter.step) values += " by " + to_text(*parameter.step);
    std::vector<std::string> cells{
        printable(parameter.name),
        parameter.type == ParameterType::kFloat ? "float"
        : parameter.type == ParameterType::kInt ? "int"
                                                : "categorical",
        std::move(values), numeric ? scale_text(parameter.resolved_scale()) : "",
        parameter.when ? printable(parameter.when->parameter) + " is " + values_text(parameter.when->values) : ""};
    if (priors) cells.push_back(prior_text(parameter.prior));
    table.add(std::move(cells));
  }
  return table.text("  ");
}

std::string objective_text(const Objective& objective) {
  std::string out = std::string(to_string(objective.goal)) + " " + printable(objective.metric);
  switch (objective.value) {
    case ValueMode::kLast:
      return out + ", a trial's last value";
    case ValueMode::kBest:
      return out + ", a trial's best value";
    case ValueMode::kMeanLastK:
      return out + ", the mean of a trial's last " + counted(objective.last_k, "value");
  }
  return out;
}

std::string limits_text(const StudySpec& spec) {
  const auto time = [](const Duration& duration) { return duration_text(to_seconds(duration)); };
  const Limits& limits = spec.limits;
  std::string out = limits.max_trials ? counted(*limits.max_trials, "trial") : "no limit of trials";
  out += ", " + std::to_string(limits.max_parallel) + " at once";
  if (limits.max_runtime) out += ", " + time(*limits.max_runtime) + " in all";
  if (limits.max_gpu_hours) out += ", " + to_text(*limits.max_gpu_hours) + " GPU-hours";
  if (limits.trial_runtime) out += ", " + time(*limits.trial_runtime) + " each";
  if (limits.stalled) out += ", " + time(*limits.stalled) + " of silence";
  out += "; ends after " + counted(limits.max_failures, "failed trial") + " in a row; " + time(limits.grace) +
         " from SIGTERM to SIGKILL";
  return out;
}

std::string completion_text(const Completion& completion) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  if (completion.target) add("a value of " + to_text(*completion.target) + " is reached");
  if (completion.not_improving) add(counted(*completion.not_improving, "trial") + " did not improve the best");
  if (completion.converged) add("the search has converged");
  return out;
}

std::string warm_start_text(const WarmStart& warm_start) {
  std::string out = std::string(to_string(warm_start.type)) + ", with the trials of ";
  for (const std::string& study : warm_start.studies)
    out += (&study == &warm_start.studies.front() ? "" : ", ") + printable(study);
  return out;
}

std::string stopping_text(const StudySpec& spec) {
  if (!spec.stopping) return "off";
  std::string out = named_text(spec.stopping->policy);
  if (spec.stopping->protect_best > 0) out += ", never the best " + std::to_string(spec.stopping->protect_best);
  if (spec.stopping->audit > 0.0) out += ", audit " + shortened(100.0 * spec.stopping->audit) + " %";
  if (spec.stopping->min_runtime) out += ", not before " + duration_text(to_seconds(*spec.stopping->min_runtime));
  return out;
}

std::string gpus_text(const ResourceSpec& resources) {
  if (resources.gpus_per_trial) return to_text(*resources.gpus_per_trial) + " per trial";
  return resources.gpus_auto ? "one per trial where there are any" : resources.gpus.empty() ? "none" : "one per trial";
}

/// The first points, each with what is drawn at random.
std::string points_text(const StudySpec& spec) {
  std::string out;
  for (std::size_t i = 0; i < spec.initial.size(); ++i) {
    out += "  trial " + std::to_string(i + 1) + "  " + parameters_text(spec.space, spec.initial[i]) + "\n";
  }
  return out;
}

/// The command as it is written in the config, placeholders and all.
std::string command_text(const std::vector<CommandPart>& command) {
  std::string out;
  for (const CommandPart& part : command) {
    const std::string words = printable(shell_line(part.words));
    out += (out.empty() ? "" : " ") + (part.optional ? "[" + words + "]" : words);
  }
  return out;
}

std::string metrics_table(const std::vector<MetricDefinition>& metrics) {
  TextTable table({{"metric", false}, {"regex", false}, {"step", false}});
  for (const MetricDefinition& metric : metrics) {
    std::string step = metric.step ? printable(*metric.step) : "(the number of its values so far)";
    if (metric.step_offset != 0) step += (metric.step_offset > 0 ? " +" : " ") + std::to_string(metric.step_offset);
    table.add({printable(metric.name), printable(metric.regex), std::move(step)});
  }
  return table.text("  ");
}

}  // namespace

std::string named_text(const NamedOptions& named) {
  std::string options;
  for (const auto& [name, value] : named.options) options += (options.empty() ? "" : ", ") + name + " " + option_text(value);
  return named.name + (options.empty() ? "" : " (" + options + ")");
}

std::string settings_text(const StudySpec& spec) {
  std::string out = labelled("study", printable(spec.name));
  out += labelled("objective", objective_text(spec.objective));
  out += labelled("strategy", named_text(spec.strategy) + ", seed " + std::to_string(spec.seed) +
                                  (spec.lookahead > 0 ? ", proposes ahead" : ""));
  out += labelled("early stopping", stopping_text(spec));
  for (const HealthSpec& one : spec.rules)
    out += labelled("health rule", named_text(one.rule) + (one.stop ? ": stop" : ": warn"));
  out += labelled("limits", limits_text(spec));
  if (const std::string completion = completion_text(spec.completion); !completion.empty())
    out += labelled("ends when", completion);
  if (spec.warm_start) out += labelled("warm start", warm_start_text(*spec.warm_start));
  const auto max_step = spec.declared_max_step();
  out += labelled("maximum step", max_step ? std::to_string(*max_step) : "not declared: that of the longest completed trial");
  out += labelled("GPUs", gpus_text(spec.resources));
  if (spec.deterministic) out += labelled("deterministic", "yes");
  std::string statics;
  for (const auto& [name, value] : spec.static_values) {
    statics += (statics.empty() ? "" : " ") + printable(name) + "=" + printable(to_text(value));
  }
  if (!statics.empty()) out += labelled("static", statics);
  out += labelled("runs in", printable(spec.working_directory));
  out += labelled("command", command_text(spec.command));
  out += "\n" + parameters_table(spec.space);
  if (!spec.initial.empty()) out += "\ntried first\n" + points_text(spec);
  if (!spec.metrics.empty())
    out += "\n" + metrics_table(spec.metrics);
  else
    out += "\nNo metric definitions: the program has to print `@tune {...}` lines.\n";
  return out;
}

}  // namespace tune::engine
