#include "engine/run/outputs.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/run/launch_plan.hpp"
#include "tests/engine/run/simulated_study.hpp"

namespace {

using namespace tune;
using namespace tune::engine;
using namespace tune::test;
namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// A script whose trials leave files: a model that names the trial and the attempt, a log, and what the supervisor keeps.
SimulatedExecutor::Script leaving_files(const TempDir& dir, SimulatedExecutor::Script script) {
  return [&dir, script = std::move(script)](const LaunchSpec& launch) {
    const std::string below = fs::relative(launch.directory, dir.path()).string();
    const std::string who = std::to_string(launch.id.trial) + "/" + std::to_string(launch.id.attempt);
    dir.write(below + "/model/weights", who);
    dir.write(below + "/checkpoints/last", who);
    dir.write(below + "/output/events.out.tfevents.1", who);
    dir.write(below + "/log", "log of " + who);
    dir.write(below + "/exit.json", "{}");
    dir.write(below + "/lock", "");
    return script(launch);
  };
}

StudySpec keeping(const TempDir& dir, bool all) {
  StudySpec spec = small_spec();
  spec.output = OutputSpec{dir / "kept", all};
  return spec;
}

nlohmann::json about(const std::string& directory) { return nlohmann::json::parse(read_file(directory + "/trial.json")); }

constexpr const char* kOurs = R"({"study": "ours", "study_created": "now"})";

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("the best trial's files are where the user wants them, and nothing else") {
  const TempDir dir;
  const StudySpec spec = keeping(dir, false);
  REQUIRE(run_simulated(dir / "study", spec, leaving_files(dir, curve_script(6))).ok());
  const StudyRecord record = load_record(dir / "study");
  const TrialId best = *summarize(record).best_trial;
  CHECK(names_in(dir / "kept") == std::vector<std::string>{"best"});
  const std::string at = dir / "kept/best";
  CHECK(names_in(at) == std::vector<std::string>{"checkpoints", "log", "model", "output", "trial.json"});
  CHECK(read_file(at + "/model/weights") == std::to_string(best) + "/1");
  CHECK(about(at)["trial"] == best);
  CHECK(about(at)["name"] == record.trial(best).name);
  CHECK(about(at)["value"] == *record.trial(best).value);
  CHECK(about(at)["parameters"]["x"] == as_number(*record.trial(best).configuration[0]));
}

TEST_CASE("all trials with a value, the last attempt's files and the logs of those before; again after a crash") {
  const TempDir dir;
  StudySpec spec = keeping(dir, true);
  spec.limits.max_trials = 4;
  const auto base = curve_script(6);
  const auto script = leaving_files(dir, [&](const LaunchSpec& launch) {
    SimulatedTrial trial;
    if (launch.id.trial == 2 && launch.id.attempt == 1) return trial.lost(milliseconds(1), "gone");
    if (launch.id.trial == 3) return trial.exit(milliseconds(1), 1);
    return base(launch);
  });
  REQUIRE(run_simulated(dir / "study", spec, script).ok());
  const StudyRecord record = load_record(dir / "study");
  const auto check_all = [&] {
    std::vector<std::string> expected;
    for (const TrialId id : {1, 2, 4}) expected.push_back(record.trial(id).name);
    CHECK(names_in(dir / "kept") == expected);
    CHECK(read_file(dir / ("kept/" + record.trial(2).name + "/model/weights")) == "2/2");
    CHECK(read_file(dir / ("kept/" + record.trial(2).name + "/log")) == "log of 2/2");
    CHECK(read_file(dir / ("kept/" + record.trial(2).name + "/log.attempt-1")) == "log of 2/1");
  };
  check_all();
  // A crash came in the middle of a copy, and before another one.
  fs::remove_all(dir / ("kept/" + record.trial(1).name));
  fs::remove_all(dir / ("kept/" + record.trial(2).name));
  dir.write("kept/." + record.trial(1).name + "." + record.trial(1).name + ".tmp/model/weights", "half");
  Outputs outputs(*spec.output, dir / "study");
  outputs.catch_up(record);
  outputs.finish();
  check_all();
  CHECK(outputs.take_problems().empty());
}

TEST_CASE("what is there stays until the new is complete, and what is another study's stays altogether") {
  const TempDir dir;
  dir.write("one/1/model/weights", "first");
  dir.write("two/1/model/weights", "second");
  dir.write("two/1/model/more", "second");
  REQUIRE(copy_output({dir / "one/1"}, kOurs, dir / "kept/best", ".tmp").ok());
  REQUIRE(copy_output({dir / "two/1"}, kOurs, dir / "kept/best", ".tmp").ok());
  CHECK(read_file(dir / "kept/best/model/weights") == "second");
  const Status gone = copy_output({dir / "three/1"}, kOurs, dir / "kept/best", ".tmp");
  CHECK(!gone.ok());
  CHECK(gone.code() == ErrorCode::kStorage);
  CHECK(gone.message().find("three/1") != std::string::npos);
  CHECK(read_file(dir / "kept/best/model/more") == "second");
  CHECK(names_in(dir / "kept") == std::vector<std::string>{"best"});

  int number = 0;
  for (const char* theirs : {"{\"study\": \"another\", \"study_created\": \"then\"}", "{\"study\": 5}", "no JSON", ""}) {
    CAPTURE(theirs);
    dir.write("kept/best/trial.json", theirs);
    if (*theirs == '\0') fs::remove(dir / "kept/best/trial.json");  // a directory of the user's own
    Recorder recorder;
    const StudySpec spec = keeping(dir, false);
    REQUIRE(run_simulated(dir / ("study" + std::to_string(++number)), spec, leaving_files(dir, curve_script(6)), &recorder).ok());
    CHECK(read_file(dir / "kept/best/model/weights") == "second");
    CHECK(names_in(dir / "kept") == std::vector<std::string>{"best"});
    const auto said = std::ranges::count_if(
        recorder.happenings, [](const Happening& one) { return one.text.find("no output of this study") != std::string::npos; });
    CHECK(said >= 1);
  }
}

TEST_CASE("links that lead out, special files and a disk that cannot be written to") {
  const TempDir dir;
  dir.write("secret", "of somebody else");
  dir.write("one/1/model/weights", "weights");
  dir.write("one/1/ranks/1/log", "log of process 1");
  fs::create_symlink(dir / "secret", dir / "one/1/model/stolen");
  fs::create_symlink("ranks/1/log", dir / "one/1/log.1");
  fs::create_symlink("nowhere", dir / "one/1/model/dangling");
  REQUIRE(mkfifo((dir / "one/1/output").c_str(), 0600) == 0);
  REQUIRE(copy_output({dir / "one/1"}, kOurs, dir / "kept/best", ".tmp").ok());
  CHECK(names_in(dir / "kept/best") == std::vector<std::string>{"log.1", "model", "trial.json"});
  CHECK(names_in(dir / "kept/best/model") == std::vector<std::string>{"weights"});
  CHECK(read_file(dir / "kept/best/log.1") == "log of process 1");
  CHECK(!copy_output({dir / "one/1"}, kOurs, dir / "secret/best", ".tmp").ok());
}
