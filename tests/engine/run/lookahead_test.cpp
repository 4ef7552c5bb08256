#include <doctest/doctest.h>

#include <algorithm>

#include "engine/run/requests.hpp"
#include "tests/engine/run/simulated_study.hpp"
#include "tune/random.hpp"

/// `lookahead: 1`: the next trial is proposed while others run.
namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
using std::chrono::milliseconds;

StudySpec ahead_spec(int parallel = 3) {
  StudySpec spec = small_spec();
  spec.lookahead = 1;
  spec.limits.max_parallel = parallel;
  return spec;
}

/// Draws as `random` does, but shifted by how many trials have ended and how many run: what it is shown shows.
class Seeing final : public Strategy {
 public:
  explicit Seeing(std::function<void(TrialId)> asked) : asked_(std::move(asked)) {}
  [[nodiscard]] std::string_view name() const override { return "seeing"; }
  [[nodiscard]] Asked ask(const StudyView& study, int) override {
    if (asked_) asked_(study.next_trial());
    double x = RandomStream(study.seed(), study.next_trial(), "seeing").uniform() / 2;
    x += 0.004 * static_cast<double>(study.finished_count()) + 0.01 * static_cast<double>(study.running_count());
    for (const TrialView trial : study.running()) x += 1e-4 * static_cast<double>(trial.last_step());
    Configuration configuration(1);
    configuration[0] = x;
    return {.configurations = {configuration}};
  }

 private:
  std::function<void(TrialId)> asked_;
};

Registry registry_with_seeing(const std::function<void(TrialId)>& asked = nullptr) {
  Registry registry = builtin();
  registry.add(Entry<Strategy>{"seeing", "shows what it is shown", {}, [=](const Space&, const Options&) {
                                 return Result<std::unique_ptr<Strategy>>(std::make_unique<Seeing>(asked));
                               }});
  return registry;
}

std::int64_t launch_order(const std::string& journal, TrialId trial) {
  const std::size_t at = journal.find("\"op\":\"launched\",\"trial\":" + std::to_string(trial) + ",");
  return at == std::string::npos ? 0 : std::count(journal.begin(), journal.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
}

}  // namespace

TEST_CASE("each trial is proposed right after the launch before it, long before its slot is free") {
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", ahead_spec(1), curve_script(4)).ok());
  const StudyRecord record = load_record(dir / "study");
  const std::string journal = read_file(dir / "study/journal.jsonl");
  REQUIRE(record.trials.size() == 12);
  CHECK(record.stop_reason == "max_trials");
  for (TrialId trial = 2; trial <= 12; ++trial) {
    const TrialRecord& before = record.trial(trial - 1);
    CHECK(record.trial(trial).proposed_order == launch_order(journal, trial - 1) + 1);
    CHECK(record.trial(trial).as_of < before.ended_order);
    CHECK(launch_order(journal, trial) == before.ended_order + 1);
    CHECK(record.trial(trial).status == TrialStatus::kCompleted);
  }
}

TEST_CASE("no launch waits for a proposal: whenever the strategy is asked, all earlier trials have been started") {
  for (const int parallel : {1, 3}) {
    TrialId started = 0;
    int asked = 0;
    const Registry registry = registry_with_seeing([&](TrialId next) {
      CHECK(started == next - 1);
      ++asked;
    });
    StudySpec spec = ahead_spec(parallel);
    spec.strategy = {"seeing", {}};
    const auto base = curve_script(4, [](TrialId, std::int64_t) { return Duration(milliseconds(10)); });  // all end at once
    const auto script = [&](const LaunchSpec& launch) {
      started = std::max(started, launch.id.trial);
      return base(launch);
    };
    const TempDir dir;
    REQUIRE(run_simulated(dir / "study", spec, script, nullptr, nullptr, registry).ok());
    CHECK(asked == 12);
  }
}

TEST_CASE("where a strategy does not look at results, looking ahead changes nothing of a deterministic study") {
  StudySpec spec = ahead_spec();
  spec.deterministic = true;
  spec.stopping.emplace();
  spec.stopping->policy = {"median", {}};
  const Registry registry = builtin();
  for (const OptionSpec& option : registry.find_policy("median")->options) {
    if (option.default_value) spec.stopping->policy.options[option.name] = *option.default_value;
  }
  spec.stopping->policy.options["min_trials"] = std::int64_t{2};
  spec.limits.max_trials = 30;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "ahead", spec, curve_script(6)).ok());
  spec.lookahead = 0;
  REQUIRE(run_simulated(dir / "fresh", spec, curve_script(6)).ok());
  const StudyRecord ahead = load_record(dir / "ahead");
  const StudyRecord fresh = load_record(dir / "fresh");
  CHECK(essence(ahead) == essence(fresh));
  CHECK(ahead.finished_order == fresh.finished_order);
  CHECK(std::ranges::count(ahead.trials, TrialStatus::kStopped, &TrialRecord::status) > 3);
  for (std::size_t i = 0; i < ahead.trials.size(); ++i) CHECK(ahead.trials[i].virtual_start == fresh.trials[i].virtual_start);
}

TEST_CASE("a deterministic study that looks ahead repeats whatever the timing, and when it is cut anywhere") {
  StudySpec spec = ahead_spec();
  spec.deterministic = true;
  spec.strategy = {"seeing", {}};
  const Registry registry = registry_with_seeing();
  const TempDir dir;
  REQUIRE(run_simulated(dir / "whole", spec, curve_script(5), nullptr, nullptr, registry).ok());
  const std::string whole = essence(load_record(dir / "whole"));
  for (std::uint64_t seed = 1; seed < 9; ++seed) {
    const auto other_times = [seed](TrialId trial, std::int64_t step) -> Duration {
      return milliseconds(RandomStream(seed, trial * 100 + step, "step time").below(seed % 2 == 0 ? 3 : 3000));
    };
    const std::string name = "other" + std::to_string(seed);
    REQUIRE(run_simulated(dir / name, spec, curve_script(5, other_times), nullptr, nullptr, registry).ok());
    CHECK(essence(load_record(dir / name)) == whole);
  }
  const std::string journal = read_file(dir / "whole/journal.jsonl");
  int cuts = 0;
  std::ptrdiff_t pending = 0;
  for (std::size_t end = journal.find('\n'); end + 1 < journal.size(); end = journal.find('\n', end + 1)) {
    const std::string name = "cut" + std::to_string(++cuts);
    dir.write(name + "/journal.jsonl", journal.substr(0, end + 1));
    const StudyRecord then = load_record(dir / name);
    pending += std::ranges::count_if(then.running, [&](TrialId trial) { return then.trial(trial).attempts.empty(); });
    REQUIRE(run_simulated(dir / name, spec, after_crash(curve_script(5)), nullptr, nullptr, registry).ok());
    CHECK(essence(load_record(dir / name)) == whole);
  }
  CHECK(cuts > 80);
  CHECK(pending > 40);
}

TEST_CASE("a trial proposed ahead that the end overtakes ends stopped, without an attempt") {
  StudySpec spec = ahead_spec();
  spec.limits.max_trials = 1000;
  spec.completion.target = 0.9;
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, curve_script(6)).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.stop_reason == "target");
  CHECK(record.running.empty());
  const TrialRecord& last = record.trials.back();
  CHECK(last.status == TrialStatus::kStopped);
  CHECK(last.stop_reason == "target");
  CHECK(last.attempts.empty());
  CHECK_FALSE(last.value);
}

TEST_CASE("what was proposed ahead is launched first after an interruption, unless somebody has stopped it") {
  struct After final : RunObserver {
    explicit After(Interrupts& raised) : interrupts(raised) {}
    void happened(const StudyRecord&, const Happening& happening) override {
      if (happening.kind == Happening::Kind::kObserved && ++observed == 30) interrupts.raise();
    }
    void tick(const StudyRecord&, TimePoint) override {}
    Interrupts& interrupts;
    int observed = 0;
  };
  for (const bool stopped : {false, true}) {
    const TempDir dir;
    Interrupts interrupts;
    After after(interrupts);
    REQUIRE(run_simulated(dir / "study", ahead_spec(), curve_script(6), &after, &interrupts).ok());
    const StudyRecord then = load_record(dir / "study");
    REQUIRE(then.running.size() == 4);
    const TrialId pending = then.running.back();
    REQUIRE(then.trial(pending).attempts.empty());
    if (stopped) REQUIRE(write_stop_request(dir / "study", pending).ok());
    REQUIRE(run_simulated(dir / "study", ahead_spec(), curve_script(6)).ok());
    const StudyRecord record = load_record(dir / "study");
    CHECK(record.trials.size() == 12);
    CHECK(record.trial(pending).configuration == then.trial(pending).configuration);
    CHECK(record.trial(pending).attempts.size() == (stopped ? 0 : 1));
    CHECK(record.trial(pending).stop_reason == (stopped ? "user" : ""));
    CHECK(std::ranges::count(record.trials, TrialStatus::kCompleted, &TrialRecord::status) == (stopped ? 11 : 12));
  }
}
