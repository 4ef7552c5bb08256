#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// Studies that earlier builds have written are read and gone on with; what a later one may write is refused and left alone.
namespace {

using namespace tune::test;
namespace fs = std::filesystem;

constexpr std::int64_t kMoreTrials = 1;

std::vector<fs::path> folders_in(const fs::path& place) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(place)) {
    if (fs::exists(entry.path() / "journal.jsonl")) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

fs::path earlier_studies() { return source_dir() / "tests/cli/earlier_studies"; }

/// A copy to work on: what is in the repository never changes.
std::string copy_of(const fs::path& folder, const TempDir& dir) {
  fs::copy(folder, dir.path() / "study", fs::copy_options::recursive);
  return "study";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    lines.push_back(text.substr(at, text.find('\n', at) - at));
  return lines;
}

std::int64_t count(const std::string& text, const std::string& part) {
  std::int64_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("what an earlier build has written is reported as it did, and every trial explained") {
  const auto folders = folders_in(earlier_studies());
  REQUIRE(folders.size() >= 6);
  for (const fs::path& folder : folders) {
    INFO(folder.filename().string());
    const TempDir dir;
    const std::string study = copy_of(folder, dir);
    const ProcessResult csv = tune::test::tune({"report", study, "--format", "csv"}, dir);
    CHECK_MESSAGE(csv.exit_code == 0, csv.err);
    CHECK(csv.out == read_file(folder / "report.csv"));
    CHECK(tune::test::tune({"report", study}, dir).exit_code == 0);
    CHECK(tune::test::tune({"status", study}, dir).exit_code == 0);
    const auto json = nlohmann::json::parse(tune::test::tune({"report", study, "--format", "json"}, dir).out);
    CHECK(json.at("trials").size() + 1 == lines_of(csv.out).size());
    for (const auto& trial : json.at("trials")) {
      const ProcessResult why = tune::test::tune({"why", study, std::to_string(trial.at("trial").get<int>())}, dir);
      CHECK_MESSAGE(why.exit_code == 0, why.err);
      if (trial.at("stop_reason").is_string()) CHECK(has(why.out, trial.at("stop_reason").get<std::string>()));
    }
    CHECK(read_file(dir / "study/journal.jsonl") == read_file(folder / "journal.jsonl"));
  }
}

TEST_CASE("what an earlier build has begun is gone on with to its end") {
  for (const fs::path& folder : folders_in(earlier_studies())) {
    INFO(folder.filename().string());
    const TempDir dir;
    const std::string study = copy_of(folder, dir);
    const std::int64_t trials = count(read_file(folder / "journal.jsonl"), "\"op\":\"proposed\"") + kMoreTrials;
    const ProcessResult resumed = tune::test::tune({"resume", study, "--quiet", "--max-trials", std::to_string(trials)}, dir);
    CHECK_MESSAGE(resumed.exit_code == 0, resumed.err);
    CHECK(has(resumed.out, "Completed (max_trials)"));
    const std::vector<std::string> now = lines_of(tune::test::tune({"report", study, "--format", "csv"}, dir).out);
    CHECK(now.size() == static_cast<std::size_t>(trials) + 1);
    for (const std::string& line : lines_of(read_file(folder / "report.csv"))) {
      if (!has(line, ",InProgress,")) CHECK_MESSAGE(std::find(now.begin(), now.end(), line) != now.end(), line);
    }
  }
}

TEST_CASE("what a later build may write is refused with what is wrong, and left alone") {
  const auto folders = folders_in(earlier_studies() / "refused");
  REQUIRE(folders.size() >= 3);
  for (const fs::path& folder : folders) {
    INFO(folder.filename().string());
    const TempDir dir;
    const std::string study = copy_of(folder, dir);
    const std::string message = read_file(folder / "message");
    const std::vector<std::vector<std::string>> commands{
        {"report", study}, {"status", study}, {"why", study, "1"}, {"resume", study}};
    for (const auto& command : commands) {
      const ProcessResult refused = tune::test::tune(command, dir);
      CHECK(refused.exit_code == 5);
      CHECK_MESSAGE(has(refused.err, message), refused.err);
    }
    CHECK(read_file(dir / "study/journal.jsonl") == read_file(folder / "journal.jsonl"));
  }
}
