#include <doctest/doctest.h>

#include <filesystem>

#include "engine/report/ledger.hpp"
#include "engine/run/requests.hpp"
#include "tests/engine/run/simulated_study.hpp"

/// How studies come to their end when a crash comes between, and what trials are told of where they are.
namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
using std::chrono::milliseconds;

Status change_limits(const std::string& directory, const LimitChanges& changes) {
  const ManualClock clock(TimePoint(std::chrono::hours(24)));
  const auto core = StudyCore::open(directory, builtin(), clock);
  return core.ok() ? (*core)->take_over(changes) : core.status();
}

}  // namespace

TEST_CASE("trials are told absolute directories, wherever the study was opened from") {
  const TempDir dir;
  const std::string relative = std::filesystem::proximate(dir / "study").string();
  REQUIRE(relative.front() != '/');
  std::vector<std::string> told;
  const auto base = curve_script(2);
  const auto script = [&](const LaunchSpec& launch) {
    told.push_back(launch.directory);
    told.push_back(launch.checkpoint_directory);
    for (const auto& [name, value] : launch.environment) {
      if (name == "TUNE_CHECKPOINT_DIR" || name == "SM_MODEL_DIR") told.push_back(value);
    }
    return base(launch);
  };
  REQUIRE(run_simulated(relative + "/", small_spec(), script).ok());
  REQUIRE(told.size() == 12 * 4);
  const std::string trials = std::filesystem::path(dir / "study/trials/").lexically_normal().string();
  for (const std::string& path : told) {
    CHECK_MESSAGE(path.starts_with(trials), path);
    CHECK_MESSAGE(std::filesystem::is_directory(path), path);
  }
}

TEST_CASE("a study cut anywhere on its way to an end that its results called for still ends so") {
  StudySpec target = small_spec();
  target.deterministic = true;
  target.limits.max_trials = 40;
  target.completion.target = 0.8;
  StudySpec failures = small_spec();
  failures.deterministic = true;
  failures.limits.max_failures = 2;
  const auto base = curve_script(5);
  const auto failing = [&](const LaunchSpec& launch) {
    SimulatedTrial trial;
    if (launch.id.trial == 1 || launch.id.trial == 2) return trial.exit(milliseconds(1), 1);
    return base(launch);
  };
  StudySpec stuck = target;
  stuck.completion.target.reset();
  stuck.completion.not_improving = 5;
  const TempDir dir;
  int number = 0;
  const std::vector<std::pair<StudySpec, SimulatedExecutor::Script>> studies{{target, base}, {failures, failing}, {stuck, base}};
  for (const auto& [spec, script] : studies) {
    const std::string whole = dir / ("whole" + std::to_string(++number));
    REQUIRE(run_simulated(whole, spec, script).ok());
    const StudyRecord record = load_record(whole);
    const auto& completion = spec.completion;
    CHECK(record.stop_reason == (completion.target ? "target" : completion.not_improving ? "not_improving" : "max_failures"));
    CHECK_FALSE(record.stop_numbers.empty());
    const std::string journal = read_file(whole + "/journal.jsonl");
    for (std::size_t end = journal.find('\n'); end + 1 < journal.size(); end = journal.find('\n', end + 1)) {
      const std::string name = "cut" + std::to_string(++number);
      dir.write(name + "/journal.jsonl", journal.substr(0, end + 1));
      REQUIRE(run_simulated(dir / name, spec, script).ok());
      CHECK(essence(load_record(dir / name)) == essence(record));
    }
  }
  CHECK(number > 20);
}

TEST_CASE("GPU hours: all GPUs of all attempts, those that run included, as the ledger counts them") {
  StudySpec spec = small_spec();
  spec.limits.max_trials = 100;
  spec.limits.max_gpu_hours = 0.01;  // 36 s of a GPU
  const auto base = curve_script(2, [](TrialId, std::int64_t) { return Duration(std::chrono::seconds(1)); });
  const auto script = [&](const LaunchSpec& launch) {
    SimulatedTrial trial = launch.id.trial == 4 ? SimulatedTrial() : base(launch);  // the fourth hangs
    trial.gpus = {"0", "1"};
    return trial;
  };
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  const StudyRecord record = load_record(dir / "study");
  CHECK(record.status == StudyStatus::kCompleted);
  REQUIRE(record.stop_reason == "max_gpu_hours");
  REQUIRE(record.stop_numbers.front().first == "gpu_hours");
  const double used = record.stop_numbers.front().second;
  CHECK(used >= 0.01);
  CHECK(used <= 0.01 + 3 * 2 * 0.25 / 3600);  // three trials of two GPUs, looked at every quarter of a second
  CHECK(make_ledger(record).gpu / 3600.0 == doctest::Approx(used));
  CHECK(record.trial(4).stop_reason == "budget");

  // Other limits: it may go on, and does not for hours that are used up; the recorded ones stay.
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  CHECK(load_record(dir / "study").trials.size() == record.trials.size());
  LimitChanges more;
  more.max_gpu_hours = 100.0;
  more.max_trials = static_cast<std::int64_t>(record.trials.size()) + 2;
  REQUIRE(change_limits(dir / "study", more).ok());
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  CHECK(load_record(dir / "study").stop_reason == "max_trials");
  CHECK(load_record(dir / "study").trials.size() == record.trials.size() + 2);
}

TEST_CASE("a limit that was raised while the study was on its way to its end takes the end back") {
  StudySpec spec = small_spec();
  spec.limits.max_runtime = std::chrono::seconds(5);
  spec.limits.max_trials = 6;
  const auto slow = curve_script(3, [](TrialId, std::int64_t) { return Duration(std::chrono::seconds(1)); });
  const TempDir dir;
  REQUIRE(run_simulated(dir / "study", spec, slow).ok());
  REQUIRE(load_record(dir / "study").stop_reason == "max_runtime");
  const std::string journal = read_file(dir / "study/journal.jsonl");
  const std::size_t begun = journal.find("\"op\":\"study_ending\"");
  REQUIRE(begun != std::string::npos);
  dir.write("cut/journal.jsonl", journal.substr(0, journal.find('\n', begun) + 1));
  LimitChanges changes;
  changes.max_runtime = std::chrono::hours(1);
  REQUIRE(change_limits(dir / "cut", changes).ok());
  REQUIRE(run_simulated(dir / "cut", spec, slow).ok());
  const StudyRecord record = load_record(dir / "cut");
  CHECK(record.stop_reason == "max_trials");
  CHECK(record.trials.size() == 6);
}

TEST_CASE("a request to stop the study is kept until the study has ended") {
  struct Asking final : RunObserver {
    explicit Asking(std::string directory_of_study) : directory(std::move(directory_of_study)) {}
    void happened(const StudyRecord& study, const Happening& happening) override {
      if (happening.kind == Happening::Kind::kLaunched && happening.trial == 4)
        REQUIRE(write_stop_request(directory, std::nullopt).ok());
      if (happening.kind == Happening::Kind::kEnded && study.trial(happening.trial).stop_reason == "user") {
        ++stopped;
        kept += read_requests(directory).size() == 1;
      }
    }
    void tick(const StudyRecord&, TimePoint) override {}
    std::string directory;
    int stopped = 0;
    int kept = 0;
  };
  const TempDir dir;
  Asking asking(dir / "study");
  REQUIRE(run_simulated(dir / "study", small_spec(), curve_script(20), &asking).ok());
  CHECK(asking.stopped > 0);
  CHECK(asking.kept == asking.stopped);
  CHECK(read_requests(dir / "study").empty());

  // A crash on the way: whoever takes over ends the study, too.
  const std::string journal = read_file(dir / "study/journal.jsonl");
  dir.write("cut/journal.jsonl", journal.substr(0, journal.rfind('\n', journal.size() - 2) + 1));
  REQUIRE(write_stop_request(dir / "cut", std::nullopt).ok());
  REQUIRE(run_simulated(dir / "cut", small_spec(), curve_script(20)).ok());
  CHECK(load_record(dir / "cut").stop_reason == "user");
  CHECK(read_requests(dir / "cut").empty());
}
