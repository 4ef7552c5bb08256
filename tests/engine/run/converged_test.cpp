#include <doctest/doctest.h>

#include <cmath>

#include "engine/core/converged.hpp"
#include "engine/report/ending_text.hpp"
#include "tests/engine/run/outlook_strategy.hpp"
#include "tests/engine/run/simulated_study.hpp"

/// `completion: converged`, and what a strategy has to say about it.
namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
using std::chrono::milliseconds;

StudySpec converging_spec(std::int64_t max_trials = 60) {
  StudySpec spec = small_spec();
  spec.strategy = {"outlook", {}};
  spec.limits.max_trials = max_trials;
  spec.limits.max_parallel = 1;
  spec.completion.converged = true;
  return spec;
}

/// One observation: the value of that trial.
SimulatedExecutor::Script value_script(std::function<double(TrialId)> value_of) {
  return [value_of = std::move(value_of)](const LaunchSpec& launch) {
    SimulatedTrial trial;
    trial.output(milliseconds(10 + RandomStream(3, launch.id.trial, "time").below(50)),
                 "@tune {\"step\": 1, \"score\": " + to_text(value_of(launch.id.trial)) + "}\n");
    return trial.exit(milliseconds(1));
  };
}

/// The best comes first; the others lie around 0.5.
double flat(TrialId trial) { return trial == 1 ? 1.0 : 0.4 + 0.2 * RandomStream(5, trial, "flat").uniform(); }

StudyRecord run_study_of(const StudySpec& spec, const OutlookOf& outlook_of, const std::function<double(TrialId)>& value_of) {
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, value_script(value_of), nullptr, nullptr, registry_with_outlook(outlook_of)).ok());
  return load_record(dir / "study");
}

double number(const StudyRecord& record, const std::string& name) {
  for (const auto& [key, value] : record.stop_numbers) {
    if (key == name) return value;
  }
  return NAN;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Outlook expects(double improvement) { return {improvement, 1.0, 0.0}; }

}  // namespace

TEST_CASE("a strategy that says no outlook: no improvement in 20 completed trials decides alone, and the report says so") {
  const StudyRecord record = run_study_of(converging_spec(), nullptr, flat);
  CHECK(record.stop_reason == "converged");
  CHECK(record.trials.size() == 21);
  CHECK(number(record, "trials") == 20);
  CHECK(number(record, "improvement") == 0.0);
  CHECK(number(record, "best") == 1.0);
  CHECK(number(record, "limit") == doctest::Approx(0.01 * (1.0 - number(record, "median"))));
  CHECK(has(ending_text(record), "the strategy says no expectation, so this alone decided"));
}

TEST_CASE("an improvement of up to 1 % of the distance to the median is none, a greater one starts the count anew") {
  const auto with_step = [](double step) {
    return [step](TrialId trial) { return trial == 15 ? 1.0 + step * 0.5 : flat(trial); };
  };
  CHECK(run_study_of(converging_spec(), nullptr, with_step(0.009)).trials.size() == 21);
  CHECK(run_study_of(converging_spec(), nullptr, with_step(0.02)).trials.size() == 35);
}

TEST_CASE("with outlooks the search has converged when also three proposals in a row were expected to gain next to nothing") {
  const auto low_from_30 = [](TrialId trial) { return expects(trial >= 30 ? 0.004 : 0.2); };
  const StudyRecord record = run_study_of(converging_spec(), low_from_30, flat);
  CHECK(record.stop_reason == "converged");
  CHECK(record.trials.size() == 32);
  CHECK(record.trial(30).outlook->expected_improvement == 0.004);
  CHECK(number(record, "expected_improvement") == 0.004);
  CHECK(number(record, "proposals") == 3);
  CHECK(has(ending_text(record), "in 3 proposals in a row the strategy expected at most 0.4 % of that distance"));

  const auto never_thrice = [](TrialId trial) { return expects(trial % 3 == 0 ? 0.2 : 0.001); };
  CHECK(run_study_of(converging_spec(), never_thrice, flat).stop_reason == "max_trials");
  const auto unknown = [](TrialId) { return expects(NAN); };
  CHECK(run_study_of(converging_spec(), unknown, flat).stop_reason == "max_trials");
  // Low from the beginning, but the values go on rising.
  const auto low = [](TrialId) { return expects(0.0); };
  CHECK(run_study_of(converging_spec(), low, [](TrialId trial) { return static_cast<double>(trial); }).stop_reason ==
        "max_trials");
}

TEST_CASE("a regret bound below the noise three times in a row ends the search whatever the last values were") {
  const auto sure_from_10 = [](TrialId trial) { return Outlook{0.5, trial >= 10 ? 0.05 : 0.5, 0.1}; };
  const auto rising = [](TrialId trial) { return static_cast<double>(trial); };
  const StudyRecord record = run_study_of(converging_spec(), sure_from_10, rising);
  CHECK(record.stop_reason == "converged");
  CHECK(record.trials.size() == 12);
  CHECK(number(record, "regret_bound") == 0.05);
  CHECK(number(record, "noise") == 0.1);
  CHECK(has(ending_text(record), "below the noise: 0.05 against 0.1"));
  const auto without_noise = [](TrialId) { return Outlook{0.5, -1.0, 0.0}; };
  CHECK(run_study_of(converging_spec(30), without_noise, rising).stop_reason == "max_trials");
}

TEST_CASE("only completed trials count, and only what was said before the last of them ended") {
  StudySpec spec = converging_spec();
  spec.limits.trial_runtime = milliseconds(100);
  const TempDir dir;
  const auto script = [](const LaunchSpec& launch) {
    SimulatedTrial trial;
    trial.output(milliseconds(10), "@tune {\"step\": 1, \"score\": " + to_text(flat(launch.id.trial)) + "}\n");
    return launch.id.trial % 2 == 0 ? trial : trial.exit(milliseconds(1));  // every other one is stopped by its time limit
  };
  REQUIRE(run_simulated(dir / "study", spec, script, nullptr, nullptr, registry_with_outlook(nullptr)).ok());
  CHECK(load_record(dir / "study").trials.size() == 41);

  const auto low = [](TrialId) { return expects(0.0); };
  StudyRecord record = run_study_of(converging_spec(), low, flat);
  REQUIRE(converged_numbers(record));
  record.trials[18].outlook->expected_improvement = 1.0;  // trial 19, among the last three of 21
  CHECK_FALSE(converged_numbers(record));
  record.trials[18].proposed_order = record.trials.back().ended_order + 1;
  CHECK(converged_numbers(record));
}

TEST_CASE("a study that was cut anywhere on its way to its convergence still ends so, with the same numbers") {
  StudySpec spec = converging_spec();
  spec.limits.max_parallel = 3;
  spec.deterministic = true;
  const Registry registry = registry_with_outlook([](TrialId trial) { return expects(trial > 15 ? 0.001 : 0.5); });
  const TempDir dir;
  REQUIRE(run_simulated(dir / "whole", spec, value_script(flat), nullptr, nullptr, registry).ok());
  const StudyRecord whole = load_record(dir / "whole");
  REQUIRE(whole.stop_reason == "converged");
  const std::string journal = read_file(dir / "whole/journal.jsonl");
  int number_of_cuts = 0;
  for (std::size_t end = journal.find('\n'); end + 1 < journal.size(); end = journal.find('\n', end + 1)) {
    const std::string name = "cut" + std::to_string(++number_of_cuts);
    dir.write(name + "/journal.jsonl", journal.substr(0, end + 1));
    REQUIRE(run_simulated(dir / name, spec, value_script(flat), nullptr, nullptr, registry).ok());
    CHECK(essence(load_record(dir / name)) == essence(whole));
  }
  CHECK(number_of_cuts > 50);
}
