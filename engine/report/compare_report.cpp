#include "engine/report/compare_report.hpp"

#include <algorithm>
#include <functional>

#include "engine/report/format.hpp"
#include "engine/report/json_value.hpp"
#include "engine/report/paired.hpp"
#include "engine/report/text_table.hpp"

namespace tune::engine {

namespace {

constexpr int kValueDigits = 6;
constexpr double kSecondsPerHour = 3600.0;

using Figure = std::function<std::optional<double>(const ArmFigures&)>;

/// One figure over all pairs in which both arms have it.
struct Compared {
  double first = 0.0;  ///< means
  double second = 0.0;
  std::optional<PairedDifference> difference;  ///< none: in no pair
  std::optional<PairedDifference> share;       ///< of the first arm's; none where that is 0 in a pair
};

Compared compare(const Comparison& comparison, const Figure& figure) {
  Compared out;
  std::vector<double> differences;
  std::vector<double> shares;
  for (const ComparedPair& pair : comparison.pairs) {
    const auto a = figure(pair.arms[0]);
    const auto b = figure(pair.arms[1]);
    if (!a || !b) continue;
    out.first += *a;
    out.second += *b;
    differences.push_back(*b - *a);
    if (*a > 0.0) shares.push_back((*b - *a) / *a);
  }
  const auto count = static_cast<double>(differences.size());
  out.first /= std::max(1.0, count);
  out.second /= std::max(1.0, count);
  out.difference = paired_difference(differences);
  if (shares.size() == differences.size()) out.share = paired_difference(shares);
  return out;
}

std::optional<double> training(const ArmFigures& arm) { return arm.training; }
std::optional<double> best(const ArmFigures& arm) { return arm.best_value; }
std::optional<double> best_at_equal(const ArmFigures& arm) { return arm.best_at_equal_training; }

std::string signed_number(double number, int digits) { return (number > 0.0 ? "+" : "") + shortened(number, digits); }
std::string signed_percent(double share) { return (share >= 0.0 ? "+" : "") + fixed(100.0 * share, 1) + " %"; }

/// `+1 % to +3 %`, and whether that shows anything.
std::string interval_text(const std::optional<PairedDifference>& paired, const std::function<std::string(double)>& text) {
  if (!paired || !paired->low) return "-";
  return text(*paired->low) + " to " + text(*paired->high);
}

class Table {
 public:
  explicit Table(const Comparison& comparison)
      : comparison_(comparison), several_(comparison.pairs.size() > 1), table_(columns()) {}

  void hours(const char* label, const Figure& figure) {
    const Compared one = compare(comparison_, figure);
    if (!one.difference) return row({label, hours_or(label, 0, figure), hours_or(label, 1, figure), "-", "-"});
    row({counted_label(label, one), hours_text(one.first), hours_text(one.second),
         one.share ? signed_percent(one.share->mean) : "-", interval_text(one.share, signed_percent)});
  }
  void number(const std::string& label, const Figure& figure, int digits) {
    const Compared one = compare(comparison_, figure);
    const auto difference = [](double number) { return signed_number(number, 3); };
    if (!one.difference) return row({label, number_or(0, figure, digits), number_or(1, figure, digits), "-", "-"});
    row({counted_label(label, one), shortened(one.first, digits), shortened(one.second, digits), difference(one.difference->mean),
         interval_text(one.difference, difference)});
  }
  [[nodiscard]] std::string text() const { return table_.text(); }

 private:
  [[nodiscard]] std::vector<TextTable::Column> columns() const {
    const auto& arms = comparison_.pairs.front().arms;
    std::vector<TextTable::Column> columns{
        {"", false}, {printable(arms[0].name), true}, {printable(arms[1].name), true}, {"difference", true}};
    if (several_) columns.push_back({fixed(100.0 * kPairedLevel, 0) + " % interval", true});
    return columns;
  }
  void row(std::vector<std::string> cells) {
    if (!several_) cells.pop_back();
    table_.add(std::move(cells));
  }
  /// A figure that only some pairs have says of how many it speaks.
  [[nodiscard]] std::string counted_label(const std::string& label, const Compared& one) const {
    const auto all = static_cast<int>(comparison_.pairs.size());
    if (one.difference->pairs == all) return label;
    return label + " (" + std::to_string(one.difference->pairs) + " of " + std::to_string(all) + " pairs)";
  }
  [[nodiscard]] std::optional<double> only(std::size_t arm, const Figure& figure) const {
    return several_ ? std::nullopt : figure(comparison_.pairs.front().arms[arm]);
  }
  [[nodiscard]] std::string hours_or(const char*, std::size_t arm, const Figure& figure) const {
    const auto seconds = only(arm, figure);
    return seconds ? hours_text(*seconds) : "not reached";
  }
  [[nodiscard]] std::string number_or(std::size_t arm, const Figure& figure, int digits) const {
    const auto value = only(arm, figure);
    return value ? shortened(*value, digits) : "none";
  }

  const Comparison& comparison_;
  bool several_;
  TextTable table_;
};

/// What the paired interval shows, in words.
std::string statement(const char* what, const std::optional<PairedDifference>& paired, const std::string& name,
                      const std::function<std::string(double)>& in_words) {
  std::string out = std::string(what) + ": ";
  if (!paired) return out + "no pair in which both arms have it\n";
  if (!paired->shown()) return out + "no difference could be shown\n";
  return out + name + " " + in_words(paired->mean) + "\n";
}

std::string statements(const Comparison& comparison) {
  const std::string name = printable(comparison.pairs.front().arms[1].name);
  const bool up = comparison.objective.goal == Goal::kMaximize;
  const auto less_or_more = [](double share) {
    return "needs " + fixed(100.0 * std::abs(share), 1) + " % " + (share < 0.0 ? "less" : "more");
  };
  const auto better_or_worse = [&](double difference) {
    return "is " + std::string((difference > 0.0) == up ? "better" : "worse") + " by " + shortened(std::abs(difference), 3);
  };
  return statement("Training hours", compare(comparison, training).share, name, less_or_more) +
         statement("Best value", compare(comparison, best).difference, name, better_or_worse) +
         statement("Best value at equal training hours", compare(comparison, best_at_equal).difference, name, better_or_worse);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

struct SavedSummary {
  double estimated = 0.0;  ///< seconds, sums over the pairs
  double measured = 0.0;
  std::vector<double> errors;
};
std::optional<SavedSummary> saved_summary(const Comparison& comparison) {
  SavedSummary sum;
  bool any = false;
  for (const ComparedPair& pair : comparison.pairs) {
    if (!pair.saved) continue;
    any = true;
    sum.estimated += pair.saved->estimated;
    sum.measured += pair.saved->measured;
    if (const auto error = pair.saved->error()) sum.errors.push_back(*error);
  }
  return any ? std::optional(std::move(sum)) : std::nullopt;
}

double median_size(const std::vector<double>& errors) {
  std::vector<double> sizes;
  for (const double error : errors) sizes.push_back(std::abs(error));
  return median(std::move(sizes));
}

std::string saved_text(const Comparison& comparison) {
  const auto saved = saved_summary(comparison);
  if (!saved) return "";
  std::string out = "Hours saved by early stopping: " + hours_text(saved->estimated) + " by the ledger's estimate, " +
                    hours_text(saved->measured) + " as measured";
  if (saved->errors.size() == 1) out += "; the estimate's error is " + signed_percent(saved->errors.front());
  if (saved->errors.size() > 1)
    out += "; the estimate's error is " + fixed(100.0 * median_size(saved->errors), 1) + " % in the median";
  return out + "\n";
}

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
          {"best",
           {{"trial", json_or_null(arm.best_trial)},
            {"value", json_number(arm.best_value)},
            {"value_at_equal_training", json_number(arm.best_at_equal_training)}}}};
}

std::optional<double> minus(const std::optional<double>& a, const std::optional<double>& b) {
  if (!a || !b) return std::nullopt;
  return *a - *b;
}

Json difference_json(const ComparedPair& pair) {
  const ArmFigures& a = pair.arms[0];
  const ArmFigures& b = pair.arms[1];
  const auto share = [](double difference, double of) { return of > 0.0 ? Json(difference / of) : Json(nullptr); };
  return {{"training_seconds", json_seconds(b.training - a.training)},
          {"training_share", share(b.training - a.training, a.training)},
          {"wall_seconds", json_seconds(b.wall - a.wall)},
          {"wall_share", share(b.wall - a.wall, a.wall)},
          {"completed", b.completed - a.completed},
          {"stopped", b.stopped - a.stopped},
          {"failed", b.failed - a.failed},
          {"best_value", json_number(minus(b.best_value, a.best_value))},
          {"best_value_at_equal_training", json_number(minus(b.best_at_equal_training, a.best_at_equal_training))},
          {"training_seconds_to_within_1_percent", json_seconds(minus(b.to_within, a.to_within))}};
}

Json saved_json(const std::optional<SavedCheck>& saved) {
  if (!saved) return nullptr;
  return {{"estimated_seconds", json_seconds(saved->estimated)},
          {"measured_seconds", json_seconds(saved->measured)},
          {"error", json_number(saved->error())}};
}

Json paired_json(const std::optional<PairedDifference>& paired) {
  if (!paired) return nullptr;
  return {{"pairs", paired->pairs},          {"mean", json_number(paired->mean)},
          {"low", json_number(paired->low)}, {"high", json_number(paired->high)},
          {"level", kPairedLevel},           {"shown", paired->shown()}};
}

Json saved_summary_json(const Comparison& comparison) {
  const auto saved = saved_summary(comparison);
  if (!saved) return nullptr;
  return {{"estimated_seconds", json_seconds(saved->estimated)},
          {"measured_seconds", json_seconds(saved->measured)},
          {"median_error", saved->errors.empty() ? Json(nullptr) : Json(median_size(saved->errors))}};
}

/// The median over runs, from where all have a value.
std::vector<PlotPoint> median_curve(const std::vector<const ArmFigures*>& runs) {
  std::vector<double> times;
  double end = 0.0;
  for (const ArmFigures* run : runs) {
    for (const BestSoFar& point : run->curve) times.push_back(point.training);
    end = std::max(end, run->training);
  }
  times.push_back(end);
  std::ranges::sort(times);
  std::vector<PlotPoint> out;
  for (const double time : times) {
    std::vector<double> values;
    for (const ArmFigures* run : runs) {
      if (const auto value = best_after(run->curve, time)) values.push_back(*value);
    }
    if (values.size() == runs.size()) out.push_back({time / kSecondsPerHour, median(std::move(values))});
  }
  return out;
}

}  // namespace

std::string comparison_text(const Comparison& comparison) {
  const std::size_t pairs = comparison.pairs.size();
  std::string out =
      "Objective: " + std::string(to_string(comparison.objective.goal)) + " " + printable(comparison.objective.metric);
  if (pairs > 1) out += "; means of " + std::to_string(pairs) + " seeds, paired by seed";
  out += "\n\n";
  Table table(comparison);
  table.hours("training hours", training);
  table.hours("wall hours", [](const ArmFigures& arm) { return std::optional(arm.wall); });
  const auto count = [&](const char* label, std::int64_t ArmFigures::*member) {
    table.number(
        label, [member](const ArmFigures& arm) { return std::optional(static_cast<double>(arm.*member)); }, kValueDigits);
  };
  count("trials", &ArmFigures::trials);
  count("completed", &ArmFigures::completed);
  count("stopped", &ArmFigures::stopped);
  count("failed", &ArmFigures::failed);
  table.number("best " + printable(comparison.objective.metric), best, kValueDigits);
  table.number("the same at equal training hours", best_at_equal, kValueDigits);
  table.hours("training hours until within 1 % of the better best", [](const ArmFigures& arm) { return arm.to_within; });
  out += table.text() + "\n";
  for (const ComparedPair& pair : comparison.pairs) {
    for (const ArmFigures& arm : pair.arms) {
      if (arm.status == StudyStatus::kInProgress || arm.status == StudyStatus::kStopping)
        out += "The study in " + arm.directory + " has not ended: its figures are of what it did so far.\n";
    }
  }
  out += saved_text(comparison);
  if (pairs > 1) return out + statements(comparison);
  return out +
         "Training hours are the running time of all trials added up. No difference could be shown: one pair of runs is one\n"
         "sample. Repeat it with other seeds (--seeds 5) before you conclude from a small one.\n";
}

std::string comparison_json(const Comparison& comparison) {
  Json json{{"schema", 1}};
  if (comparison.pairs.size() == 1) {
    const ComparedPair& pair = comparison.pairs.front();
    json["arms"] = Json::array({arm_json(pair.arms[0]), arm_json(pair.arms[1])});
    json["difference"] = difference_json(pair);
  }
  json["pairs"] = Json::array();
  for (const ComparedPair& pair : comparison.pairs) {
    json["pairs"].push_back({{"seed", pair.seed},
                             {"arms", Json::array({arm_json(pair.arms[0]), arm_json(pair.arms[1])})},
                             {"difference", difference_json(pair)},
                             {"saved", saved_json(pair.saved)}});
  }
  json["paired"] = {{"training_share", paired_json(compare(comparison, training).share)},
                    {"best_value", paired_json(compare(comparison, best).difference)},
                    {"best_value_at_equal_training", paired_json(compare(comparison, best_at_equal).difference)},
                    {"saved", saved_summary_json(comparison)}};
  return json_text(json);
}

Plot comparison_plot(const Comparison& comparison) {
  Plot plot{
      .title = "Best value so far", .x_label = "training hours, all trials added up", .y_label = comparison.objective.metric};
  for (std::size_t arm = 0; arm < 2; ++arm) {
    const auto color = static_cast<int>(arm);
    std::vector<const ArmFigures*> runs;
    for (const ComparedPair& pair : comparison.pairs) {
      const ArmFigures& run = pair.arms[arm];
      runs.push_back(&run);
      if (comparison.pairs.size() == 1) continue;
      PlotSeries series{.color = color, .faint = true};
      for (const BestSoFar& point : run.curve) series.points.push_back({point.training / kSecondsPerHour, point.value});
      if (!run.curve.empty()) series.points.push_back({run.training / kSecondsPerHour, run.curve.back().value});
      plot.series.push_back(std::move(series));
    }
    const std::string name = runs.front()->name + (runs.size() > 1 ? ", median of " + std::to_string(runs.size()) + " runs" : "");
    plot.series.push_back({.name = name, .points = median_curve(runs), .color = color});
  }
  return plot;
}

}  // namespace tune::engine
