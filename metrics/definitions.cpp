#include "metrics/definitions.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "metrics/capture.hpp"
#include "metrics/gate.hpp"
#include "metrics/log_reader.hpp"
#include "metrics/regex.hpp"

namespace tune::metrics {
namespace {

/// How to write what RE2 does not know.
std::string hint(const std::string& pattern, const RE2& regex) {
  const std::string& given = regex.error_arg();
  const auto has = [&](std::string_view part) { return pattern.find(part) != std::string::npos; };
  if (regex.error_code() == RE2::ErrorBadPerlOp || regex.error_code() == RE2::ErrorMissingParen) {
    if (has("(?=") || has("(?!") || has("(?<=") || has("(?<!")) {
      return "; look-around is not supported: match the text around the value and put only the value in ( )";
    }
    if (has("(?<") || has("(?'")) return "; write a named group as (?P<name>...)";
    if (has("(?>")) return "; atomic groups are not supported, and not needed: matching takes linear time";
  }
  if (regex.error_code() == RE2::ErrorBadEscape && given.size() == 2) {
    if (std::isdigit(static_cast<unsigned char>(given[1])) != 0) return "; back-references are not supported";
    if (given[1] == 'Z') return "; write $ for the end of the line";
    if (given[1] == 'h') return "; write [ \\t] for a blank";
  }
  if (regex.error_code() == RE2::ErrorRepeatOp && given.ends_with('+'))
    return "; possessive repetition is not supported: leave the last + out";
  return "";
}

/// `key` is the pattern's key in the config: regex or step.
Status check_pattern(std::string_view key, const std::string& pattern) {
  const std::string where = std::string(key) + " '" + pattern + "'";
  if (pattern.empty()) return Status::invalid(std::string(key) + " is empty");
  if (pattern.size() > static_cast<std::size_t>(kMaxMetricRegexLength)) {
    return Status::invalid(std::string(key) + " has " + std::to_string(pattern.size()) + " bytes, allowed are " +
                           std::to_string(kMaxMetricRegexLength));
  }
  const RE2 regex(to_re2(pattern), regex_options());
  if (!regex.ok()) return Status::invalid(where + ": " + regex.error() + hint(pattern, regex));
  if (regex.NumberOfCapturingGroups() == 0) {
    return Status::invalid(where + " has no capture group: put ( ) around the number");
  }
  return {};
}

}  // namespace

Status check_metric_name(std::string_view name) {
  if (name.empty()) return Status::invalid("the name is empty");
  if (name.size() > static_cast<std::size_t>(kMaxMetricNameLength)) {
    return Status::invalid("the name has " + std::to_string(name.size()) + " bytes, allowed are " +
                           std::to_string(kMaxMetricNameLength));
  }
  if (std::any_of(name.begin(), name.end(), [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; })) {
    return Status::invalid("the name holds a control character");
  }
  return {};
}

Status check_definition(const MetricDefinition& definition) {
  TUNE_RETURN_IF_ERROR(check_metric_name(definition.name));
  TUNE_RETURN_IF_ERROR(check_pattern("regex", definition.regex));
  if (definition.step) TUNE_RETURN_IF_ERROR(check_pattern("step", *definition.step));
  return {};
}

Result<std::shared_ptr<const CompiledDefinitions>> compile(std::span<const MetricDefinition> definitions) {
  std::string errors;
  const auto add = [&](std::size_t index, const std::string& message) {
    if (!errors.empty()) errors += '\n';
    errors += "metrics[" + std::to_string(index) + "] \"" + definitions[index].name + "\": " + message;
  };
  if (definitions.size() > static_cast<std::size_t>(kMaxMetricDefinitions)) {
    return Status::invalid("metrics: " + std::to_string(definitions.size()) + " definitions, allowed are " +
                           std::to_string(kMaxMetricDefinitions));
  }
  std::map<std::string_view, std::size_t> names;
  for (std::size_t i = 0; i < definitions.size(); ++i) {
    if (const Status status = check_definition(definitions[i]); !status.ok()) add(i, status.message());
    const auto [first, is_new] = names.emplace(definitions[i].name, i);
    if (!is_new) add(i, "the name is taken by metrics[" + std::to_string(first->second) + "]; a metric has one definition");
  }
  if (!errors.empty()) return Status::invalid(errors);
  return std::make_shared<const CompiledDefinitions>(definitions);
}

CompiledDefinitions::CompiledDefinitions(std::span<const MetricDefinition> definitions)
    : definitions_(definitions.begin(), definitions.end()) {
  const RE2::Options options = regex_options();
  std::vector<std::string> patterns;
  std::map<std::string, std::size_t> step_index;
  for (const MetricDefinition& definition : definitions_) {
    patterns.push_back(to_re2(definition.regex));
    captures_.push_back(std::make_unique<const Capture>(definition.regex));
  }
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    if (!definitions_[i].step) continue;
    const auto [entry, is_new] = step_index.emplace(*definitions_[i].step, step_patterns_.size());
    if (is_new) {
      patterns.push_back(to_re2(entry->first));
      step_patterns_.push_back({std::make_unique<const Capture>(entry->first), {}});
    }
    step_patterns_[entry->second].users.push_back(i);
  }
  gate_ = std::make_unique<const Gate>(patterns, options);
}

CompiledDefinitions::~CompiledDefinitions() = default;

void CompiledDefinitions::find_candidates(std::string_view line, Candidates& candidates) const {
  candidates.steps.clear();
  candidates.values.clear();
  gate_->match(line, candidates.scratch);
  for (const int found : candidates.scratch) {
    const auto index = static_cast<std::size_t>(found);
    if (index < definitions_.size())
      candidates.values.push_back(index);
    else
      candidates.steps.push_back(index - definitions_.size());
  }
}

bool CompiledDefinitions::capture_value(std::size_t definition, std::string_view line, std::string_view& group) const {
  return captures_[definition]->search(line, group);
}

bool CompiledDefinitions::capture_step(std::size_t pattern, std::string_view line, std::string_view& group) const {
  return step_patterns_[pattern].capture->search(line, group);
}

}  // namespace tune::metrics
