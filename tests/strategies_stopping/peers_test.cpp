#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/strategies_stopping/median_support.hpp"

/// The variants against the code of the systems whose rules they are: recorded decisions on random histories (peers/generate.py).
namespace tune::test {
namespace {

namespace fs = std::filesystem;

/// The folder of the project, or the one that TUNE_PEER_HISTORIES names.
fs::path histories() {
  const char* given = std::getenv("TUNE_PEER_HISTORIES");
  return given != nullptr ? fs::path(given) : fs::path(TUNE_SOURCE_DIR) / "tests/strategies_stopping/peers";
}

OptionValue read_option(const OptionSpec& spec, const std::string& text) {
  switch (spec.type) {
    case OptionType::kBool:
      return text == "true";
    case OptionType::kInt:
      return static_cast<std::int64_t>(std::stoll(text));
    case OptionType::kFloat:
      return std::stod(text);
    default:
      return text;
  }
}

/// `RULE.VARIANT KEY=VALUE ...`, the first word taken. `A+B.VARIANT`: all_of A and B; an option goes to the one that has it.
std::unique_ptr<StoppingPolicy> rule_of(const std::string& name, std::istream& words) {
  const std::size_t dot = name.find('.');
  const Options variant{{"variant", name.substr(dot + 1)}};
  std::vector<Named> parts;
  std::istringstream names(name.substr(0, dot));
  for (std::string part; std::getline(names, part, '+');) parts.push_back(resolved(named(part, variant)));
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    bool known = false;
    for (Named& part : parts) {
      const auto& specs = rules().find_policy(part.name, part.options)->options;
      const auto spec = std::ranges::find(specs, word.substr(0, equals), &OptionSpec::name);
      if (spec == specs.end()) continue;
      known = true;
      part.options[spec->name] = read_option(*spec, word.substr(equals + 1));
    }
    REQUIRE_MESSAGE(known, word);
  }
  auto made = rules().make_policy(Space(), parts.size() == 1 ? parts.front() : named("all_of", {{"rules", parts}}));
  REQUIRE_MESSAGE(made.ok(), made.status().message());
  return *std::move(made);
}

struct Player {
  std::unique_ptr<StoppingPolicy> rule;
  std::optional<StudyBuilder> study;
  std::int64_t judged = 0;
  std::int64_t stopped = 0;

  void begin(std::istream& words) {
    std::string goal;
    std::string name;
    words >> goal >> name;
    study.emplace(curves(goal == "maximize" ? Goal::kMaximize : Goal::kMinimize));
    rule = rule_of(name, words);
  }

  void propose() {
    const TrialId trial = study->propose({});
    TrialRecord& record = study->record().trials[static_cast<std::size_t>(trial - 1)];
    AttemptRecord attempt;
    attempt.started = record.proposed_time;
    record.attempts.push_back(attempt);
  }

  void observe(std::istream& words) {
    TrialId trial = 0;
    std::int64_t step = 0;
    std::string value;
    std::string expected;
    words >> trial >> step >> value >> expected;
    study->observe(trial, step, std::stod(value));
    const Decision decision = rule->judge(study->view(), study->cut(trial, step));
    CHECK_MESSAGE((decision.kind == Decision::Kind::kStop) == (expected == "s"), "trial ", trial, " at step ", step, ": ",
                  decision.reason);
    ++judged;
    stopped += expected == "s";
  }

  void end(std::istream& words) {
    TrialId trial = 0;
    std::string outcome;
    words >> trial >> outcome;
    study->finish(trial, outcome == "completed" ? TrialStatus::kCompleted
                         : outcome == "stopped" ? TrialStatus::kStopped
                                                : TrialStatus::kFailed);
  }
};

}  // namespace

TEST_CASE("variants decide as the systems whose rules they are") {
  int files = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(histories())) {
    if (file.path().extension() != ".txt" || file.path().stem().extension().empty()) continue;
    ++files;
    std::ifstream lines(file.path());
    Player player;
    std::string history;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string what;
      words >> what;
      if (what == "h") history = line;
      CAPTURE(file.path().filename().string());
      CAPTURE(history);
      if (what == "h") player.begin(words);
      if (what == "p") player.propose();
      if (what == "o") player.observe(words);
      if (what == "e") player.end(words);
    }
    MESSAGE(file.path().stem().string() << ": " << player.judged << " observations, " << player.stopped << " stops");
    CHECK(player.stopped >= 30);
    CHECK(player.judged > 4 * player.stopped);
  }
  CHECK(files == 12);
}

}  // namespace tune::test
