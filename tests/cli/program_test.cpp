#include <doctest/doctest.h>

#include <filesystem>

#include "tests/cli/cli_support.hpp"

namespace tune::test {
namespace {

constexpr const char* kConfig = R"(name: demo
objective: {metric: acc, goal: maximize}
parameters:
  x: {type: float, min: 0, max: 1}
  label: {type: categorical, values: [plain, "two words"]}
strategy: {name: random, seed: 7}
limits: {max_trials: 4, max_parallel: 2}
max_step: 3
command: [python3, train.py, --x, "{x}", "--label={label}"]
metrics:
  - {name: acc, regex: 'acc=([-+.\deE]+)'}
)";

TEST_CASE("usage: asked for on stdout, by mistake on stderr") {
  const TempDir directory;
  const auto help = tune({"--help"}, directory);
  CHECK(help.exit_code == 0);
  CHECK(has(help.out, "tune run CONFIG"));
  CHECK(help.err.empty());
  const auto nothing = tune({}, directory);
  CHECK(nothing.exit_code == 2);
  CHECK(nothing.out.empty());
  CHECK(has(nothing.err, "tune run CONFIG"));
  const auto verb = tune({"run", "--help"}, directory);
  CHECK(verb.exit_code == 0);
  CHECK(has(verb.out, "--early-stopping"));
  CHECK(has(tune({"version"}, directory).out, "tune 0."));
}

TEST_CASE("what is misspelt gets the nearest known word and exit code 2") {
  const TempDir directory;
  const auto verb = tune({"rnu", "x"}, directory);
  CHECK(verb.exit_code == 2);
  CHECK(has(verb.err, "there is no verb 'rnu'; did you mean 'run'?"));
  const auto option = tune({"run", "c.yaml", "--max-trails", "3"}, directory);
  CHECK(option.exit_code == 2);
  CHECK(has(option.err, "there is no option '--max-trails'; did you mean '--max-trials'?"));
  CHECK(option.out.empty());
}

TEST_CASE("bad usage is exit code 2 and says what is allowed") {
  const TempDir directory;
  directory.write("c.yaml", kConfig);
  CHECK(has(tune({"run"}, directory).err, "CONFIG is required"));
  for (const char* bad : {"0", "-1", "x", "1.5", "99999999999999999999"}) {
    const auto result = tune({"run", "c.yaml", "--dry-run", "--max-trials", bad}, directory);
    CHECK(result.exit_code == 2);
    CHECK(has(result.err, "--max-trials: given '" + std::string(bad) + "'; allowed: a whole number from 1 to "));
  }
  CHECK(has(tune({"run", "c.yaml", "--dry-run", "--seed", "-1"}, directory).err, "--seed: given '-1'; allowed: "));
  CHECK(has(tune({"why", "d", "one"}, directory).err, "TRIAL: given 'one'; allowed: "));
  CHECK(
      tune({"run", "c.yaml", "--early-stopping", "medain"}, directory).err.starts_with("tune: --early-stopping: given 'medain'"));
  CHECK(has(tune({"report", "x", "--format", "xml"}, directory).err, "text,json,csv"));
  CHECK(has(tune({"replay", "x", "--goal", "up", "--early-stopping", "median"}, directory).err, "maximize,minimize"));
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{{"run"},
                                                                                   {"run", "c.yaml", "--max-trials", "0"},
                                                                                   {"run", "c.yaml", "--seed", "-1"},
                                                                                   {"why", "d", "one"},
                                                                                   {"compare", "a", "b", "c"},
                                                                                   {"report", "x", "--format", "xml"},
                                                                                   {"replay", "x"},
                                                                                   {"-q"},
                                                                                   {"status"},
                                                                                   {"completion", "tcsh"}}) {
    CAPTURE(bad.back());
    const auto result = tune(bad, directory);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_FALSE(result.err.empty());
  }
}

TEST_CASE("a bad config starts nothing and writes nothing") {
  const TempDir directory;
  directory.write("bad.yaml", "name: demo\nparametres: {}\n");
  for (const char* verb : {"run", "check", "compare"}) {
    const auto result = tune({verb, "bad.yaml"}, directory);
    CHECK(result.exit_code == 2);
    CHECK(has(result.err, "bad.yaml:2:1"));
    CHECK(has(result.err, "parameters"));
    CHECK(result.out.empty());
  }
  CHECK(tune({"run", "absent.yaml"}, directory).exit_code == 2);
  CHECK_FALSE(std::filesystem::exists(directory / "runs"));
}

TEST_CASE("a directory without a study is named by every verb that needs one") {
  const TempDir directory;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"status", "nowhere"},
                                                                                     {"report", "nowhere"},
                                                                                     {"why", "nowhere", "1"},
                                                                                     {"logs", "nowhere", "1"},
                                                                                     {"stop", "nowhere"},
                                                                                     {"resume", "nowhere"},
                                                                                     {"compare", "nowhere", "neither"}}) {
    CAPTURE(words[0]);
    const auto result = tune(words, directory);
    CHECK(result.exit_code == 2);
    CHECK(has(result.err, "nowhere"));
    CHECK(result.out.empty());
  }
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("a dry run shows three proposals and writes nothing") {
  const TempDir directory;
  directory.write("c.yaml", kConfig);
  const auto text = tune({"run", "c.yaml", "--dry-run"}, directory);
  CHECK(text.exit_code == 0);
  CHECK(has(text.out, "trial 3  x="));
  CHECK(has(text.out, "  python3 train.py --x 0."));
  const auto json = tune({"run", "c.yaml", "--dry-run", "--json", "--seed", "8"}, directory);
  CHECK(json.exit_code == 0);
  CHECK(has(json.out, "\"schema\": 1"));
  CHECK_FALSE(std::filesystem::exists(directory / "runs"));
}

TEST_CASE("check notes a program or a script that is not there") {
  const TempDir directory;
  const auto notes = [&](const std::string& command, const std::string& more = "") {
    std::string config = kConfig;
    const std::size_t at = config.find("command: ");
    config.replace(at, config.find('\n', at) - at, "command: " + command);
    directory.write("c.yaml", config + more);
    const auto checked = tune({"check", "c.yaml"}, directory);
    CHECK(checked.exit_code == 0);
    const std::size_t note = checked.out.find("note: command: ");
    return note == std::string::npos ? "" : checked.out.substr(note + 15, checked.out.find('\n', note) - note - 15);
  };
  CHECK(notes("[sh, -e, -u, train.sh, \"{x}\"]") == "");  // what follows -e may be code
  CHECK(notes("[sh, -u, train.sh, \"{x}\"]") == "there is no train.sh in " + directory.path().string());
  directory.write("train.sh", "");
  CHECK(notes("[sh, -u, train.sh, \"{x}\"]") == "");
  CHECK(notes("[sh, \"{label}.sh\"]") == "");
  CHECK(notes("[sh, -c, 'exec ./train.sh']") == "");
  CHECK(notes("[no-such-program, --x, \"{x}\"]") == "there is no program 'no-such-program' in PATH");
  CHECK(notes("[no-such-program]", "environment: {PATH: /opt/bin}\n") == "");
  CHECK(notes("[./train.sh]") == "the program " + (directory / "./train.sh") + " is not there, or cannot be executed");
  std::filesystem::permissions(directory / "train.sh", std::filesystem::perms::owner_all);
  CHECK(notes("[./train.sh]") == "");
}

TEST_CASE("check shows the resolved settings") {
  const TempDir directory;
  directory.write("c.yaml", kConfig);
  const auto result = tune({"check", "c.yaml"}, directory);
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "objective       maximize acc, a trial's last value"));
  CHECK(has(result.out, "4 trials, 2 at once"));
  directory.write("log", "acc=0.5\nacc=0.75\n");
  const auto good = tune({"check", "c.yaml", "--log", "log"}, directory);
  CHECK(good.exit_code == 0);
  CHECK(has(good.out, "0.75"));
  directory.write("empty", "nothing here\n");
  CHECK(tune({"check", "c.yaml", "--log", "empty"}, directory).exit_code == 3);
  CHECK(tune({"check", "c.yaml", "--log", "absent"}, directory).exit_code != 0);
}

TEST_CASE("comparing needs a rule") {
  const TempDir directory;
  directory.write("c.yaml", kConfig);
  const auto result = tune({"compare", "c.yaml"}, directory);
  CHECK(result.exit_code == 2);
  CHECK(has(result.err, "no early stopping"));
}

TEST_CASE("completion scripts") {
  const TempDir directory;
  const auto bash = tune({"completion", "bash"}, directory);
  CHECK(bash.exit_code == 0);
  CHECK(has(bash.out, "--early-stopping"));
  const std::string script = directory.write("tune.bash", bash.out);
  CHECK(run_process({"bash", "-n", script}).exit_code == 0);
  const std::string asks = ". " + script + "; COMP_WORDS=(tune report --format ''); COMP_CWORD=3; _tune; echo ${COMPREPLY[@]};" +
                           " COMP_WORDS=(tune r); COMP_CWORD=1; _tune; echo ${COMPREPLY[@]};" +
                           " COMP_WORDS=(tune run c.yaml --dr); COMP_CWORD=3; _tune; echo ${COMPREPLY[@]}";
  CHECK(run_process({"bash", "-c", asks}).out == "text json csv\nrun resume replay report\n--dry-run\n");
  CHECK(has(tune({"completion", "zsh"}, directory).out, "#compdef tune"));
  CHECK(has(tune({"completion", "fish"}, directory).out, "complete -c tune"));
}

TEST_CASE("the schema is JSON on stdout") {
  const TempDir directory;
  const auto result = tune({"schema"}, directory);
  CHECK(result.exit_code == 0);
  CHECK(result.out.rfind("{", 0) == 0);
}

}  // namespace
}  // namespace tune::test
