#include "engine/replay/curves.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/replay/csv_line.hpp"
#include "engine/replay/gzip_lines.hpp"

namespace tune::engine {

namespace {

/// Where y1 ... yR are.
struct Header {
  std::size_t width = 0;
  std::optional<std::size_t> id = {};
  std::vector<std::size_t> steps = {};
};

/// The step that a column is named after: 12 of `y12`; none of another column.
std::optional<std::int64_t> step_of(const std::string& name) {
  std::int64_t step = 0;
  const char* end = name.data() + name.size();
  if (name.size() < 2 || name[0] != 'y' || name[1] == '0') return std::nullopt;
  const auto [stop, error] = std::from_chars(name.data() + 1, end, step);
  return error == std::errc() && stop == end && step >= 1 ? std::optional(step) : std::nullopt;
}

Result<Header> read_header(const std::string& where, const std::vector<std::string>& names) {
  Header header;
  header.width = names.size();
  std::vector<std::pair<std::int64_t, std::size_t>> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "id" && !header.id) header.id = i;
    if (const auto step = step_of(names[i])) found.emplace_back(*step, i);
  }
  std::ranges::sort(found);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto expected = static_cast<std::int64_t>(i) + 1;
    if (found[i].first != expected) {
      return Status::invalid(where + (found[i].first < expected ? "column y" + std::to_string(found[i].first) + " is there twice"
                                                                : "column y" + std::to_string(expected) + " is missing"));
    }
    header.steps.push_back(found[i].second);
  }
  if (header.steps.empty()) {
    return Status::invalid(where + "no columns y1, y2, ... with the metric after each step are among the " +
                           std::to_string(names.size()) + " of the first line");
  }
  return header;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

std::optional<double> number(const std::string& cell) {
  const std::string text = lower(cell);
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  double value = 0.0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (stop != end || begin == end) return std::nullopt;
  if (error == std::errc::result_out_of_range) return text.starts_with('-') ? -HUGE_VAL : HUGE_VAL;
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

bool blank(const std::string& cell) { return cell.find_first_not_of(" \t") == std::string::npos; }

Result<Curve> read_row(const std::string& where, const Header& header, const std::vector<std::string>& cells, std::size_t row) {
  if (cells.size() != header.width) {
    return Status::invalid(where + "the row has " + std::to_string(cells.size()) + " cells, the first line has " +
                           std::to_string(header.width));
  }
  Curve curve;
  curve.id = header.id ? cells[*header.id] : std::to_string(row);
  for (std::size_t i = 0; i < header.steps.size(); ++i) {
    const std::string& cell = cells[header.steps[i]];
    if (blank(cell)) continue;
    const auto value = number(cell);
    if (!value) return Status::invalid(where + "y" + std::to_string(i + 1) + " is '" + cell + "', which is no number");
    curve.points.push_back({static_cast<std::int64_t>(i) + 1, *value});
  }
  return curve;
}

/// Seconds from the start of its only attempt to its last value, over the steps.
std::optional<double> pace(const TrialRecord& trial, const Series& series) {
  if (trial.attempts.size() != 1 || !trial.attempts.front().started || series.points.empty()) return std::nullopt;
  const auto& last = series.points.back();
  const double seconds = std::chrono::duration<double>(last.time - *trial.attempts.front().started).count();
  return seconds > 0.0 && last.step > 0 ? std::optional(seconds / static_cast<double>(last.step)) : std::nullopt;
}

}  // namespace

Result<Curves> read_curves(const std::string& path) {
  auto lines = GzipLines::open(path, kMaxCurveLineBytes);
  if (!lines.ok()) return lines.status();
  Curves found;
  found.source = path;
  std::optional<Header> header;
  std::string line;
  while (true) {
    const auto more = lines->next(line);
    if (!more.ok()) return more.status();
    if (!*more) break;
    if (line.empty()) continue;
    const std::string where = path + ":" + std::to_string(lines->number()) + ": ";
    if (!header && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    const auto cells = csv_cells(line);
    if (!cells) return Status::invalid(where + "a quoted cell is not closed before the next comma or the end of the line");
    if (!header) {
      auto read = read_header(where, *cells);
      if (!read.ok()) return read.status();
      header = std::move(*read);
      found.max_step = static_cast<std::int64_t>(header->steps.size());
      continue;
    }
    auto curve = read_row(where, *header, *cells, found.curves.size() + found.left_out + 1);
    if (!curve.ok()) return curve.status();
    if (curve->points.empty()) {
      ++found.left_out;
    } else {
      found.curves.push_back(std::move(*curve));
    }
    if (found.curves.size() > kMaxCurves) return Status::invalid(where + "more than " + std::to_string(kMaxCurves) + " curves");
  }
  if (!header) return Status::invalid(path + " is empty; its first line has to name the columns y1, y2, ...");
  if (found.curves.empty()) return Status::invalid(path + " holds no curve");
  return found;
}

Curves curves_of(const StudyRecord& study, const std::string& source) {
  Curves found;
  found.source = source;
  for (const TrialRecord& trial : study.trials) {
    const Series* series = trial.find_series(study.objective.metric);
    if (trial.status != TrialStatus::kCompleted || trial.imported || series == nullptr || series->points.empty()) {
      ++found.left_out;
      continue;
    }
    Curve curve;
    curve.id = std::to_string(trial.id);
    for (const Point& point : series->points) curve.points.push_back({point.step, point.value});
    curve.seconds_per_step = pace(trial, *series);
    found.max_step = std::max(found.max_step, curve.last_step());
    found.curves.push_back(std::move(curve));
  }
  if (study.declared_max_step) found.max_step = *study.declared_max_step;
  return found;
}

}  // namespace tune::engine
