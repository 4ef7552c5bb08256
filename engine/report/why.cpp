#include "engine/report/why.hpp"

#include "engine/core/health.hpp"
#include "engine/report/false_stops.hpp"
#include "engine/report/format.hpp"
#include "engine/report/ledger.hpp"

namespace tune::engine {

namespace {

std::string verb_of(const DecisionRecord& decision, bool spared) {
  if (is_warning(decision)) return "gave a warning";
  if (decision.kind == "stop") return spared ? "would have stopped it" : "stopped it";
  if (decision.kind == "pause") return "paused it";
  return "let it go on";
}

std::string rule_text(const std::string& rule) {
  if (!rule.starts_with(kHealthPrefix)) return "rule " + printable(rule);
  return "health rule " + printable(rule.substr(kHealthPrefix.size()));
}

std::string references_text(const std::vector<TrialId>& references) {
  std::string out = references.size() == 1 ? "compared with trial " : "compared with trials ";
  for (std::size_t i = 0; i < references.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(references[i]);
  return out;
}

std::string end_sentence(const StudyRecord& study, const TrialRecord& trial) {
  const std::string status(to_string(trial.status));
  if (!trial.finished()) {
    return "It is " + status +
           (trial.secondary == SecondaryStatus::kNone ? "" : " (" + std::string(to_string(trial.secondary)) + ")") + ".";
  }
  std::string out = "It ended " + status;
  if (!trial.stop_reason.empty()) out += " (" + printable(trial.stop_reason) + ")";
  if (trial.failure) out += " (" + std::string(to_string(*trial.failure)) + ")";
  if (!trial.failure_detail.empty()) out += ": " + printable(trial.failure_detail);
  out += trial.value ? ", with " + printable(study.objective.metric) + " = " + to_text(*trial.value) : ", without a value";
  if (const auto step = last_step(trial, study.objective)) out += ", after step " + std::to_string(*step);
  return out + ".";
}

}  // namespace

std::string decision_sentence(const DecisionRecord& decision, bool spared) {
  std::string out =
      "At step " + std::to_string(decision.step) + " the " + rule_text(decision.rule) + " " + verb_of(decision, spared);
  if (!decision.reason.empty()) out += ": " + printable(decision.reason);
  if (out.back() == '.') out.pop_back();
  if (!decision.numbers.empty()) {
    out += " (";
    for (std::size_t i = 0; i < decision.numbers.size(); ++i) {
      const auto& [name, number] = decision.numbers[i];
      out += (i > 0 ? ", " : "") + printable(name) + " = " + to_text(number);
    }
    out += ")";
  }
  if (!decision.references.empty()) out += ", " + references_text(decision.references);
  return out + ".";
}

std::string why_text(const StudyRecord& study, TrialId id, const std::vector<std::string>& remarks) {
  const TrialRecord& trial = study.trial(id);
  std::string out = "Trial " + std::to_string(id) + " (" + printable(trial.name) +
                    "): " + parameters_text(study.space, trial.configuration) + "\n";
  TUNE_CHECK(remarks.empty() || remarks.size() == trial.decisions.size());
  const DecisionRecord* spared = spared_decision(trial);
  for (std::size_t i = 0; i < trial.decisions.size(); ++i) {
    const bool unheeded = &trial.decisions[i] == spared;
    out += decision_sentence(trial.decisions[i], unheeded) + "\n";
    if (!remarks.empty() && !remarks[i].empty()) out += "  " + remarks[i] + "\n";
    if (unheeded) out += "The audit spared it: it ran on, and no rule could stop it any more.\n";
  }
  if (trial.decisions.empty()) {
    out += study.stopping == "off"
               ? "Early stopping is off.\n"
               : "No decision about it is recorded (early_stopping: {explain: all} records those to go on, too).\n";
  }
  return out + end_sentence(study, trial) + "\n";
}

}  // namespace tune::engine
