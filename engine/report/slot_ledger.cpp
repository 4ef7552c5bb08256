#include "engine/report/slot_ledger.hpp"

#include <algorithm>

#include "engine/report/false_stops.hpp"
#include "engine/report/format.hpp"
#include "engine/report/text_table.hpp"

namespace tune::engine {

namespace {

constexpr Duration kUnit = std::chrono::seconds(1);

/// A change in the number of slots that are open by their owner, or of attempts that run.
struct Change {
  TimePoint at;
  std::int64_t slots = 0;
  std::int64_t running = 0;
};

const Series* objective_series(const StudyRecord& study, const TrialRecord& trial) {
  return trial.find_series(study.objective.metric);
}

/// The step from which an attempt went on: the one before its first report; while it has none, what it was given.
std::int64_t began_after(const StudyRecord& study, const TrialRecord& trial, const AttemptRecord& attempt) {
  if (const Series* series = objective_series(study, trial)) {
    const auto first = std::ranges::find(series->points, attempt.number, &Point::attempt);
    if (first != series->points.end()) return first->step - 1;
  }
  return attempt.resumed_from_step.value_or(0);
}

/// When the last step of an attempt was done that no later attempt did again. An attempt without a later one that ran did nothing
/// in vain.
TimePoint kept_until(const StudyRecord& study, const TrialRecord& trial, const AttemptRecord& attempt, const RunningTime& ran) {
  std::optional<std::int64_t> kept;
  for (const AttemptRecord& later : trial.attempts) {
    if (later.number <= attempt.number || !later.started) continue;
    const std::int64_t from = began_after(study, trial, later);
    kept = std::min(kept.value_or(from), from);
  }
  if (!kept) return ran.end;
  TimePoint last = ran.start;
  if (const Series* series = objective_series(study, trial)) {
    for (const Point& point : series->points) {
      if (point.attempt == attempt.number && point.step <= *kept) last = std::max(last, point.time);
    }
  }
  return std::min(last, ran.end);
}

Spent& by_outcome(SlotLedger& ledger, const TrialRecord& trial) {
  switch (trial.status) {
    case TrialStatus::kCompleted:
      return ledger.completed;
    case TrialStatus::kStopped:
      return ledger.stopped;
    case TrialStatus::kFailed:
      return ledger.failed;
    default:
      return ledger.in_progress;
  }
}

void add_attempt(SlotLedger& ledger, const StudyRecord& study, const TrialRecord& trial, const AttemptRecord& attempt,
                 const RunningTime& ran) {
  const TimePoint kept = kept_until(study, trial, attempt, ran);
  const DecisionRecord* spared = spared_decision(trial);
  const TimePoint wanted = spared != nullptr ? std::clamp(spared->time, ran.start, kept) : kept;
  const auto add = [&](Spent& spent, Duration time) {
    const Duration gpu = gpu_part(time, attempt);
    spent += {time, gpu};
    ledger.open.gpu += gpu;
  };
  add(by_outcome(ledger, trial), wanted - ran.start);
  add(ledger.audit, kept - wanted);
  add(ledger.redone, ran.end - kept);
}

std::string share_text(Duration part, Duration whole) {
  return whole.count() == 0 ? "-" : fixed(100.0 * to_seconds(part) / to_seconds(whole), 1) + " %";
}

}  // namespace

Duration redone_time(const StudyRecord& study, const TrialRecord& trial, Until until) {
  Duration sum{0};
  for (const AttemptRecord& attempt : trial.attempts) {
    if (const auto ran = running_time(trial, attempt, until)) sum += ran->end - kept_until(study, trial, attempt, *ran);
  }
  return sum;
}

SlotLedger make_slot_ledger(const StudyRecord& study, Until until) {
  SlotLedger ledger;
  std::vector<Change> changes;
  for (std::size_t i = 0; i < study.owned.size(); ++i) {
    const OwnedTime& owned = study.owned[i];
    const bool last = i + 1 == study.owned.size();
    const TimePoint end = last && until && !owned.ended_it ? std::max(owned.until, *until) : owned.until;
    changes.push_back({owned.from, owned.slots, 0});
    changes.push_back({end, -owned.slots, 0});
    if (!last && !owned.ended_it) ledger.away += study.owned[i + 1].from - owned.until;
  }
  Duration gpus_of_slot{0};  // GPU time of a kUnit
  for (const TrialRecord& trial : study.trials) {
    for (const AttemptRecord& attempt : trial.attempts) {
      const auto ran = running_time(trial, attempt, until);
      if (!ran) continue;
      gpus_of_slot = std::max(gpus_of_slot, gpu_part(kUnit, attempt));
      add_attempt(ledger, study, trial, attempt, *ran);
      changes.push_back({ran->start, 0, 1});
      changes.push_back({ran->end, 0, -1});
    }
  }
  std::ranges::stable_sort(changes, {}, &Change::at);
  std::int64_t slots = 0;
  std::int64_t running = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    slots += changes[i].slots;
    running += changes[i].running;
    const Duration length = i + 1 < changes.size() ? changes[i + 1].at - changes[i].at : Duration(0);
    ledger.open.time += length * std::max(slots, running);
    ledger.idle.time += length * std::max<std::int64_t>(0, slots - running);
  }
  ledger.idle.gpu = ledger.idle.time / kUnit.count() * gpus_of_slot.count() +
                    ledger.idle.time % kUnit.count() * gpus_of_slot.count() / kUnit.count();
  ledger.open.gpu += ledger.idle.gpu;
  return ledger;
}

std::string slot_ledger_text(const SlotLedger& ledger) {
  if (ledger.open.time.count() == 0) return "";
  const bool gpus = ledger.open.gpu.count() > 0;
  std::vector<TextTable::Column> columns{{"", false}, {"time", true}, {"share", true}};
  if (gpus) columns.push_back({"GPU", true});
  TextTable table(std::move(columns));
  const auto add = [&](const char* label, const Spent& spent, bool always) {
    if (!always && spent.time.count() == 0) return;
    std::vector<std::string> cells{label, duration_text(to_seconds(spent.time)), share_text(spent.time, ledger.open.time)};
    if (gpus) cells.push_back(hours_text(to_seconds(spent.gpu)));
    table.add(std::move(cells));
  };
  add("completed trials", ledger.completed, true);
  add("stopped trials", ledger.stopped, true);
  add("failed trials", ledger.failed, true);
  add("running trials", ledger.in_progress, false);
  add("audit: spared trials after their stop", ledger.audit, false);
  add("redone: lost to retries", ledger.redone, false);
  add("idle", ledger.idle, true);
  add("all slots while open", ledger.open, true);
  std::string out = "Where the slots' time went\n" + table.text("  ");
  if (ledger.away.count() > 0)
    out += "  tune was away for " + duration_text(to_seconds(ledger.away)) + "; trials that ran on are counted above\n";
  return out;
}

}  // namespace tune::engine
