#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tune/random.hpp"
#include "tune/registry.hpp"

namespace tune::test {

/// A value as a trial prints it.
struct Said {
  std::string metric;
  std::int64_t step = 0;
  double value = 0.0;
};
using Story = std::vector<Said>;
/// By option, the metrics that it names.
using Inputs = std::map<std::string, std::set<std::string>>;

/// The registered rule with its defaults; `given` replaces some.
inline Result<std::unique_ptr<HealthRule>> make_health(const std::string& name, Options given) {
  static const Registry kRegistry = builtin();
  const Entry<HealthRule>* entry = kRegistry.find_health_rule(name);
  REQUIRE_MESSAGE(entry != nullptr, name);
  for (const OptionSpec& spec : entry->options) {
    if (spec.default_value) given.try_emplace(spec.name, *spec.default_value);
    if (spec.required) given.try_emplace(spec.name, std::string(".*"));
  }
  return entry->make(Space(), given);
}

/// What the rule says of the last value of `story`.
inline Decision judge_story(const HealthRule& rule, const Inputs& inputs, const Story& story) {
  const Said& last = story.back();
  std::map<std::string, std::map<std::int64_t, Point>> by_metric;
  for (const Said& one : story) by_metric[one.metric][one.step] = Point{.step = one.step, .value = one.value};
  std::map<std::string, std::vector<Point>> series;
  for (const auto& [metric, points] : by_metric) {
    for (const auto& [step, point] : points) {
      if (step <= last.step) series[metric].push_back(point);
    }
  }
  HealthView view{last.metric, last.step, {}};
  for (const auto& [name, metrics] : inputs) {
    std::vector<HealthSeries> matching;
    for (const auto& [metric, points] : series) {
      if (metrics.contains(metric)) matching.push_back({metric, points});
    }
    view.inputs.emplace_back(name, std::move(matching));
  }
  return rule.judge(view);
}

inline bool finds(const HealthRule& rule, const Inputs& inputs, const Story& story) {
  const Decision decision = judge_story(rule, inputs, story);
  CHECK(decision.rule == rule.name());
  CHECK(decision.kind != Decision::Kind::kPause);
  const bool found = decision.kind == Decision::Kind::kStop;
  CHECK(found == !decision.reason.empty());
  CHECK(found == !decision.numbers.empty());
  CHECK(decision.reason.find('\n') == std::string::npos);
  return found;
}

/// The first value of `story` at which the rule finds what it looks for, counted from 1; 0: nowhere.
inline std::size_t first_found(const HealthRule& rule, const Inputs& inputs, const Story& story) {
  for (std::size_t i = 1; i <= story.size(); ++i) {
    if (finds(rule, inputs, Story(story.begin(), story.begin() + static_cast<std::ptrdiff_t>(i)))) return i;
  }
  return 0;
}

/// The values of one metric at the steps 1, 2, ...
inline Story curve(const std::string& metric, const std::vector<double>& values) {
  Story story;
  for (std::size_t i = 0; i < values.size(); ++i) story.push_back({metric, static_cast<std::int64_t>(i) + 1, values[i]});
  return story;
}

/// The metrics' values step by step, in random order within a step, some missing, a few late; values of a coarse grid, so that
/// ties are frequent, with NaN and infinities.
inline Story random_story(RandomStream& stream, const std::vector<std::string>& metrics, std::int64_t steps, double unit) {
  Story story;
  const bool odd = stream.below(3) == 0;
  for (std::int64_t step = 1; step <= steps; ++step) {
    std::vector<std::string> now = metrics;
    while (!now.empty()) {
      const auto at = static_cast<std::ptrdiff_t>(stream.below(now.size()));
      const std::string metric = now[static_cast<std::size_t>(at)];
      now.erase(now.begin() + at);
      if (stream.below(6) == 0) continue;
      double value = static_cast<double>(stream.below(24)) * unit - (stream.below(4) == 0 ? 2.0 * unit : 0.0);
      if (odd && stream.below(12) == 0) value = std::numeric_limits<double>::quiet_NaN();
      if (odd && stream.below(20) == 0) value = std::numeric_limits<double>::infinity() * (stream.below(2) == 0 ? 1.0 : -1.0);
      story.push_back({metric, step, value});
      if (stream.below(25) == 0 && story.size() > 1) std::swap(story.back(), story[story.size() - 2]);
    }
  }
  return story;
}

/// What the oracles see: the values of a metric up to the step of the story's last value, by step.
inline std::map<std::int64_t, double> values_of(const Story& story, const std::string& metric) {
  std::map<std::int64_t, double> values;
  for (const Said& one : story) {
    if (one.metric == metric && one.step <= story.back().step) values[one.step] = one.value;
  }
  return values;
}

}  // namespace tune::test
