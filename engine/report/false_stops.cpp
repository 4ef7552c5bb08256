#include "engine/report/false_stops.hpp"

#include <algorithm>

#include "engine/report/format.hpp"
#include "engine/report/ledger.hpp"

namespace tune::engine {

namespace {

bool ran_to_its_end(const TrialRecord& trial) { return trial.status == TrialStatus::kCompleted && trial.value; }

/// Whether it is known what would have become of a spared trial had nobody wanted to stop it: it ran to its end, or broke on the
/// way by itself. A limit, a person and a lost machine tell nothing.
bool outcome_known(const TrialRecord& trial) {
  if (trial.status == TrialStatus::kCompleted || trial.stop_reason == "diverged") return true;
  return trial.status == TrialStatus::kFailed && trial.failure != FailureClass::kLost &&
         trial.failure != FailureClass::kAbandoned;
}

/// A trial that alone ran to its end is no false stop: without it there would be nothing to compare.
bool is_false_stop(const StudyRecord& study, const TrialRecord& trial) {
  if (!ran_to_its_end(trial)) return false;
  const auto best = best_end(study, trial.id);
  return best && study.objective.better(*trial.value, *best);
}

std::string percent(double share) { return shortened(100.0 * share, 3) + " %"; }

}  // namespace

FalseStops& FalseStops::operator+=(const FalseStops& other) {
  spared += other.spared;
  audited += other.audited;
  false_stops += other.false_stops;
  stopped += other.stopped;
  predicted += other.predicted;
  expected += other.expected;
  return *this;
}

const DecisionRecord* spared_decision(const TrialRecord& trial) {
  if (!trial.spared) return nullptr;
  // Any later one to stop it is of divergence or a health rule: no stopping rule judges it again.
  const auto found = std::ranges::find(trial.decisions, "stop", &DecisionRecord::kind);
  return found == trial.decisions.end() ? nullptr : &*found;
}

std::optional<double> best_end(const StudyRecord& study, TrialId but) {
  std::optional<double> best;
  for (const TrialRecord& trial : study.trials) {
    if (trial.id != but && ran_to_its_end(trial) && (!best || study.objective.better(*trial.value, *best))) best = trial.value;
  }
  return best;
}

FalseStops count_false_stops(const StudyRecord& study, std::span<const EndChance> chances) {
  FalseStops counts;
  for (const TrialRecord& trial : study.trials) {
    counts.stopped += stopped_early(trial);
    if (!trial.spared) continue;
    ++counts.spared;
    if (!outcome_known(trial)) continue;
    ++counts.audited;
    counts.false_stops += is_false_stop(study, trial);
  }
  for (const EndChance& one : chances) {
    ++counts.predicted;
    counts.expected += one.chance;
  }
  return counts;
}

std::vector<std::string> false_stops_lines(const FalseStops& counts) {
  std::vector<std::string> lines;
  if (counts.spared > 0) {
    std::string line = counted(counts.spared, "trial") + " of the " + std::to_string(counts.spared + counts.stopped) +
                       " that a rule wanted to stop ran on";
    if (counts.audited < counts.spared) line += ", " + std::to_string(counts.audited) + " of them to a known end";
    lines.push_back(line + "; " + counted(counts.false_stops, "false stop") + " among them");
    if (counts.too_few()) {
      lines.push_back("too few to tell: a false-stop rate takes " + std::to_string(kFewAudited) + " audited trials");
    } else {
      const ShareInterval interval = clopper_pearson(counts.false_stops, counts.audited);
      lines.push_back("false-stop rate " +
                      percent(static_cast<double>(counts.false_stops) / static_cast<double>(counts.audited)) + " (" +
                      percent(kBinomialLevel) + ": " + percent(interval.low) + " to " + percent(interval.high) + ")");
    }
  }
  if (counts.predicted > 0) {
    lines.push_back("by a model of the curves " + shortened(counts.expected, 2) + " false stops are expected among " +
                    counted(counts.predicted, "stopped trial"));
  }
  return lines;
}

}  // namespace tune::engine
