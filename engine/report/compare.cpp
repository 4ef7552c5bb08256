#include "engine/report/compare.hpp"

#include <algorithm>
#include <cmath>

#include "engine/report/format.hpp"
#include "engine/report/json_value.hpp"
#include "engine/report/ledger.hpp"
#include "engine/report/text_table.hpp"

namespace tune::engine {

namespace {

constexpr int kValueDigits = 6;

ArmFigures figures(const Arm& arm) {
  const StudyRecord& study = *arm.study;
  const StatusCounts counts = count_statuses(study);
  const Ledger ledger = make_ledger(study);
  ArmFigures out;
  out.name = arm.name;
  out.directory = arm.directory;
  out.study = study.name;
  out.status = study.status;
  out.early_stopping = study.stopping;
  out.training = ledger.training;
  out.wall = ledger.wall;
  out.trials = static_cast<std::int64_t>(study.trials.size());
  out.completed = counts.completed;
  out.stopped = counts.stopped;
  out.failed = counts.failed;
  if (const auto ranked = ranking(study); !ranked.empty()) {
    out.best_trial = ranked.front()->id;
    out.best_value = ranked.front()->value;
  }
  return out;
}

/// The first moment at which an objective came within kWithinShare of `best`.
std::optional<TimePoint> reached(const StudyRecord& study, double best) {
  std::optional<TimePoint> first;
  for (const TrialRecord& trial : study.trials) {
    const Series* series = trial.find_series(study.objective.metric);
    if (series == nullptr) continue;
    for (const Point& point : series->points) {
      if (!std::isfinite(point.value)) continue;
      const bool near =
          std::abs(point.value - best) <= kWithinShare * std::abs(best) || study.objective.better(point.value, best);
      if (near && (!first || point.time < *first)) first = point.time;
    }
  }
  return first;
}

std::optional<double> minus(const std::optional<double>& a, const std::optional<double>& b) {
  if (!a || !b) return std::nullopt;
  return *a - *b;
}

std::string percent_text(double difference, double of) {
  if (!(of > 0.0)) return "-";
  const double percent = 100.0 * difference / of;
  return (percent >= 0 ? "+" : "") + fixed(percent, 1) + " %";
}

std::string signed_text(std::int64_t number) { return (number > 0 ? "+" : "") + std::to_string(number); }

Json arm_json(const ArmFigures& arm) {
  return {{"name", arm.name},
          {"directory", arm.directory},
          {"study", arm.study},
          {"status", to_string(arm.status)},
          {"early_stopping", arm.early_stopping},
          {"seconds",
           {{"training", json_seconds(arm.training)},
            {"wall", json_seconds(arm.wall)},
            {"training_to_within_1_percent", json_seconds(arm.to_within)}}},
          {"counts", {{"trials", arm.trials}, {"Completed", arm.completed}, {"Stopped", arm.stopped}, {"Failed", arm.failed}}},
          {"best", {{"trial", json_or_null(arm.best_trial)}, {"value", json_number(arm.best_value)}}}};
}

}  // namespace

double training_seconds_until(const StudyRecord& study, TimePoint time) {
  double sum = 0.0;
  for (const TrialRecord& trial : study.trials) {
    for (const AttemptRecord& attempt : trial.attempts) {
      if (!attempt.started || *attempt.started >= time) continue;
      sum += std::min(running_seconds(trial, attempt), to_seconds(time - *attempt.started));
    }
  }
  return sum;
}

Result<Comparison> compare_arms(const Arm& first, const Arm& second) {
  const Objective& a = first.study->objective;
  const Objective& b = second.study->objective;
  if (a.metric != b.metric || a.goal != b.goal) {
    return Status::invalid("the two studies cannot be compared: " + first.directory + " is to " + std::string(to_string(a.goal)) +
                           " '" + a.metric + "', " + second.directory + " to " + std::string(to_string(b.goal)) + " '" +
                           b.metric + "'");
  }
  Comparison comparison{a, {figures(first), figures(second)}};
  std::optional<double> best;
  for (const ArmFigures& arm : comparison.arms) {
    if (arm.best_value && (!best || a.better(*arm.best_value, *best))) best = arm.best_value;
  }
  if (best) {
    for (std::size_t i = 0; i < 2; ++i) {
      const StudyRecord& study = i == 0 ? *first.study : *second.study;
      if (const auto time = reached(study, *best)) comparison.arms[i].to_within = training_seconds_until(study, *time);
    }
  }
  return comparison;
}

std::string comparison_text(const Comparison& comparison) {
  const ArmFigures& a = comparison.arms[0];
  const ArmFigures& b = comparison.arms[1];
  TextTable table({{"", false}, {a.name, true}, {b.name, true}, {"difference", true}});
  table.add(
      {"training hours", hours_text(a.training), hours_text(b.training), percent_text(b.training - a.training, a.training)});
  table.add({"wall hours", hours_text(a.wall), hours_text(b.wall), percent_text(b.wall - a.wall, a.wall)});
  const auto whole = [&](const char* label, std::int64_t one, std::int64_t other) {
    table.add({label, std::to_string(one), std::to_string(other), signed_text(other - one)});
  };
  whole("trials", a.trials, b.trials);
  whole("completed", a.completed, b.completed);
  whole("stopped", a.stopped, b.stopped);
  whole("failed", a.failed, b.failed);
  const auto value = [](const std::optional<double>& number) { return number ? shortened(*number, kValueDigits) : "none"; };
  const auto difference = minus(b.best_value, a.best_value);
  table.add({"best " + printable(comparison.objective.metric), value(a.best_value), value(b.best_value),
             difference ? (*difference > 0 ? "+" : "") + shortened(*difference, 3) : "-"});
  const auto hours = [](const std::optional<double>& seconds) { return seconds ? hours_text(*seconds) : "not reached"; };
  table.add({"training hours until within 1 % of the better best", hours(a.to_within), hours(b.to_within),
             a.to_within && b.to_within ? percent_text(*b.to_within - *a.to_within, *a.to_within) : "-"});
  std::string out =
      "Objective: " + std::string(to_string(comparison.objective.goal)) + " " + printable(comparison.objective.metric) + "\n\n";
  out += table.text();
  for (const ArmFigures& arm : comparison.arms) {
    if (arm.status == StudyStatus::kInProgress || arm.status == StudyStatus::kStopping) {
      out += "\nThe study of arm " + arm.name + " has not ended: its figures are of what it did so far.\n";
    }
  }
  return out +
         "\nTraining hours are the running time of all trials added up. One pair of runs is one sample: repeat it with other "
         "seeds\n"
         "before you conclude from a small difference.\n";
}

std::string comparison_json(const Comparison& comparison) {
  const ArmFigures& a = comparison.arms[0];
  const ArmFigures& b = comparison.arms[1];
  const auto share = [](double difference, double of) { return of > 0.0 ? Json(difference / of) : Json(nullptr); };
  Json json{{"schema", 1}, {"arms", Json::array({arm_json(a), arm_json(b)})}};
  json["difference"] = {{"training_seconds", json_seconds(b.training - a.training)},
                        {"training_share", share(b.training - a.training, a.training)},
                        {"wall_seconds", json_seconds(b.wall - a.wall)},
                        {"wall_share", share(b.wall - a.wall, a.wall)},
                        {"completed", b.completed - a.completed},
                        {"stopped", b.stopped - a.stopped},
                        {"failed", b.failed - a.failed},
                        {"best_value", json_number(minus(b.best_value, a.best_value))},
                        {"training_seconds_to_within_1_percent", json_seconds(minus(b.to_within, a.to_within))}};
  return json_text(json);
}

}  // namespace tune::engine
