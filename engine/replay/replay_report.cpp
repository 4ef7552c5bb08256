#include "engine/replay/replay_report.hpp"

#include <algorithm>
#include <filesystem>

#include "engine/report/format.hpp"
#include "engine/report/json_value.hpp"
#include "engine/report/text_table.hpp"

namespace tune::engine {

namespace {

constexpr int kShareDecimals = 1;
constexpr int kRegretDecimals = 4;

std::string percent(const MeanFigure& figure) {
  return fixed(100.0 * figure.mean, kShareDecimals) + " ± " + fixed(100.0 * figure.error, kShareDecimals) + " %";
}

std::string plain(const MeanFigure& figure) {
  return fixed(figure.mean, kRegretDecimals) + " ± " + fixed(figure.error, kRegretDecimals);
}

std::string left_out_text(const ReplayReport& report) {
  if (report.left_out == 0) return "";
  return report.study ? counted(static_cast<std::int64_t>(report.left_out), "trial") +
                            " left out: only those that ran to their end can be replayed\n"
                      : counted(static_cast<std::int64_t>(report.left_out), "row") + " left out: no value\n";
}

}  // namespace

std::string replay_text(const ReplayReport& report) {
  const std::size_t trials = std::min(report.curves, static_cast<std::size_t>(report.settings.trials));
  const bool hours = !report.rows.empty() &&
                     std::ranges::all_of(report.rows, [](const ReplayRow& row) { return row.seconds_saved.has_value(); });
  std::string text = report.source + ": " + counted(static_cast<std::int64_t>(report.curves), "curve") + " of up to " +
                     counted(report.max_step, "step") + ", " + std::string(to_string(report.settings.objective.goal)) + "\n" +
                     left_out_text(report) + counted(report.settings.repeats, "random order") + " of " +
                     counted(static_cast<std::int64_t>(trials), "curve") + ", " + std::to_string(report.settings.workers) +
                     " at once; figures are means ± their standard errors\n\n";
  std::vector<TextTable::Column> columns{{"rule"}, {"steps run", true}, {"best trial lost", true}, {"regret", true}};
  if (hours) columns.push_back({"time saved", true});
  TextTable table(std::move(columns));
  for (const ReplayRow& row : report.rows) {
    std::vector<std::string> cells{row.rule, percent(row.epochs_share), percent(row.winner_lost), plain(row.regret)};
    if (hours) cells.push_back(duration_text(row.seconds_saved->mean));
    table.add(std::move(cells));
  }
  return text + table.text() +
         "\nsteps run: share of all steps; best trial lost: orders in which the curve with the best final value was not run to "
         "its end;\n"
         "regret: best final value of all less best of those run to the end, in units of (best - median of all curves)\n";
}

std::string replay_json(const ReplayReport& report) {
  Json rows = Json::array();
  for (const ReplayRow& row : report.rows) {
    Json one = {{"rule", row.rule},
                {"epochs_share", json_number(row.epochs_share.mean)},
                {"epochs_share_se", json_number(row.epochs_share.error)},
                {"winner_lost", json_number(row.winner_lost.mean)},
                {"winner_lost_se", json_number(row.winner_lost.error)},
                {"regret_mean", json_number(row.regret.mean)},
                {"regret_se", json_number(row.regret.error)}};
    if (row.seconds_saved) one["seconds_saved"] = json_seconds(row.seconds_saved->mean);
    rows.push_back(std::move(one));
  }
  return json_text({{"schema", 1},
                    {"curves", report.curves},
                    {"left_out", report.left_out},
                    {"max_step", report.max_step},
                    {"goal", to_string(report.settings.objective.goal)},
                    {"trials", std::min(report.curves, static_cast<std::size_t>(report.settings.trials))},
                    {"repeats", report.settings.repeats},
                    {"workers", report.settings.workers},
                    {"seed", report.settings.seed},
                    {"rows", std::move(rows)}});
}

Plot replay_plot(const ReplayReport& report) {
  Plot plot{.title = "Saved and lost by early stopping: " + std::filesystem::path(report.source).filename().string(),
            .x_label = "steps saved, %",
            .y_label = "best trial lost, % of the orders",
            .series = {}};
  int color = 0;
  for (const ReplayRow& row : report.rows) {
    plot.series.push_back({.name = row.rule,
                           .kind = PlotSeries::Kind::kPoints,
                           .points = {{100.0 * (1.0 - row.epochs_share.mean), 100.0 * row.winner_lost.mean}},
                           .color = color++});
  }
  return plot;
}

}  // namespace tune::engine
