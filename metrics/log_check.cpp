#include "metrics/log_check.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "metrics/clean_line.hpp"
#include "metrics/line_splitter.hpp"
#include "metrics/number.hpp"
#include "metrics/pattern_parts.hpp"
#include "metrics/regex.hpp"
#include "metrics/report_line.hpp"
#include "tune/value.hpp"

namespace tune::metrics {
namespace {

constexpr std::size_t kReadSize = 1 << 16;     ///< bytes
constexpr std::ptrdiff_t kTellingLetters = 3;  ///< fewer before the value say nothing about a line
constexpr std::int64_t kManyPerStep = 3;       ///< values at one step, on average: a progress bar
constexpr std::int64_t kEnoughToJudge = 10;    ///< values without a step pattern before repeats mean something

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string many(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void add(Examples& examples, const ShownLine& line, const std::string& detail) {
  if (++examples.count <= static_cast<std::int64_t>(kShownExamples)) examples.shown.push_back({line, detail});
}

/// One metric while the log is read.
class Metric {
 public:
  Metric(std::string name, bool objective, const MetricDefinition* definition) {
    check_.metric = std::move(name);
    check_.objective = objective;
    if (!definition) return;
    check_.definition = *definition;
    check_.warnings = lint(*definition);
    const RE2::Options exact = regex_options();
    RE2::Options any_case = exact;
    any_case.set_case_sensitive(false);
    regex_ = std::make_unique<RE2>(to_re2(definition->regex), exact);
    any_case_ = std::make_unique<RE2>(to_re2(definition->regex), any_case);
    if (definition->step) step_ = std::make_unique<RE2>(to_re2(*definition->step), exact);
    named_ = std::make_unique<RE2>(RE2::QuoteMeta(definition->name) + R"(\W{0,3}[-+.]?(?:\d|nan\b|inf\b))", exact);
    const auto parts = split_pattern(definition->regex);
    if (parts && std::count_if(parts->before.begin(), parts->before.end(), is_word) >= kTellingLetters) {
      before_ = std::make_unique<RE2>(to_re2(parts->before), exact);
    }
  }

  [[nodiscard]] const std::string& name() const { return check_.metric; }

  void observe(const ParsedObservation& observation, std::string_view text, const ShownLine& line) {
    if (text.find("%|") != std::string_view::npos || text.find("it/s") != std::string_view::npos) ++from_bars_;
    const SeenValue seen{observation.step, observation.value, line};
    ++check_.observations;
    if (check_.last) {
      if (std::bit_cast<std::uint64_t>(check_.last->value) == std::bit_cast<std::uint64_t>(seen.value)) ++repeats_;
      if (seen.step < check_.last->step) ++steps_back_;
    } else {
      check_.first = seen;
    }
    if (step_ && steps_read_ == 0) ++before_first_step_;
    steps_.insert(seen.step);
    check_.last = seen;
  }

  void read_step(std::string_view text) {
    std::string group;
    if (step_ && RE2::PartialMatch({text.data(), text.size()}, *step_, &group) && parse_step(group)) ++steps_read_;
  }

  void look_at(std::string_view text, const ShownLine& line) {
    if (!regex_) return;
    re2::StringPiece found[2];
    const re2::StringPiece piece(text.data(), text.size());
    if (!regex_->Match(piece, 0, piece.size(), RE2::UNANCHORED, found, 2)) {
      look_for_near_miss(text, line);
      return;
    }
    const std::string_view group(found[1].data() ? found[1].data() : "", found[1].size());
    if (!parse_number(group)) add(check_.unreadable, line, printable(group, kShownLineLength));
    const auto start = static_cast<std::size_t>(found[0].data() - text.data());
    if (start > 0 && is_word(text[start]) && is_word(text[start - 1])) add(inside_word_, line, word_at(text, start));
  }

  MetricCheck finish() {
    check_.distinct_steps = static_cast<std::int64_t>(steps_.size());
    if (!steps_.empty()) {
      check_.smallest_step = *steps_.begin();
      check_.largest_step = *steps_.rbegin();
    }
    if (check_.definition) judge(*check_.definition);
    return std::move(check_);
  }

 private:
  static std::string word_at(std::string_view text, std::size_t at) {
    std::size_t begin = at;
    while (begin > 0 && is_word(text[begin - 1])) --begin;
    while (at < text.size() && is_word(text[at])) ++at;
    return printable(text.substr(begin, at - begin), kShownLineLength);
  }

  void look_for_near_miss(std::string_view text, const ShownLine& line) {
    const re2::StringPiece piece(text.data(), text.size());
    re2::StringPiece found;
    if (RE2::PartialMatch(piece, *any_case_)) {
      add(check_.near_misses, line, "it matches when upper and lower case are taken as one: put (?i) before the pattern");
    } else if (before_ && before_->Match(piece, 0, piece.size(), RE2::UNANCHORED, &found, 1)) {
      const std::string_view rest = text.substr(static_cast<std::size_t>(found.data() + found.size() - text.data()));
      add(check_.near_misses, line,
          "what is before the value matches; then comes '" + printable(rest.substr(0, rest.find(' ', 1)), 40) + "'");
    } else if (named_->ok() && RE2::PartialMatch(piece, *named_)) {
      add(check_.near_misses, line, "it names the metric, and a number follows");
    }
  }

  void warn(std::string what, std::string advice) { check_.warnings.push_back({std::move(what), std::move(advice)}); }

  void judge(const MetricDefinition& definition) {
    const std::int64_t count = check_.observations;
    if (count == 0) {
      warn("no value was read", check_.near_misses.count > 0 ? "see the near misses" : "");
      return;
    }
    if (inside_word_.count > 0) {
      warn("it also reads " + inside_word_.shown[0].detail + " (" + many(inside_word_.count, "line") + ", line " +
               std::to_string(inside_word_.shown[0].line.number) + " first)",
           "put \\b before the name: no letter, digit or _ may stand there");
    }
    if (!step_) {
      if (count >= kEnoughToJudge && std::max(repeats_, from_bars_) * 2 >= count) {
        const bool bars = from_bars_ >= repeats_;
        warn((bars ? "progress bars say it (" : "the same value comes again and again (") +
                 std::to_string(bars ? from_bars_ : repeats_) + " of " + std::to_string(count) +
                 "); counting a bar's states is not counting epochs",
             "read the line that ends an epoch, or add a step pattern such as step: 'Epoch (\\d+)'");
      }
      return;
    }
    if (steps_read_ == 0) {
      warn("the step pattern matched no line; values are counted instead",
           "correct it, or leave it out if each value is one step");
    } else if (before_first_step_ > 0) {
      warn(many(before_first_step_, "value") + " came before the first step and took the count as step", "");
    }
    if (steps_read_ > 0 && check_.smallest_step == 0 && definition.step_offset == 0) {
      warn("steps start at 0; tune counts them from 1", "add step_offset: 1");
    }
    if (count >= kManyPerStep * check_.distinct_steps && count > kManyPerStep) {
      warn(many(count, "value") + " at " + many(check_.distinct_steps, "step") +
               ": a step is judged at its first value, and its last one is kept",
           "read only the line that ends a step, not a progress bar");
    }
    if (steps_back_ > 0) warn("the step goes back " + many(steps_back_, "time"), "are several runs or processes in this log?");
  }

  MetricCheck check_;
  std::unique_ptr<RE2> regex_, any_case_, step_, before_, named_;
  std::set<std::int64_t> steps_;
  std::int64_t steps_read_ = 0, steps_back_ = 0, repeats_ = 0, before_first_step_ = 0, from_bars_ = 0;
  Examples inside_word_;
};

/// The whole log. Each line goes through a LogReader, so that what is shown is what a study would read.
class Checker {
 public:
  Checker(std::shared_ptr<const CompiledDefinitions> compiled, std::span<const MetricDefinition> definitions,
          std::string objective)
      : reader_(std::move(compiled)), objective_(std::move(objective)) {
    for (const MetricDefinition& definition : definitions) {
      metrics_.push_back(std::make_unique<Metric>(definition.name, definition.name == objective_, &definition));
    }
  }

  void feed(std::string_view bytes) {
    splitter_.feed(bytes);
    RawLine line;
    while (splitter_.next(line)) read(line);
  }

  LogCheck finish() {
    RawLine line;
    if (splitter_.finish(line)) read(line);
    LogCheck check;
    check.counters = reader_.counters();
    check.counters.cut_lines = cut_lines_;
    check.bad_reports = bad_reports_;
    for (const auto& metric : metrics_) check.metrics.push_back(metric->finish());
    if (check.counters.lines == 0) check.warnings.push_back({"the log is empty", ""});
    if (!objective_.empty() && !check.objective_found()) {
      check.warnings.push_back(
          {"the objective " + objective_ + " has no value in this log: every trial would fail (no_objective)", ""});
    }
    return check;
  }

 private:
  void read(const RawLine& line) {
    ++number_;
    if (line.cut) ++cut_lines_;
    clean_line(line.bytes, cleaned_);
    const ShownLine shown{number_, printable(cleaned_, kShownLineLength)};
    const bool is_report = find_report(cleaned_).has_value();
    if (!is_report) {
      for (const auto& metric : metrics_) metric->read_step(cleaned_);
    }
    const auto sink = [&](const ParsedObservation& observation) {
      metric(observation.metric).observe(observation, cleaned_, shown);
    };
    const std::int64_t bad = reader_.counters().bad_reports;
    reader_.feed(line.bytes, sink);
    reader_.feed("\n", sink);
    if (is_report) {
      if (reader_.counters().bad_reports > bad) add(bad_reports_, shown, "");
      return;
    }
    for (const auto& metric : metrics_) metric->look_at(cleaned_, shown);
  }

  Metric& metric(const std::string& name) {
    const auto found = std::find_if(metrics_.begin(), metrics_.end(), [&](const auto& metric) { return metric->name() == name; });
    if (found != metrics_.end()) return **found;
    metrics_.push_back(std::make_unique<Metric>(name, name == objective_, nullptr));
    return *metrics_.back();
  }

  LogReader reader_;
  LineSplitter splitter_;
  std::string objective_;
  std::vector<std::unique_ptr<Metric>> metrics_;
  std::string cleaned_;
  std::int64_t number_ = 0;
  std::int64_t cut_lines_ = 0;
  Examples bad_reports_;
};

}  // namespace

bool LogCheck::objective_found() const {
  return std::any_of(metrics.begin(), metrics.end(), [](const MetricCheck& m) { return m.objective && m.observations > 0; });
}

Result<LogCheck> check_log(std::span<const MetricDefinition> definitions, const std::string& objective, std::istream& log) {
  auto compiled = compile(definitions);
  if (!compiled) return compiled.status();
  Checker checker(*compiled, definitions, objective);
  std::string buffer(kReadSize, '\0');
  while (log.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || log.gcount() > 0) {
    checker.feed(std::string_view(buffer.data(), static_cast<std::size_t>(log.gcount())));
  }
  if (log.bad()) return Status::invalid("the log cannot be read to its end");
  return checker.finish();
}

}  // namespace tune::metrics
