#include "engine/report/live_view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/report/format.hpp"
#include "engine/report/gpu_use.hpp"
#include "engine/report/ledger.hpp"
#include "tune/study_view.hpp"

namespace tune::engine {

namespace {

constexpr std::size_t kMinWidth = 20;
constexpr std::size_t kMaxSparkline = 16;
constexpr std::size_t kMinSparkline = 6;
constexpr std::size_t kMaxParameterWidth = 14;
constexpr std::size_t kMinTitleWidth = 5;  ///< to which a parameter's name is cut before its column is left out
constexpr std::size_t kLinesAround = 7;    ///< of the view without its trial rows, a free row for the cursor included
constexpr std::size_t kRoomForMore = 5;    ///< columns of "+12" and its gap
constexpr int kParameterDigits = 3;
constexpr int kValueDigits = 4;

struct Column {
  std::string title;
  std::vector<std::string> cells;
  bool right = false;
  Style style = Style::kPlain;
  [[nodiscard]] std::size_t width() const {
    std::size_t widest = display_width(title);
    for (const std::string& cell : cells) widest = std::max(widest, display_width(cell));
    return widest;
  }
};

/// Cuts a line to `width` columns.
StyledLine fitted(StyledLine line, std::size_t width) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::size_t wide = display_width(line[i].text);
    if (used + wide > width) {
      line[i].text = clipped(line[i].text, width - used);
      line.resize(i + 1);
      break;
    }
    used += wide;
  }
  return line;
}

/// `left` and `right` at the two ends of a line; the right one gives way.
StyledLine two_ends(StyledLine left, const std::string& right, std::size_t width) {
  const std::size_t used = display_width(plain_text(left));
  const std::size_t wide = display_width(right);
  if (used + 2 + wide <= width) left.push_back({std::string(width - used - wide, ' ') + right, Style::kDim});
  return fitted(std::move(left), width);
}

double elapsed_wall(const LiveOptions& options, TimePoint now) {
  return to_seconds(options.active_before + std::max(Duration{0}, now - options.run_started));
}

StyledLine title_line(const StudyRecord& study, const LiveOptions& options, TimePoint now) {
  StyledLine line{{printable(study.name), Style::kBold},
                  {"  " + std::string(to_string(study.objective.goal)) + " " + printable(study.objective.metric) + "  " +
                       printable(study.strategy) + ", early stopping " + printable(study.stopping),
                   Style::kPlain}};
  return two_ends(std::move(line), duration_text(elapsed_wall(options, now)), options.width);
}

StyledLine totals_line(const StudyRecord& study, const LiveOptions& options, TimePoint now) {
  const StatusCounts counts = count_statuses(study);
  const auto done = counts.completed + counts.stopped + counts.failed;
  StyledLine line{
      {"trials  ", Style::kDim},
      {std::to_string(done) + (options.max_trials ? "/" + std::to_string(*options.max_trials) : ""), Style::kBold},
      {" done: " + std::to_string(counts.completed) + " completed, " + std::to_string(counts.stopped) + " stopped, ", {}},
      {std::to_string(counts.failed) + " failed", counts.failed > 0 ? Style::kBad : Style::kPlain}};
  if (counts.paused > 0) line.push_back({", " + std::to_string(counts.paused) + " paused", Style::kPlain});
  const auto left = study.ended ? std::nullopt : seconds_left(study, options, now);
  return two_ends(std::move(line), left ? "about " + duration_text(*left) + " left" : "", options.width);
}

StyledLine best_line(const StudyRecord& study, const LiveOptions& options) {
  const auto ranked = ranking(study);
  StyledLine line{{"best    ", Style::kDim}};
  if (ranked.empty()) {
    line.push_back({"none yet", Style::kPlain});
  } else {
    const TrialRecord& best = *ranked.front();
    line.push_back({shortened(*best.value, kValueDigits + 1), Style::kGood});
    line.push_back(
        {"  trial " + std::to_string(best.id) + "  " + parameters_text(study.space, best.configuration), Style::kPlain});
  }
  return fitted(std::move(line), options.width);
}

StyledLine time_line(const StudyRecord& study, const LiveOptions& options, TimePoint now) {
  const Ledger ledger = make_ledger(study, now);
  std::string text = "training " + duration_text(ledger.training) + "  wall " + duration_text(elapsed_wall(options, now));
  if (ledger.stopped_early > 0 && ledger.saved) text += "  saved by early stopping about " + duration_text(*ledger.saved);
  return fitted({{"time    ", Style::kDim}, {text, Style::kPlain}}, options.width);
}

std::string step_text(const StudyRecord& study, const TrialRecord& trial, const std::optional<std::int64_t>& max_step) {
  const auto step = last_step(trial, study.objective);
  return (step ? std::to_string(*step) : "-") + (max_step ? "/" + std::to_string(*max_step) : "");
}

/// What a trial is doing, where it has no curve yet.
std::string curve_or_state(const StudyRecord& study, const TrialRecord& trial, std::size_t width) {
  if (trial.status == TrialStatus::kStopping || trial.stop_requested) return "stopping";
  if (trial.secondary != SecondaryStatus::kTraining && trial.secondary != SecondaryStatus::kNone) {
    std::string state(to_string(trial.secondary));
    state[0] = static_cast<char>(state[0] - 'A' + 'a');
    return state;
  }
  std::vector<double> values;
  if (const Series* series = trial.find_series(study.objective.metric)) {
    for (const Point& point : series->points) values.push_back(point.value);
  }
  return sparkline(values, width);
}

/// What the trials' GPUs do; without columns where none was sampled.
std::vector<Column> gpu_columns(const std::vector<const TrialRecord*>& shown, const std::map<TrialId, GpuSampled>& samples) {
  Column busy{"GPU", {}, true, {}};
  Column memory{"memory", {}, true, {}};
  Column power{"power", {}, true, {}};
  bool any = false;
  for (const TrialRecord* trial : shown) {
    const auto found = samples.find(trial->id);
    const bool known = found != samples.end();
    any = any || known;
    busy.cells.push_back(known ? fixed(100.0 * found->second.utilization, 0) + " %" : "-");
    memory.cells.push_back(known ? memory_text(found->second.memory_bytes) : "-");
    power.cells.push_back(known && found->second.watts > 0.0 ? fixed(found->second.watts, 0) + " W" : "-");
  }
  return any ? std::vector<Column>{std::move(busy), std::move(memory), std::move(power)} : std::vector<Column>();
}

struct Rows {
  Column number{"trial", {}, true, {}};
  std::vector<Column> parameters;
  Column step{"step", {}, true, {}};
  Column value{"value", {}, true, Style::kBold};
  Column curve{"curve", {}, false, Style::kGood};
};

Rows make_rows(const StudyRecord& study, const std::vector<const TrialRecord*>& shown, std::size_t spark) {
  Rows rows;
  const auto max_step = StudyView(study).max_step();
  for (const Parameter& parameter : study.space.parameters()) {
    rows.parameters.push_back({"", {}, parameter.is_numeric(), {}});
  }
  for (const TrialRecord* trial : shown) {
    rows.number.cells.push_back(std::to_string(trial->id));
    for (std::size_t p = 0; p < rows.parameters.size(); ++p) {
      const auto& value = trial->configuration[p];
      rows.parameters[p].cells.push_back(value ? clipped(shortened(*value, kParameterDigits), kMaxParameterWidth) : "-");
    }
    const Series* series = trial->find_series(study.objective.metric);
    rows.step.cells.push_back(step_text(study, *trial, max_step));
    rows.value.cells.push_back(series != nullptr && !series->points.empty() ? shortened(series->points.back().value, kValueDigits)
                                                                            : "-");
    rows.curve.cells.push_back(curve_or_state(study, *trial, spark));
  }
  return rows;
}

std::size_t room_of(const Column& column) { return column.width() + 2; }

/// Cuts the names of parameters, the same way for all, until every column fits or they cannot be cut any more.
void cut_titles(const StudyRecord& study, std::vector<Column>& parameters, std::size_t room) {
  for (std::size_t limit = kMaxParameterWidth; limit >= kMinTitleWidth; --limit) {
    std::size_t used = 0;
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      parameters[p].title = clipped(printable(study.space[p].name), limit);
      used += room_of(parameters[p]);
    }
    if (used <= room) return;
  }
}

/// The table of running trials: the fixed columns, those of the GPUs where there is room for all of them, and between them as
/// many parameters as fit; the title line says how many did not.
std::vector<StyledLine> trial_lines(const StudyRecord& study, const std::vector<const TrialRecord*>& shown,
                                    const LiveOptions& options) {
  const std::size_t width = options.width;
  const std::size_t spark = std::clamp(width / 8, kMinSparkline, kMaxSparkline);
  Rows rows = make_rows(study, shown, spark);
  std::size_t used = room_of(rows.number) + room_of(rows.step) + room_of(rows.value) + std::max(rows.curve.width(), spark);
  std::vector<Column> gpu = gpu_columns(shown, options.gpu_samples);
  std::size_t for_gpu = 0;
  for (const Column& column : gpu) for_gpu += room_of(column);
  if (used + for_gpu + kRoomForMore > width) {
    gpu.clear();
    for_gpu = 0;
  }
  used += for_gpu;
  cut_titles(study, rows.parameters, width > used ? width - used : 0);
  std::vector<const Column*> columns{&rows.number};
  std::size_t fit = 0;
  for (; fit < rows.parameters.size(); ++fit) {
    const bool last = fit + 1 == rows.parameters.size();
    if (used + room_of(rows.parameters[fit]) + (last ? 0 : kRoomForMore) > width) break;
    used += room_of(rows.parameters[fit]);
    columns.push_back(&rows.parameters[fit]);
  }
  Column more{"+" + std::to_string(rows.parameters.size() - fit), std::vector<std::string>(shown.size()), true, Style::kDim};
  if (fit < rows.parameters.size()) columns.push_back(&more);
  for (const Column* column : {&rows.step, &rows.value}) columns.push_back(column);
  for (const Column& column : gpu) columns.push_back(&column);
  columns.push_back(&rows.curve);

  std::vector<StyledLine> lines(shown.size() + 1);
  for (const Column* column : columns) {
    const std::size_t wide = column->width();
    const std::string gap = column == columns.front() ? "" : "  ";
    lines[0].push_back({gap + padded(column->title, wide, column->right), Style::kDim});
    for (std::size_t i = 0; i < shown.size(); ++i) {
      lines[i + 1].push_back({gap + padded(column->cells[i], wide, column->right), column->style});
    }
  }
  for (StyledLine& line : lines) line = fitted(std::move(line), width);
  return lines;
}

}  // namespace

std::string plain_text(const StyledLine& line) {
  std::string text;
  for (const Span& span : line) text += span.text;
  return text;
}

std::string sparkline(const std::vector<double>& values, std::size_t width) {
  static constexpr std::array<const char*, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double low = INFINITY;
  double high = -INFINITY;
  const std::size_t first = values.size() > width ? values.size() - width : 0;
  for (std::size_t i = first; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  std::string out;
  for (std::size_t i = first; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      out += "x";
      continue;
    }
    const double share = high > low ? (values[i] / 2 - low / 2) / (high / 2 - low / 2) : 0.5;  // halves: the range may overflow
    out +=
        kBlocks[std::min<std::size_t>(kBlocks.size() - 1, static_cast<std::size_t>(share * static_cast<double>(kBlocks.size())))];
  }
  return out;
}

std::optional<double> seconds_left(const StudyRecord& study, const LiveOptions& options, TimePoint now) {
  std::optional<double> left;
  if (options.max_runtime) left = std::max(0.0, to_seconds(*options.max_runtime) - elapsed_wall(options, now));
  double sum = 0.0;
  std::int64_t finished = 0;
  for (const TrialId id : study.finished_order) {
    const TrialRecord& trial = study.trial(id);
    if (trial.imported || trial.status == TrialStatus::kFailed) continue;
    sum += training_seconds(trial);
    ++finished;
  }
  if (!options.max_trials || finished == 0) return left;
  const double mean = sum / static_cast<double>(finished);
  double work =
      mean * static_cast<double>(std::max<std::int64_t>(0, *options.max_trials - static_cast<std::int64_t>(study.trials.size())));
  double longest = 0.0;
  for (const TrialId id : study.running) {
    if (study.trial(id).secondary == SecondaryStatus::kPaused) continue;  // most of them never go on
    const double rest = std::max(0.0, mean - training_seconds(study.trial(id), now));
    work += rest;
    longest = std::max(longest, rest);
  }
  const double estimate = std::max(longest, work / static_cast<double>(std::max(1, options.max_parallel)));
  return left ? std::min(*left, estimate) : estimate;
}

std::vector<StyledLine> live_view(const StudyRecord& study, const LiveOptions& given, TimePoint now) {
  LiveOptions options = given;
  options.width = std::max(options.width, kMinWidth);
  std::vector<StyledLine> lines{title_line(study, options, now), totals_line(study, options, now), best_line(study, options),
                                time_line(study, options, now)};
  const std::size_t rows = options.height > kLinesAround ? options.height - kLinesAround : 1;
  std::vector<const TrialRecord*> shown;
  std::size_t active = 0;
  for (const TrialId id : study.running) {
    if (study.trial(id).secondary == SecondaryStatus::kPaused) continue;
    if (++active <= rows) shown.push_back(&study.trial(id));
  }
  if (!shown.empty()) {
    for (StyledLine& line : trial_lines(study, shown, options)) lines.push_back(std::move(line));
  }
  if (active > shown.size()) {
    lines.push_back(fitted({{"and " + std::to_string(active - shown.size()) + " more", Style::kDim}}, options.width));
  }
  return lines;
}

}  // namespace tune::engine
