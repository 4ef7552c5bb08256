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
