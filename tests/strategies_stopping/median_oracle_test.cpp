// The median rule against a slow oracle that is written from the sentence in docs/early-stopping.md, on histories as they happen.
// Objective values are multiples of 840 and curves have at most 8 steps, percentiles are quarters: every average and threshold is
// then exact in integers (the oracle) and in doubles (the rule), so that ties are ties.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include "tests/strategies_stopping/median_support.hpp"

using tune::Decision;
using tune::Goal;
using tune::TrialStatus;
using tune::test::curves;
using tune::test::median;
using tune::test::StudyBuilder;

namespace {

constexpr std::int64_t kUnit = 840;  // divisible by 1 to 8

[[maybe_unused]] const int kSeeded = setenv("RC_PARAMS", "seed=20 max_success=400", 0);

struct Setting {
  bool maximize = true;
  bool reached = false;
  bool best = false;
  std::int64_t min_trials = 1;
  std::int64_t quarters = 2;  ///< percentile / 25
  std::int64_t margin = 0;
  std::optional<std::int64_t> warmup;
  std::optional<std::int64_t> declared_max;
};

struct Event {
  int trial = 0;                     ///< index, proposal order
  std::optional<std::int64_t> step;  ///< none: the trial ends
  std::int64_t value = 0;
  TrialStatus end = TrialStatus::kCompleted;
};

struct Seen {
  std::map<std::int64_t, std::int64_t> values;
  std::optional<TrialStatus> end;
};

/// Whether trial `judged` is to be stopped at step `s`, given what has happened.
bool oracle_stops(const Setting& setting, const std::vector<Event>& happened, int judged, std::int64_t s) {
  std::map<int, Seen> trials;
  for (const Event& event : happened) {
    if (event.step)
      trials[event.trial].values[*event.step] = event.value;
    else
      trials[event.trial].end = event.end;
  }
  std::optional<std::int64_t> last = setting.declared_max;
  if (!last) {
    for (const auto& [id, trial] : trials) {
      if (trial.end != TrialStatus::kCompleted || trial.values.empty()) continue;
      last = std::max(last.value_or(0), trial.values.rbegin()->first);
    }
  }
  if (last && s == *last) return false;
  const std::int64_t fifth = last ? (*last + 4) / 5 : 2;
  if (s < setting.warmup.value_or(std::max<std::int64_t>(2, fifth))) return false;

  std::vector<std::int64_t> averages;
  for (const auto& [id, trial] : trials) {
    const bool counts = trial.end == TrialStatus::kCompleted || setting.reached;
    if (id == judged || !counts || trial.values.empty() || trial.values.rbegin()->first < s) continue;
    std::int64_t sum = 0;
    std::int64_t count = 0;
    for (const auto& [step, value] : trial.values) {
      if (step <= s) sum += value, ++count;
    }
    if (count > 0) averages.push_back(sum / count);
  }
  if (averages.empty() || static_cast<std::int64_t>(averages.size()) < setting.min_trials) return false;

  // From here on larger is better.
  const std::int64_t sign = setting.maximize ? 1 : -1;
  for (std::int64_t& average : averages) average *= sign;
  std::sort(averages.begin(), averages.end());
  std::int64_t value = sign * trials[judged].values.at(s);
  if (setting.best) {
    for (const auto& [step, one] : trials[judged].values) {
      if (step <= s) value = std::max(value, sign * one);
    }
  }
  const std::int64_t position4 = setting.quarters * (static_cast<std::int64_t>(averages.size()) - 1);
  const auto below = static_cast<std::size_t>(position4 / 4);
  std::int64_t threshold4 = 4 * averages[below];
  if (position4 % 4 != 0) threshold4 += position4 % 4 * (averages[below + 1] - averages[below]);
  return threshold4 - 4 * value > 4 * setting.margin;
}

tune::Options options_of(const Setting& setting) {
  tune::Options options{{"references", std::string(setting.reached ? "reached" : "completed")},
                        {"value", std::string(setting.best ? "best" : "current")},
                        {"min_trials", setting.min_trials},
                        {"percentile", 25.0 * static_cast<double>(setting.quarters)},
                        {"margin", static_cast<double>(setting.margin)}};
  if (setting.warmup) options["warmup"] = *setting.warmup;
  return options;
}

/// Lets the events happen one by one and compares the rule with the oracle at every observation. Returns the number of stops, or
/// none at the first difference.
std::optional<int> agreement(const Setting& setting, int trials, const std::vector<Event>& events) {
  StudyBuilder study = curves(setting.maximize ? Goal::kMaximize : Goal::kMinimize);
  study.record().declared_max_step = setting.declared_max;
  for (int i = 0; i < trials; ++i) study.propose({});
  const auto rule = median(options_of(setting));
  int stopped = 0;
  std::vector<Event> happened;
  for (const Event& event : events) {
    happened.push_back(event);
    const tune::TrialId id = event.trial + 1;
    if (!event.step) {
      study.finish(id, event.end);
      continue;
    }
    study.observe(id, *event.step, static_cast<double>(event.value));
    const Decision decision = rule->judge(study.view(), study.cut(id, *event.step));
    const bool stops = decision.kind == Decision::Kind::kStop;
    if (stops != oracle_stops(setting, happened, event.trial, *event.step)) return std::nullopt;
    if (stops) ++stopped;
  }
  return stopped;
}

}  // namespace

TEST_CASE("every history of two references and one judged trial over two steps and three values") {
  // Each reference has one of 3 values or nothing at steps 1 and 2 and one at step 3; the judged trial reports all of steps 1
  // and 2.
  int histories = 0;
  int stopped = 0;
  for (int code = 0; code < 4 * 4 * 4 * 4 * 3 * 3; ++code) {
    std::vector<Event> events;
    int rest = code;
    const auto digit = [&rest](int base) {
      const int found = rest % base;
      rest /= base;
      return found;
    };
    for (int trial = 0; trial < 2; ++trial) {
      for (std::int64_t step = 1; step <= 2; ++step) {
        if (const int level = digit(4); level > 0) events.push_back({trial, step, kUnit * level});
      }
      events.push_back({trial, 3, kUnit});
      events.push_back({trial, std::nullopt, 0, trial == 0 ? TrialStatus::kCompleted : TrialStatus::kStopped});
    }
    for (std::int64_t step = 1; step <= 2; ++step) events.push_back({2, step, kUnit * (digit(3) + 1)});
    for (int options = 0; options < 16; ++options) {
      Setting setting;
      setting.maximize = (options & 1) != 0;
      setting.reached = (options & 2) != 0;
      setting.best = (options & 4) != 0;
      setting.min_trials = (options & 8) != 0 ? 2 : 1;
      setting.warmup = 1;
      const auto agreed = agreement(setting, 3, events);
      if (!agreed) FAIL("differs: history " << code << ", options " << options);
      ++histories;
      stopped += *agreed;
    }
  }
  CHECK(histories == 4 * 4 * 4 * 4 * 9 * 16);
  CHECK(stopped > histories / 10);  // not vacuous
}

TEST_CASE("random interleavings of random curves under random options") {
  int stopped = 0;
  const bool agreed = rc::check("rule and oracle stop the same trials", [&stopped]() {
    Setting setting;
    setting.maximize = *rc::gen::arbitrary<bool>();
    setting.reached = *rc::gen::arbitrary<bool>();
    setting.best = *rc::gen::arbitrary<bool>();
    setting.min_trials = *rc::gen::inRange<std::int64_t>(1, 6);
    setting.quarters = *rc::gen::inRange<std::int64_t>(0, 5);
    setting.margin = *rc::gen::element<std::int64_t>(0, 0, kUnit / 2, kUnit);
    if (*rc::gen::arbitrary<bool>()) setting.warmup = *rc::gen::inRange<std::int64_t>(0, 6);
    if (*rc::gen::arbitrary<bool>()) setting.declared_max = *rc::gen::inRange<std::int64_t>(3, 9);

    const int trials = *rc::gen::inRange(2, 12);
    std::vector<std::vector<Event>> scripts;
    for (int trial = 0; trial < trials; ++trial) {
      std::vector<Event> script;
      const auto length = *rc::gen::inRange<std::int64_t>(1, 9);
      for (std::int64_t step = 1; step <= length; ++step) {
        if (*rc::gen::inRange(0, 6) > 0) script.push_back({trial, step, kUnit * *rc::gen::inRange<std::int64_t>(-4, 5)});
      }
      script.push_back({trial, std::nullopt, 0,
                        *rc::gen::element(TrialStatus::kCompleted, TrialStatus::kCompleted, TrialStatus::kCompleted,
                                          TrialStatus::kStopped, TrialStatus::kFailed)});
      scripts.push_back(std::move(script));
    }
    std::vector<Event> events;
    std::vector<std::size_t> next(scripts.size());
    for (;;) {
      std::vector<std::size_t> open;
      for (std::size_t i = 0; i < scripts.size(); ++i) {
        if (next[i] < scripts[i].size()) open.push_back(i);
      }
      if (open.empty()) break;
      const std::size_t turn = open[*rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(open.size(), 3))];
      events.push_back(scripts[turn][next[turn]++]);
    }
    const auto result = agreement(setting, trials, events);
    RC_ASSERT(result.has_value());
    stopped += *result;
  });
  CHECK(agreed);
  CHECK(stopped > 100);  // not vacuous
}
