#include "engine/report/report_json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/core/health.hpp"
#include "engine/report/false_stops.hpp"
#include "engine/report/json_pieces.hpp"
#include "engine/report/slot_ledger.hpp"
#include "engine/report/spot_cost.hpp"

namespace tune::engine {

namespace {

/// A GPU's index as a number, its UUID as text.
Json gpu_json(const std::string& gpu) {
  int index = 0;
  const auto [end, error] = std::from_chars(gpu.data(), gpu.data() + gpu.size(), index);
  return error == std::errc() && end == gpu.data() + gpu.size() ? Json(index) : Json(gpu);
}

/// In the order in which they came, so that whoever reads them sees what a rule had seen.
Json observations_json(const TrialRecord& trial) {
  struct Seen {
    const std::string* metric;
    const Point* point;
  };
  std::vector<Seen> seen;
  for (const Series& series : trial.series) {
    for (const Point& point : series.points) seen.push_back({&series.metric, &point});
  }
  std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.point->order < b.point->order; });
  Json list = Json::array();
  for (const auto& [metric, point] : seen) {
    list.push_back({{"metric", *metric},
                    {"step", point->step},
                    {"value", json_number(point->value)},
                    {"attempt", point->attempt},
                    {"time", iso_time(point->time)}});
  }
  return list;
}

Json gpu_use_json(const std::optional<GpuUse>& use) {
  if (!use) return nullptr;
  return {{"samples", use->samples},
          {"utilization", json_number(use->utilization)},
          {"memory_bytes", use->memory_bytes},
          {"watts", json_number(use->watts)}};
}

Json attempts_json(const TrialRecord& trial) {
  Json list = Json::array();
  for (const AttemptRecord& attempt : trial.attempts) {
    Json gpus = Json::array();
    for (const std::string& gpu : attempt.gpus) gpus.push_back(gpu_json(gpu));
    list.push_back({{"attempt", attempt.number},
                    {"start", json_time(attempt.started)},
                    {"end", json_time(attempt.ended)},
                    {"end_reason", text_or_null(attempt.end_reason)},
                    {"host", text_or_null(attempt.host)},
                    {"gpus", std::move(gpus)},
                    {"slot", attempt.slot >= 0 ? Json(attempt.slot) : Json(nullptr)},
                    {"gpu_use", gpu_use_json(attempt.gpu_use)},
                    {"resumed_from_step", json_or_null(attempt.resumed_from_step)}});
  }
  return list;
}

Json warnings_json(const TrialRecord& trial) {
  Json list = Json::array();
  for (const DecisionRecord& decision : trial.decisions) {
    if (!is_warning(decision)) continue;
    list.push_back({{"rule", decision.rule.substr(kHealthPrefix.size())}, {"step", decision.step}, {"reason", decision.reason}});
  }
  return list;
}

double billable_seconds(const StudyRecord& study, const TrialRecord& trial, Until until) {
  return study.spot ? spot_cost(study, trial, until).billable : training_seconds(trial, until);
}

Json trial_json(const StudyRecord& study, const TrialRecord& trial, Until until) {
  const DecisionRecord* spared = spared_decision(trial);
  return {{"trial", trial.id},
          {"name", trial.name},
          {"status", to_string(trial.status)},
          {"secondary_status", text_or_null(std::string(to_string(trial.secondary)))},
          {"stop_reason", text_or_null(trial.stop_reason)},
          {"failure_class", trial.failure ? Json(to_string(*trial.failure)) : Json(nullptr)},
          {"value", json_number(trial.value)},
          {"last_step", json_or_null(last_step(trial, study.objective))},
          {"spared_at_step", spared != nullptr ? Json(spared->step) : Json(nullptr)},
          {"parameters", json_parameters(study.space, trial.configuration)},
          {"start", json_time(first_start(trial))},
          {"end", json_time(last_end(trial))},
          {"elapsed_seconds", json_seconds(elapsed_seconds(trial))},
          {"training_seconds", json_seconds(training_seconds(trial, until))},
          {"gpu_seconds", json_seconds(gpu_seconds(trial, until))},
          {"billable_seconds", json_seconds(billable_seconds(study, trial, until))},
          {"observations", observations_json(trial)},
          {"attempts", attempts_json(trial)},
          {"warnings", warnings_json(trial)}};
}

Json best_json(const StudyRecord& study) {
  const auto ranked = ranking(study);
  if (ranked.empty()) return nullptr;
  const TrialRecord& best = *ranked.front();
  return {{"trial", best.id},
          {"value", json_number(best.value)},
          {"step", json_or_null(value_step(best, study.objective))},
          {"parameters", json_parameters(study.space, best.configuration)}};
}

/// A count as such, anything else as it is.
Json plain_number(double number) {
  constexpr double kMostExact = 9007199254740992.0;  // 2^53
  const bool whole = std::abs(number) < kMostExact && number == std::floor(number);
  return whole ? Json(static_cast<std::int64_t>(number)) : json_number(number);
}

Json ending_json(const StudyRecord& study) {
  if (study.stop_reason.empty()) return nullptr;
  Json numbers = Json::object();
  for (const auto& [name, number] : study.stop_numbers) numbers[name] = plain_number(number);
  return {{"reason", study.stop_reason}, {"numbers", std::move(numbers)}};
}

/// Shares are estimates: four decimals are more than anybody knows.
Json json_share(double share) { return std::round(share * 1e4) / 1e4; }

Json predicted_json(const PredictedValue& predicted) {
  return {{"value", json_number(predicted.value)},
          {"low", json_number(predicted.low)},
          {"high", json_number(predicted.high)},
          {"level", kInsightLevel}};
}

Json insight_json(const StudyRecord& study, const Insight* insight) {
  if (insight == nullptr) return nullptr;
  Json importance = Json::array();
  for (const ParameterImportance& one : insight->importances) {
    importance.push_back({{"parameter", one.name}, {"share", json_share(one.share)}, {"share_sd", json_share(one.share_sd)}});
  }
  Json best = {{"parameters", json_parameters(study.space, insight->predicted_best)}};
  best.update(predicted_json(insight->at_predicted_best));
  Json at_best;
  if (insight->best_trial > 0) {
    at_best = {{"trial", insight->best_trial}};
    at_best.update(predicted_json(insight->at_best_trial));
  }
  return {{"trials", insight->trials},           {"explained", json_share(insight->explained)},
          {"importance", std::move(importance)}, {"interactions", json_share(insight->interaction_share)},
          {"predicted_best", std::move(best)},   {"at_best_trial", std::move(at_best)}};
}

Json named_values_json(const std::vector<std::pair<std::string, Value>>& values) {
  Json object = Json::object();
  for (const auto& [name, value] : values) object[name] = json_value(value);
  return object;
}

/// The best of the earlier studies and this one, where their values mean the same; `study` is null for a trial of this one.
Json overall_best_json(const StudyRecord& study) {
  const auto best = overall_best(study);
  if (!best) return nullptr;
  const bool own = best->study == nullptr;
  return {{"study", own ? Json(nullptr) : Json(best->study->name)},
          {"directory", own ? Json(nullptr) : Json(best->study->directory)},
          {"trial", best->trial},
          {"value", json_number(best->value)},
          {"parameters", own ? json_parameters(study.space, study.trial(best->trial).configuration)
                             : named_values_json(best->study->best_parameters)}};
}

Json warm_start_json(const StudyRecord& study) {
  if (study.earlier_studies.empty()) return nullptr;
  Json studies = Json::array();
  for (const EarlierStudy& earlier : study.earlier_studies) {
    Json best = nullptr;
    if (earlier.best_trial) {
      best = {{"trial", *earlier.best_trial},
              {"value", json_number(earlier.best_value)},
              {"parameters", named_values_json(earlier.best_parameters)}};
    }
    studies.push_back({{"name", earlier.name},
                       {"directory", earlier.directory},
                       {"metric", earlier.metric},
                       {"trials", earlier.trials},
                       {"without_result", earlier.without_result},
                       {"taken", earlier.taken},
                       {"best", std::move(best)}});
  }
  return {{"type", to_string(study.earlier_studies.front().type)},
          {"learned_from", study.earlier_studies.front().learned_from},
          {"studies", std::move(studies)},
          {"overall_best", overall_best_json(study)}};
}

Json audit_json(const FalseStops& counts) {
  Json rate = nullptr;
  Json interval = nullptr;
  if (!counts.too_few()) {
    const ShareInterval exact = clopper_pearson(counts.false_stops, counts.audited);
    rate = static_cast<double>(counts.false_stops) / static_cast<double>(counts.audited);
    interval = {{"low", exact.low}, {"high", exact.high}, {"level", kBinomialLevel}};
  }
  return {{"spared", counts.spared},
          {"audited", counts.audited},
          {"false_stops", counts.false_stops},
          {"too_few_to_tell", counts.too_few()},
          {"false_stop_rate", std::move(rate)},
          {"interval", std::move(interval)},
          {"stopped", counts.stopped},
          {"predicted", counts.predicted},
          {"expected_false_stops", counts.predicted > 0 ? Json(counts.expected) : Json(nullptr)}};
}

Json spent_json(const Spent& spent) {
  return {{"seconds", json_seconds(to_seconds(spent.time))}, {"gpu_seconds", json_seconds(to_seconds(spent.gpu))}};
}

Json saved_json(const Ledger& ledger) {
  if (!ledger.saved) return nullptr;
  const auto& interval = ledger.saved_interval;
  return {{"seconds", json_seconds(*ledger.saved)},
          {"gpu_seconds", json_seconds(ledger.saved_gpu)},
          {"low", interval ? json_seconds(interval->low) : Json(nullptr)},
          {"high", interval ? json_seconds(interval->high) : Json(nullptr)},
          {"level", kSavedLevel}};
}

Json ledger_json(const StudyRecord& study, Until until, const Ledger& ledger) {
  const SlotLedger slots = make_slot_ledger(study, until);
  return {{"completed", spent_json(slots.completed)},
          {"stopped", spent_json(slots.stopped)},
          {"failed", spent_json(slots.failed)},
          {"in_progress", spent_json(slots.in_progress)},
          {"audit", spent_json(slots.audit)},
          {"redone", spent_json(slots.redone)},
          {"idle", spent_json(slots.idle)},
          {"open", spent_json(slots.open)},
          {"away_seconds", json_seconds(to_seconds(slots.away))},
          {"saved", saved_json(ledger)}};
}

/// The members of a study's object.
void write_study(JsonPieces& out, const DatedStudy& dated) {
  const StudyRecord& study = *dated.record;
  const StatusCounts counts = count_statuses(study);
  const Ledger ledger = make_ledger(study, dated.until);
  out.member("schema", 1);
  out.member("study", {{"name", study.name},
                       {"status", to_string(study.status)},
                       {"stop_reason", text_or_null(study.stop_reason)},
                       {"ending", ending_json(study)},
                       {"objective", {{"metric", study.objective.metric}, {"goal", to_string(study.objective.goal)}}},
                       {"strategy", study.strategy},
                       {"early_stopping", study.stopping},
                       {"seed", study.seed},
                       {"warm_start", warm_start_json(study)}});
  out.member("counts", {{"Completed", counts.completed},
                        {"Stopped", counts.stopped},
                        {"Failed", counts.failed},
                        {"InProgress", counts.in_progress}});
  out.member("best", best_json(study));
  out.member("insight", insight_json(study, dated.models.insight));
  out.member("seconds", {{"training", json_seconds(ledger.training)},
                         {"billable", json_seconds(study.spot ? spot_cost(study, dated.until).billable : ledger.billable)},
                         {"wall", json_seconds(ledger.wall)},
                         {"early_stopping_saved_estimate", json_seconds(ledger.saved)}});
  out.member("ledger", ledger_json(study, dated.until, ledger));
  out.member("audit", audit_json(count_false_stops(study, dated.models.chances)));
  out.open_array("trials");
  for (const TrialRecord& trial : study.trials) out.element(trial_json(study, trial, dated.until));
  out.close();
}

}  // namespace

void report_json(const DatedStudy& study, const Sink& sink) {
  JsonPieces out(sink);
  write_study(out, study);
  out.close();
}

void report_json(const std::vector<DatedStudy>& studies, const Sink& sink) {
  JsonPieces out(sink);
  FalseStops audit;
  out.member("schema", 1);
  out.open_array("studies");
  for (const DatedStudy& study : studies) {
    out.open_object();
    write_study(out, study);
    out.close();
    audit += count_false_stops(*study.record, study.models.chances);
  }
  out.close();
  out.member("pooled", {{"audit", audit_json(audit)}});
  out.close();
}

}  // namespace tune::engine
