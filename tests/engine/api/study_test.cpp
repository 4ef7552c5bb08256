#include "tune/study.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/support/test_support.hpp"

namespace {

using namespace tune;
using tune::test::TempDir;

struct Problem {
  Space space;
  Handle<double> x = space.uniform("x", -1.0, 1.0);
  Handle<std::int64_t> n = space.integer("n", 1, 8);
  Handle<std::string> kind = space.categorical("kind", {"flat", "steep"});
  ConditionalHandle<double> slope = space.when(kind, {"steep"}).log_uniform("slope", 0.1, 10.0);
};

StudyOptions random_options(std::int64_t max_trials) {
  StudyOptions options;
  options.objective = maximize("score");
  options.strategy = named("random");
  options.max_trials = max_trials;
  options.seed = 3;
  return options;
}

}  // namespace

TEST_CASE("run calls the function for each trial and keeps the best") {
  const TempDir dir;
  Problem problem;
  auto study = Study::open(dir / "study", problem.space, random_options(20));
  REQUIRE_MESSAGE(study.ok(), study.status().message());
  std::atomic<int> calls{0};
  const Summary summary = study->run(
      [&](Trial& trial) {
        ++calls;
        const double x = trial[problem.x];
        CHECK(trial[problem.slope].has_value() == (trial[problem.kind] == "steep"));
        CHECK(trial[problem.n] >= 1);
        CHECK(std::filesystem::is_directory(trial.checkpoint_directory()));
        if (!trial.report(1, 1.0 - x * x).go_on()) return;
      },
      {.parallel = 3});
  REQUIRE_MESSAGE(summary.status.ok(), summary.status.message());
  CHECK(calls == 20);
  CHECK(summary.completed == 20);
  CHECK(summary.study == StudyStatus::kCompleted);
  CHECK(summary.stop_reason == "max_trials");
  const StudyRecord record = study->record();
  for (const TrialRecord& trial : record.trials) CHECK(*trial.value <= *summary.best_value);
}

TEST_CASE("first points by name, in part or whole") {
  const TempDir dir;
  const Problem problem;
  StudyOptions options = random_options(4);
  options.initial = {{{"x", 0.5}, {"n", 3}, {"kind", "steep"}, {"slope", 1}}, {{"kind", "flat"}}, {{"x", -1}}};
  auto study = Study::open(dir / "study", problem.space, options);
  REQUIRE_MESSAGE(study.ok(), study.status().message());
  std::vector<Trial> trials;
  while (auto trial = study->ask()) trials.push_back(std::move(*trial));
  REQUIRE(trials.size() == 4);
  CHECK(trials[0][problem.x] == 0.5);
  CHECK(trials[0][problem.n] == 3);
  CHECK(trials[0][problem.slope] == 1.0);
  CHECK(trials[1][problem.kind] == "flat");
  CHECK(trials[2][problem.x] == -1.0);
  for (Trial& trial : trials) CHECK(study->tell(std::move(trial), 0.0).ok());

  const auto refused = [&](const std::vector<NamedValues>& initial, const std::string& message) {
    StudyOptions wrong = options;
    wrong.initial = initial;
    const Status status = Study::open(dir / "other", problem.space, wrong).status();
    CHECK(status.code() == ErrorCode::kInvalid);
    CHECK(status.message() == message);
  };
  refused({{{"x", 2.0}}}, "initial[0]: parameter 'x': given 2; allowed: number of -1 to 1");
  refused({{{"x", 0.0}}, {{"n", 2.5}}}, "initial[1]: parameter 'n': given 2.5; allowed: int of 1 to 8");
  refused({{{"y", 0.0}}}, "initial[0]: there is no parameter 'y'");
  refused({{{"slope", 0.5}}}, "initial[0]: parameter 'slope' is conditional; allowed: only beside kind: steep");
  refused({{{"kind", "flat"}, {"slope", 0.5}}},
          "initial[0]: parameter 'slope' is inactive where kind is flat; it needs kind: steep");
  refused({{{"x", 0.0}}, {{"x", 0}}}, "initial[1]: is the same as initial[0]");
  refused({{{"x", 0.0}, {"x", 0.5}}}, "initial[0]: parameter 'x' is there twice");
  refused({NamedValues{}}, "initial[0]: has no value; allowed: at least one parameter's");
}

TEST_CASE("more trials at once than there can be are an error, and nothing is run") {
  const TempDir dir;
  Problem problem;
  auto study = Study::open(dir / "study", problem.space, random_options(4));
  REQUIRE(study.ok());
  const Summary summary = study->run([](Trial&) { FAIL("no trial was to be run"); }, {.parallel = 100'000});
  CHECK(summary.status.code() == ErrorCode::kInvalid);
  CHECK(summary.status.message() == "parallel: given 100000; allowed: 1 to 4096");
  CHECK(study->status().code() == ErrorCode::kInvalid);
  CHECK(study->record().trials.empty());
}

TEST_CASE("a study begins with earlier ones, which its strategy sees beside its own trials") {
  // Proposes the best configuration of the earlier studies.
  struct Seer final : Strategy {
    [[nodiscard]] std::string_view name() const override { return "seer"; }
    [[nodiscard]] bool learns_from_earlier() const override { return true; }
    [[nodiscard]] Asked ask(const StudyView& study, int) override {
      const EarlierTrial* best = nullptr;
      for (const EarlierTrial& trial : study.earlier()) {
        CHECK(study.earlier_studies()[static_cast<std::size_t>(trial.study)].name == "old");
        CHECK(trial.completed);
        CHECK(trial.last_step == 1);
        if (best == nullptr || *trial.value > *best->value) best = &trial;
      }
      REQUIRE(best != nullptr);
      return {.configurations = {best->configuration}};
    }
  };
  const TempDir dir;
  Problem problem;
  const auto train = [&](Trial& trial) { (void)trial.report(1, trial[problem.x]); };
  {
    auto old = Study::open(dir / "old", problem.space, random_options(6));
    REQUIRE(old.ok());
    REQUIRE(old->run(train).completed == 6);
  }
  StudyOptions options = random_options(1);
  options.registry.add(Entry<Strategy>{
      "seer", "", {}, [](const Space&, const Options&) { return Result<std::unique_ptr<Strategy>>(std::make_unique<Seer>()); }});
  options.strategy = named("seer");
  options.warm_start = WarmStart{{dir / "old"}, WarmStartType::kIdentical};
  auto study = Study::open(dir / "new", problem.space, options);
  REQUIRE_MESSAGE(study.ok(), study.status().message());
  const Summary summary = study->run(train);
  const StudyRecord record = study->record();
  REQUIRE(record.earlier_studies.size() == 1);
  CHECK(record.earlier_studies[0].taken == 6);
  CHECK(record.earlier_studies[0].learned_from);
  CHECK(summary.best_value == record.earlier_studies[0].best_value);
  CHECK(record.trials.size() == 1);

  options.warm_start->studies = {};
  CHECK(Study::open(dir / "other", problem.space, options).status().message() == "warm_start: given 0 studies; allowed: 1 to 5");
  options.warm_start->studies = {dir / "old", dir / "old/"};
  CHECK(Study::open(dir / "other", problem.space, options).status().message().find("is given twice") != std::string::npos);
  Space other;
  other.uniform("z", 0.0, 1.0);
  options.warm_start->studies = {dir / "old"};
  CHECK(Study::open(dir / "other", other, options).status().code() == ErrorCode::kInvalid);
  CHECK_FALSE(std::filesystem::exists(dir / "other"));
}

TEST_CASE("early stopping reaches a function through its verdict") {
  const TempDir dir;
  Problem problem;
  StudyOptions options = random_options(30);
  options.stopping = named("median", {{"min_trials", std::int64_t{4}}});
  options.max_step = 10;
  auto study = Study::open(dir / "study", problem.space, options);
  REQUIRE_MESSAGE(study.ok(), study.status().message());
  std::atomic<int> steps{0};
  std::atomic<int> told_to_stop{0};
  const Summary summary = study->run([&](Trial& trial) {
    for (int step = 1; step <= 10; ++step) {
      ++steps;
      if (!trial.report(step, -std::abs(trial[problem.x]) * step).go_on()) {
        ++told_to_stop;
        return;
      }
    }
  });
  CHECK(summary.stopped > 0);
  CHECK(summary.stopped == told_to_stop);
  CHECK(steps < 300);
  CHECK(summary.completed + summary.stopped == 30);
}

TEST_CASE("a rule that pauses: functions are called again where they were, and only for those that say they checkpoint") {
  const TempDir dir;
  Problem problem;
  StudyOptions options = random_options(9);
  options.stopping = named("asha", {{"mode", std::string("promote")}, {"min_resource", std::int64_t{1}}});
  options.max_step = 9;
  const auto refused = Study::open(dir / "study", problem.space, options);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message().find("StudyOptions::checkpoints") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(dir / "study"));
  options.checkpoints = true;
  std::mutex mutex;
  std::map<TrialId, std::vector<std::int64_t>> trained;
  const auto train = [&](Trial& trial) {
    std::int64_t step = 0;
    if (trial.resume_from()) std::ifstream(*trial.resume_from() + "/last") >> step;
    while (step < 9) {
      ++step;
      {
        const std::lock_guard lock(mutex);
        trained[trial.number()].push_back(step);
      }
      std::ofstream(trial.checkpoint_directory() + "/last") << step;
      if (!trial.report(step, trial[problem.x] * static_cast<double>(step)).go_on()) return;
    }
  };
  {
    auto study = Study::open(dir / "study", problem.space, options);
    REQUIRE_MESSAGE(study.ok(), study.status().message());
    const Summary summary = study->run(train, {.parallel = 2});
    REQUIRE_MESSAGE(summary.status.ok(), summary.status.message());
    CHECK(summary.completed >= 1);
    CHECK(summary.completed + summary.stopped == 9);
    std::size_t attempts = 0;
    for (const auto& [trial, steps] : trained) {
      for (std::size_t i = 0; i < steps.size(); ++i) CHECK(steps[i] == static_cast<std::int64_t>(i) + 1);
      attempts += study->record().trial(trial).attempts.size();
    }
    CHECK(attempts >= 12);
  }
  options.deterministic = true;
  auto study = Study::open(dir / "deterministic", problem.space, options);
  REQUIRE(study.ok());
  CHECK(study->run(train).status.message().find("can pause commands only") != std::string::npos);
}

TEST_CASE("an exception fails its trial and no other") {
  const TempDir dir;
  Problem problem;
  auto study = Study::open(dir / "study", problem.space, random_options(6));
  REQUIRE(study.ok());
  const Summary summary = study->run([&](Trial& trial) {
    if (trial.number() == 2) throw std::runtime_error("no convergence");
    if (trial.number() == 3) return;  // reports nothing
    (void)trial.report(1, 0.5);
  });
  CHECK(summary.failed == 2);
  CHECK(summary.completed == 4);
  const StudyRecord record = study->record();
  CHECK(record.trial(2).failure == FailureClass::kUserError);
  CHECK(record.trial(2).failure_detail.find("no convergence") != std::string::npos);
  CHECK(record.trial(3).failure == FailureClass::kNoObjective);
}

TEST_CASE("ask and tell: values, failures, a dropped handle") {
  const TempDir dir;
  Problem problem;
  auto study = Study::open(dir / "study", problem.space, random_options(4));
  REQUIRE(study.ok());
  auto first = study->ask();
  REQUIRE(first);
  CHECK(first->report(1, 0.1).go_on());
  CHECK(first->report(2, 0.2).go_on());
  CHECK(study->tell(std::move(*first)).ok());
  auto second = study->ask();
  REQUIRE(second);
  CHECK(study->tell(std::move(*second), 0.9).ok());
  auto third = study->ask();
  REQUIRE(third);
  CHECK(study->tell(std::move(*third), std::nullopt, {TrialStatus::kFailed, FailureClass::kOom, "too big"}).ok());
  { const auto dropped = study->ask(); }
  CHECK_FALSE(study->ask());
  CHECK(study->ended());
  const StudyRecord record = study->record();
  CHECK(record.trial(1).value == 0.2);
  CHECK(record.trial(2).value == 0.9);
  CHECK(record.trial(3).infeasible());
  CHECK(record.trial(4).failure == FailureClass::kAbandoned);
  CHECK(study->summary().best_trial == 2);
}

TEST_CASE("a reopened study goes on where it was; what was asked for and not told comes first") {
  const TempDir dir;
  Problem problem;
  const StudyOptions options = random_options(3);
  Configuration asked;
  {
    auto study = Study::open(dir / "study", problem.space, options);
    REQUIRE(study.ok());
    auto trial = study->ask();
    REQUIRE(trial);
    REQUIRE(study->tell(std::move(*trial), 1.0).ok());
    // A process that dies with a trial in hand: the journal is copied before the handle is dropped.
    auto pending = study->ask();
    REQUIRE(pending);
    asked = pending->configuration();
    std::ofstream(pending->checkpoint_directory() + "/weights") << "half";
    std::filesystem::copy(dir / "study", dir / "copy", std::filesystem::copy_options::recursive);
  }
  auto again = Study::open(dir / "copy", problem.space, [&] {
    StudyOptions other = options;
    return other;
  }());
  REQUIRE_FALSE(again.ok());  // the directory's name is the study's
  std::filesystem::rename(dir / "study", dir / "old");
  std::filesystem::rename(dir / "copy", dir / "study");
  again = Study::open(dir / "study", problem.space, options);
  REQUIRE_MESSAGE(again.ok(), again.status().message());
  auto pending = again->ask();
  REQUIRE(pending);
  CHECK(pending->number() == 2);
  CHECK(pending->configuration() == asked);
  REQUIRE(pending->resume_from());
  CHECK(test::read_file(*pending->resume_from() + "/weights") == "half");
  CHECK(again->tell(std::move(*pending), 0.5).ok());
  CHECK(again->ask()->number() == 3);
}

TEST_CASE("other options, a misspelt rule, a bad option and an impossible space are refused, and nothing is written") {
  const TempDir dir;
  Problem problem;
  {
    auto study = Study::open(dir / "study", problem.space, random_options(3));
    REQUIRE(study.ok());
  }
  StudyOptions other = random_options(3);
  other.seed = 4;
  auto refused = Study::open(dir / "study", problem.space, other);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message().find("seed") != std::string::npos);

  StudyOptions wrong = random_options(3);
  wrong.stopping = named("medain");
  CHECK_FALSE(Study::open(dir / "new", problem.space, wrong).ok());
  wrong.stopping = named("median", {{"min_trial", std::int64_t{3}}});
  CHECK_FALSE(Study::open(dir / "new", problem.space, wrong).ok());
  wrong.stopping = named("median", {{"percentile", 101.0}});
  CHECK_FALSE(Study::open(dir / "new", problem.space, wrong).ok());
  Space impossible;
  impossible.log_uniform("lr", 0.0, 1.0);
  const auto no_space = Study::open(dir / "new", impossible, random_options(3));
  REQUIRE_FALSE(no_space.ok());
  CHECK(no_space.status().message().find("'lr'") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(dir / "new"));
}

TEST_CASE("a study is owned by one process or handle at a time") {
  const TempDir dir;
  Problem problem;
  auto study = Study::open(dir / "study", problem.space, random_options(3));
  REQUIRE(study.ok());
  const auto second = Study::open(dir / "study", problem.space, random_options(3));
  REQUIRE_FALSE(second.ok());
  CHECK(second.status().code() == ErrorCode::kInUse);
}

TEST_CASE("a trial may outlive its study's handle") {
  const TempDir dir;
  Problem problem;
  {
    std::optional<Trial> trial;
    {
      auto study = Study::open(dir / "study", problem.space, random_options(1));
      REQUIRE(study.ok());
      trial = study->ask();
      REQUIRE(trial);
    }
    CHECK(trial->report(1, 0.5).go_on());
  }
  const auto again = Study::open(dir / "study", problem.space, random_options(1));
  REQUIRE_MESSAGE(again.ok(), again.status().message());
  CHECK(again->record().trial(1).failure == FailureClass::kAbandoned);
}

TEST_CASE("several threads may ask and tell") {
  const TempDir dir;
  Problem problem;
  auto study = Study::open(dir / "study", problem.space, random_options(40));
  REQUIRE(study.ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (auto trial = study->ask()) {
        (void)trial->report(1, (*trial)[problem.x]);
        const Status told = study->tell(std::move(*trial));
        if (!told.ok()) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(study->summary().completed == 40);
}

TEST_CASE("add records a trial from elsewhere; bad ones are refused") {
  const TempDir dir;
  Problem problem;
  auto study = Study::open(dir / "study", problem.space, random_options(3));
  REQUIRE(study.ok());
  Configuration configuration(problem.space.size());
  configuration[problem.x.index] = 0.5;
  configuration[problem.n.index] = std::int64_t{2};
  configuration[problem.kind.index] = std::string("flat");
  const auto added = study->add(configuration, 0.75);
  REQUIRE_MESSAGE(added.ok(), added.status().message());
  CHECK(study->summary().best_value == 0.75);
  configuration[problem.slope.index] = 1.0;  // inactive
  CHECK_FALSE(study->add(configuration, 0.75).ok());
  configuration[problem.slope.index].reset();
  CHECK_FALSE(study->add(configuration, std::nan("")).ok());
  configuration[problem.x.index] = 2.0;
  CHECK_FALSE(study->add(configuration, 0.75).ok());
}

TEST_CASE("a command is run for each trial, with its parameters and its metrics read from its prints") {
  const TempDir dir;
  Problem problem;
  auto study = Study::open(dir / "study", problem.space, random_options(4));
  REQUIRE(study.ok());
  Command command;
  command.argv = {"sh", "-c", "echo score=$X step=1; echo $PWD >/dev/null; exit 0"};
  command.argv[2] = "echo acc: {x}";
  command.metrics = {{"score", R"(acc: (\S+))", std::nullopt, 0}};
  const Summary summary = study->run(command, {.parallel = 2});
  REQUIRE_MESSAGE(summary.status.ok(), summary.status.message());
  CHECK(summary.completed == 4);
  const StudyRecord record = study->record();
  for (const TrialRecord& trial : record.trials) CHECK(trial.value == as_number(*trial.configuration[problem.x.index]));
  Command wrong = command;
  wrong.argv = {"echo", "{y}"};
  const Summary refused = study->run(wrong);
  CHECK_FALSE(refused.status.ok());
}
