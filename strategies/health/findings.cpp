#include "strategies/health/findings.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tune::strategies {

Decision healthy(std::string_view rule) {
  Decision decision;
  decision.rule = rule;
  return decision;
}

Decision found(std::string_view rule, std::string reason, std::vector<std::pair<std::string, double>> numbers) {
  Decision decision;
  decision.kind = Decision::Kind::kStop;
  decision.rule = rule;
  decision.reason = std::move(reason);
  decision.numbers = std::move(numbers);
  return decision;
}

std::string said(const HealthSeries& series) {
  const Point& last = series.points.back();
  return std::string(series.metric) + " " + to_text(last.value) + " at step " + std::to_string(last.step);
}

std::vector<double> values_at(std::span<const HealthSeries> series, std::int64_t step) {
  std::vector<double> values;
  for (const HealthSeries& one : series) {
    const auto point = std::ranges::lower_bound(one.points, step, {}, &Point::step);
    if (point != one.points.end() && point->step == step && !std::isnan(point->value)) values.push_back(point->value);
  }
  return values;
}

std::int64_t values_since_optimum(const HealthSeries& series, double delta) {
  double best = std::nan("");
  std::int64_t since = 0;
  for (const Point& point : series.points) {
    ++since;
    if (std::isnan(point.value) || (!std::isnan(best) && !(best - point.value > delta))) continue;
    best = point.value;
    since = 0;
  }
  return since;
}

OptionSpec metrics_option(std::string name, std::string doc, bool required) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = OptionType::kMetrics;
  spec.required = required;
  spec.doc = std::move(doc);
  return spec;
}

}  // namespace tune::strategies
