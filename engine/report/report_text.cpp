#include "engine/report/report_text.hpp"

#include <algorithm>
#include <vector>

#include "engine/core/health.hpp"
#include "engine/core/warm_start.hpp"
#include "engine/report/ending_text.hpp"
#include "engine/report/false_stops.hpp"
#include "engine/report/format.hpp"
#include "engine/report/gpu_use.hpp"
#include "engine/report/slot_ledger.hpp"
#include "engine/report/spot_cost.hpp"
#include "engine/report/text_table.hpp"

namespace tune::engine {

namespace {

constexpr std::size_t kLabelWidth = 10;   // columns
constexpr std::size_t kTableWidth = 100;  // columns
constexpr int kValueDigits = 6;
constexpr std::size_t kShownWarnings = 20;

std::string labelled(std::string_view label, const std::string& text) { return padded(label, kLabelWidth) + "  " + text + "\n"; }

std::string counts_text(const StudyRecord& study) {
  const StatusCounts counts = count_statuses(study);
  std::string out = std::to_string(study.trials.size()) + ": " + std::to_string(counts.completed) + " Completed, " +
                    std::to_string(counts.stopped) + " Stopped, " + std::to_string(counts.failed) + " Failed";
  if (counts.in_progress > 0) out += ", " + std::to_string(counts.in_progress) + " InProgress";
  if (counts.paused > 0) out += " (" + std::to_string(counts.paused) + " Paused)";
  return out;
}

std::string reasons_text(const StudyRecord& study) {
  std::string out;
  for (const auto& [reason, count] : count_stop_reasons(study)) {
    if (!out.empty()) out += ", ";
    out += std::to_string(count) + " " + printable(reason);
  }
  return out;
}

std::string heading(const StudyRecord& study) {
  std::string out = "Study " + printable(study.name) + ": " + std::string(to_string(study.status));
  if (!study.stop_reason.empty()) out += " (" + printable(study.stop_reason) + ")";
  out += "\n";
  if (const std::string ending = ending_text(study); !ending.empty()) out += labelled("ended", ending);
  out += labelled("objective", std::string(to_string(study.objective.goal)) + " " + printable(study.objective.metric));
  out += labelled("search", printable(study.strategy) + ", early stopping " + printable(study.stopping) + ", seed " +
                                std::to_string(study.seed));
  for (const EarlierStudy& earlier : study.earlier_studies) {
    const bool first = &earlier == &study.earlier_studies.front();
    out +=
        labelled(first ? "warm start" : "", std::string(to_string(earlier.type)) + ", " + printable(earlier_study_text(earlier)));
  }
  if (!study.earlier_studies.empty() && !study.earlier_studies.front().learned_from)
    out += labelled("", "the strategy " + printable(study.strategy) + " does not look at earlier trials");
  return out;
}

std::vector<std::string> figures_of(const StudyRecord& study, const TrialRecord& trial) {
  const auto step = value_step(trial, study.objective);
  return {std::to_string(trial.id), shortened(*trial.value, kValueDigits), step ? std::to_string(*step) : "-",
          std::string(to_string(trial.status)), duration_text(training_seconds(trial))};
}

/// The best trials with a column per parameter; where that gets too wide, with the parameters in the last column.
std::string top_table(const StudyRecord& study, const std::vector<const TrialRecord*>& ranked) {
  const std::vector<TextTable::Column> figures{
      {"trial", true}, {"value", true}, {"step", true}, {"status", false}, {"training", true}};
  std::vector<TextTable::Column> columns = figures;
  for (const Parameter& parameter : study.space.parameters())
    columns.push_back({printable(parameter.name), parameter.is_numeric()});
  TextTable wide(std::move(columns));
  columns = figures;
  columns.push_back({"parameters", false});
  TextTable narrow(std::move(columns));
  for (std::size_t i = 0; i < std::min(kTopTrials, ranked.size()); ++i) {
    const TrialRecord& trial = *ranked[i];
    std::vector<std::string> cells = figures_of(study, trial);
    cells.push_back(parameters_text(study.space, trial.configuration));
    narrow.add(cells);
    cells.pop_back();
    for (std::size_t p = 0; p < study.space.size(); ++p) {
      cells.push_back(trial.configuration[p] ? shortened(*trial.configuration[p]) : "-");
    }
    wide.add(std::move(cells));
  }
  const std::string table = wide.text("  ");
  return display_width(std::string_view(table).substr(0, table.find('\n'))) <= kTableWidth ? table : narrow.text("  ");
}

/// With the studies that this one began with, where their values mean the same.
std::string overall_best_text(const StudyRecord& study) {
  const auto best = overall_best(study);
  if (!best) return "";
  if (best->study == nullptr) return "It is the best over the earlier studies, too.\n\n";
  std::string out = "Best over the earlier studies: trial " + std::to_string(best->trial) + " of " +
                    printable(best->study->name) + ", " + to_text(best->value) + "\n ";
  for (const auto& [name, value] : best->study->best_parameters) out += " " + printable(name) + "=" + shortened(value);
  return out + "\n\n";
}

std::string best_section(const StudyRecord& study) {
  const auto ranked = ranking(study);
  if (ranked.empty()) {
    return "\nNo trial has given a value of " + printable(study.objective.metric) + " so far.\n" + overall_best_text(study);
  }
  std::string out = "\nBest: trial " + std::to_string(ranked.front()->id) + ", " + printable(study.objective.metric) + " = " +
                    to_text(*ranked.front()->value) + "\n";
  out += "  " + parameters_text(study.space, ranked.front()->configuration) + "\n\n";
  out += overall_best_text(study);
  if (ranked.size() > 1) out += "Top " + std::to_string(std::min(kTopTrials, ranked.size())) + ":\n";
  return out + top_table(study, ranked);
}

std::string percent(double share) { return fixed(100.0 * share, 0) + " %"; }

std::string interval_text(const PredictedValue& predicted) {
  return shortened(predicted.value, kValueDigits) + " (" + percent(kInsightLevel) + ": " +
         shortened(predicted.low, kValueDigits) + " to " + shortened(predicted.high, kValueDigits) + ")";
}

std::string importance_table(const Insight& insight) {
  TextTable table({{"parameter", false}, {"share", true}, {"+-", true}});
  const std::size_t shown = std::min(kShownParameters, insight.importances.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const ParameterImportance& one = insight.importances[i];
    table.add({printable(one.name), percent(one.share), percent(one.share_sd)});
  }
  table.add({"(several together)", percent(insight.interaction_share), ""});
  std::string out = table.text("  ");
  if (insight.importances.size() > shown) {
    out +=
        "  and " + counted(static_cast<std::int64_t>(insight.importances.size() - shown), "parameter") + " that mattered less\n";
  }
  return out;
}

std::string insight_section(const StudyRecord& study, const Insight* insight) {
  if (insight == nullptr) {
    return "\nWhat mattered: too early to tell; it takes " + std::to_string(kInsightTrials) +
           " trials with a value and a parameter that can vary.\n";
  }
  std::string out = "\nWhat mattered, by a model of " + counted(insight->trials, "trial") + " (it predicts " +
                    percent(insight->explained) + " of the variation among trials it was not shown):\n";
  const bool flat =
      insight->importances.empty() || (insight->interaction_share == 0.0 && insight->importances.front().share == 0.0);
  out += flat ? "  It sees no difference between configurations.\n" : importance_table(*insight);
  out += "Predicted best: " + interval_text(insight->at_predicted_best) + " at\n  " +
         parameters_text(study.space, insight->predicted_best) + "\n";
  if (insight->best_trial > 0) {
    out += "At trial " + std::to_string(insight->best_trial) + ", the best so far, the model expects " +
           interval_text(insight->at_best_trial) + ".\n";
  }
  return out;
}

std::string failures_section(const StudyRecord& study) {
  std::vector<const TrialRecord*> failed;
  for (const TrialRecord& trial : study.trials) {
    if (trial.status == TrialStatus::kFailed) failed.push_back(&trial);
  }
  if (failed.empty()) return "";
  std::string out = "\nFailures\n";
  for (std::size_t i = 0; i < std::min(kShownFailures, failed.size()); ++i) {
    const TrialRecord& trial = *failed[i];
    out += "  trial " + std::to_string(trial.id) + ": " + std::string(trial.failure ? to_string(*trial.failure) : "unknown");
    if (!trial.failure_detail.empty()) out += ": " + printable(trial.failure_detail);
    out += "\n    " + parameters_text(study.space, trial.configuration) + "\n";
    const std::size_t shown = std::min(kShownLogLines, trial.last_lines.size());
    if (shown == 0) out += "    (its log is empty)\n";
    for (std::size_t k = trial.last_lines.size() - shown; k < trial.last_lines.size(); ++k) {
      out += "    | " + printable(trial.last_lines[k]) + "\n";
    }
  }
  if (failed.size() > kShownFailures) out += "  and " + std::to_string(failed.size() - kShownFailures) + " more\n";
  return out;
}

/// What health rules that only warn have found.
std::string warnings_section(const StudyRecord& study) {
  std::string out;
  std::size_t count = 0;
  for (const TrialRecord& trial : study.trials) {
    for (const DecisionRecord& decision : trial.decisions) {
      if (!is_warning(decision) || ++count > kShownWarnings) continue;
      out += "  trial " + std::to_string(trial.id) + ": " + printable(decision.rule.substr(kHealthPrefix.size())) + ": " +
             printable(decision.reason) + "\n";
    }
  }
  if (count > kShownWarnings) out += "  and " + std::to_string(count - kShownWarnings) + " more\n";
  return count == 0 ? "" : "\nWarnings of health rules\n" + out;
}

std::string saved_text(const StudyRecord& study, const Ledger& ledger) {
  if (ledger.stopped_early == 0) {
    return study.stopping == "off" ? "nothing: early stopping is off" : "nothing: it stopped no trial";
  }
  const std::string trials = counted(ledger.stopped_early, "trial");
  if (!ledger.saved) return "unknown: " + trials + " stopped, but the maximum step is not known (set max_step)";
  std::string out = "about " + duration_text(*ledger.saved) + " (" + hours_text(*ledger.saved) + ") of training in " + trials;
  const double without = ledger.training + *ledger.saved;
  if (without > 0)
    out += ", " + fixed(100.0 * *ledger.saved / without, 0) + " % of the " + duration_text(without) + " without early stopping";
  return out;
}

std::string audit_lines(const FalseStops& counts) {
  std::string out;
  for (const std::string& line : false_stops_lines(counts)) out += labelled(out.empty() ? "audit" : "", line);
  return out;
}

std::string hours_section(const StudyRecord& study, Until until, const FalseStops& audit) {
  const Ledger ledger = make_ledger(study, until);
  std::string out = "\n";
  const auto line = [](double seconds) { return duration_text(seconds) + " (" + hours_text(seconds) + ")"; };
  out += labelled("training", line(ledger.training) + ", the running time of all trials added up");
  out += labelled("wall", line(ledger.wall));
  if (ledger.gpu > 0) out += labelled("GPU", line(ledger.gpu));
  if (const std::string use = gpu_use_text(study, until); !use.empty()) out += labelled("GPU use", use);
  out += spot_lines(study, spot_cost(study, until), padded("spot", kLabelWidth) + "  ");
  if (ledger.failed > 0)
    out += labelled("lost", line(ledger.failed) + " of the training time, in trials that failed or diverged");
  out += labelled("saved", saved_text(study, ledger));
  if (ledger.stopped_early > 0 && ledger.saved) {
    if (ledger.saved_interval) {
      out += labelled("", "between " + duration_text(ledger.saved_interval->low) + " and " +
                              duration_text(ledger.saved_interval->high) + " (" + percent(kSavedLevel) +
                              "), by the spread of the trials' own steps");
    }
    out += labelled("", std::string(kSavedMethod) + (audit.spared == 0 ? ";" : ""));
    if (audit.spared == 0) out += labelled("", std::string(kSavedCaution));
  }
  return out + audit_lines(audit);
}

/// Captures that were no numbers, and lines that were cut: never dropped in silence.
std::string unread_section(const StudyRecord& study) {
  std::int64_t unreadable = 0;
  std::int64_t cut = 0;
  for (const TrialRecord& trial : study.trials) {
    unreadable += trial.unreadable_captures;
    cut += trial.cut_lines;
  }
  std::string out;
  if (unreadable > 0) {
    out += labelled("not read", counted(unreadable, "capture") + " of the metric definitions " +
                                    (unreadable == 1 ? "is" : "are") + " no number (tune check CONFIG --log LOG shows them)");
  }
  if (cut > 0) out += labelled("cut", counted(cut, "log line") + " longer than 64 KiB");
  return out;
}

}  // namespace

std::string report_text(const StudyRecord& study, Until until, const ModelViews& models) {
  std::string out = heading(study);
  out += labelled("trials", counts_text(study));
  if (const std::string reasons = reasons_text(study); !reasons.empty()) out += labelled("stopped", reasons);
  out += best_section(study);
  if (!ranking(study).empty()) out += insight_section(study, models.insight);
  out += failures_section(study);
  out += warnings_section(study);
  out += hours_section(study, until, count_false_stops(study, models.chances));
  out += unread_section(study);
  const std::string slots = slot_ledger_text(make_slot_ledger(study, until));
  return slots.empty() ? out : out + "\n" + slots;
}

std::string pooled_text(const std::vector<DatedStudy>& studies) {
  FalseStops counts;
  for (const DatedStudy& study : studies) counts += count_false_stops(*study.record, study.models.chances);
  const std::string audit = audit_lines(counts);
  return audit.empty() ? "" : "The " + std::to_string(studies.size()) + " studies together\n" + audit;
}

std::string status_text(const StudyRecord& study, bool running, Until until) {
  std::string out = heading(study);
  out += labelled("trials", counts_text(study));
  if (const std::string reasons = reasons_text(study); !reasons.empty()) out += labelled("stopped", reasons);
  const auto ranked = ranking(study);
  out += labelled("best", ranked.empty() ? "none yet"
                                         : shortened(*ranked.front()->value, kValueDigits) + ", trial " +
                                               std::to_string(ranked.front()->id) + ": " +
                                               parameters_text(study.space, ranked.front()->configuration));
  const Ledger ledger = make_ledger(study, until);
  out += labelled("hours", "training " + hours_text(ledger.training) + ", wall " + hours_text(ledger.wall));
  if (!study.ended)
    out += labelled("now", running ? "a process is running it"
                                   : "no process is running it; tune resume (a session: tune session --resume) goes on with it");
  return out;
}

}  // namespace tune::engine
