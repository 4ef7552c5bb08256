#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_support.hpp"

/// Warm start through the program: a chain of studies, what is refused, and that it survives crashes and deleted parents.
namespace tune::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// Prints x; it diverges where x modulo 5 is 0, and fails where it is 1.
constexpr const char* kTrial =
    "case $((${1%.*} % 5)) in 0) echo '@tune {\"acc\": \"NaN\"}';; 1) exit 4;; *) echo \"@tune {\\\"acc\\\": $1}\";; esac\n";

struct Folder {
  Folder() { directory.write("trial.sh", kTrial); }

  /// A config: `parameters` and whatever else, a line each.
  void config(const std::string& name, const std::string& parameters, const std::string& more = "",
              const std::string& objective = "{metric: acc, goal: maximize}") const {
    directory.write(name + ".yaml", "name: " + name + "\nobjective: " + objective + "\nparameters:\n" + parameters +
                                        "limits: {max_trials: 12, max_failures: 100}\nstrategy: {name: random, seed: 5}\n"
                                        "command: [sh, trial.sh, \"{x}\"]\n" +
                                        more);
  }
  ProcessResult tune(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), program("tune").string());
    return run_process(arguments, directory.path().string());
  }
  json run(const std::string& name) const {
    const auto done = tune({"run", name + ".yaml", "--json", "--quiet"});
    REQUIRE_MESSAGE(done.exit_code == 0, done.err);
    return json::parse(done.out);
  }
  std::string refused(const std::string& name, int exit_code = 2) const {
    const auto done = tune({"run", name + ".yaml", "--quiet"});
    CHECK_MESSAGE(done.exit_code == exit_code, done.err);
    CHECK_FALSE(fs::exists(directory / ("runs/" + name)));
    // What is wrong is said before, too.
    CHECK(tune({"check", name + ".yaml"}).err == done.err);
    return done.err;
  }

  TempDir directory;
};

constexpr const char* kWide = "  x: {type: int, min: 1, max: 1000}\n";

std::string from(const std::string& studies, const std::string& type) {
  return "warm_start: {studies: [" + studies + "], type: " + type + "}\n";
}

std::int64_t ops(const std::string& journal, const std::string& op) {
  std::int64_t count = 0;
  const std::string wanted = "\"op\":\"" + op + "\"";
  for (std::size_t at = journal.find(wanted); at != std::string::npos; at = journal.find(wanted, at + 1)) ++count;
  return count;
}

TEST_CASE("a chain of two: what ended with a result is taken, in the journal, and said in the report") {
  const Folder folder;
  folder.config("old", kWide);
  const json old = folder.run("old");
  folder.config("new", kWide, from("runs/old", "identical"));
  const json report = folder.run("new");
  const json& warm = report.at("study").at("warm_start");
  CHECK(old.at("study").at("warm_start").is_null());
  CHECK(warm.at("type") == "identical");
  CHECK(warm.at("learned_from") == false);
  const json& study = warm.at("studies")[0];
  CHECK(study.at("name") == "old");
  CHECK(study.at("directory") == folder.directory / "runs/old");
  CHECK(study.at("trials") == 12);
  std::int64_t failed = 0;
  for (const json& trial : old.at("trials")) failed += trial.at("status") == "Failed";
  CHECK(study.at("without_result") == failed);
  CHECK(study.at("taken") == 12 - failed);
  CHECK(study.at("best").at("value") == old.at("best").at("value"));
  CHECK(study.at("best").at("parameters") == old.at("best").at("parameters"));
  // The same seed proposes the same, so the overall best is a tie and stays with this study.
  CHECK(report.at("best").at("value") == old.at("best").at("value"));
  CHECK(warm.at("overall_best").at("study").is_null());
  CHECK(report.at("trials").size() == 12);

  const std::string journal = read_file(folder.directory / "runs/new/journal.jsonl");
  CHECK(ops(journal, "earlier_study") == 1);
  CHECK(ops(journal, "earlier") == 12 - failed);
  const auto text = folder.tune({"report", "runs/new"}).out;
  CHECK(has(text, "warm start  identical, " + std::to_string(12 - failed) + " of 12 trials of old ("));
  CHECK(has(text, "the strategy random does not look at earlier trials"));
  CHECK(has(text, "It is the best over the earlier studies, too."));

  // The parents may be gone then; the setting is compared, not the files.
  fs::remove_all(folder.directory / "runs/old");
  const auto more = folder.tune({"run", "new.yaml", "--resume", "--max-trials", "13", "--json", "--quiet"});
  REQUIRE_MESSAGE(more.exit_code == 0, more.err);
  CHECK(json::parse(more.out).at("study").at("warm_start") == warm);
  CHECK(json::parse(more.out).at("trials").size() == 13);
  folder.config("new", kWide, from("runs/other", "identical"));
  const auto other = folder.tune({"run", "new.yaml", "--resume", "--max-trials", "14"});
  CHECK(other.exit_code == 2);
  CHECK(has(other.err, "warm_start.studies[0]: recorded"));
}

TEST_CASE("a study takes its parents' own trials, not theirs; and tells the overall best") {
  const Folder folder;
  folder.config("first", "  x: {type: int, min: 900, max: 1000}\n");
  const json first = folder.run("first");
  folder.config("second", kWide, from("runs/first", "identical"));
  folder.run("second");
  folder.config("third", "  x: {type: int, min: 1, max: 900}\n", from("runs/second", "transfer"));
  const auto third = folder.tune({"run", "third.yaml", "--json"});
  CHECK(has(third.err, "warm start: "));
  const json warm = json::parse(third.out).at("study").at("warm_start");
  CHECK(warm.at("studies").size() == 1);
  CHECK(warm.at("studies")[0].at("trials") == 12);
  CHECK(warm.at("overall_best").is_null());  // values of another program say nothing about this one's

  folder.config("both", "  x: {type: int, min: 1, max: 2000}\n", from("runs/first/, runs/second", "identical"));
  folder.directory.write("trial.sh", "echo '@tune {\"acc\": 1}'\n");
  const json best = folder.run("both").at("study").at("warm_start").at("overall_best");
  CHECK(best.at("study") == "first");
  CHECK(best.at("value") == first.at("best").at("value"));
  CHECK(best.at("parameters") == first.at("best").at("parameters"));
  CHECK(has(folder.tune({"report", "runs/both"}).out, "Best over the earlier studies: trial "));
}

TEST_CASE("identical lets ranges change, and names everything else that differs") {
  const Folder folder;
  folder.config("old", kWide, "static: {depth: 3}\n");
  folder.run("old");
  folder.config("narrow", "  x: {type: int, min: 1, max: 100}\n", "static: {depth: 4}\n" + from("runs/old", "identical"));
  const auto narrow = folder.tune({"check", "narrow.yaml"});
  CHECK(narrow.exit_code == 0);
  CHECK(has(narrow.out, "outside this study's space"));
  CHECK(has(narrow.out, "static.depth is 3 in "));
  CHECK(has(narrow.out, "the strategy random does not look at earlier trials"));
  const json report = folder.run("narrow");
  const json& study = report.at("study").at("warm_start").at("studies")[0];
  CHECK(study.at("taken").get<int>() + study.at("without_result").get<int>() < 12);

  folder.config("tuned", std::string(kWide) + "  depth: {type: int, min: 1, max: 9}\n", from("runs/old", "identical"));
  CHECK(folder.tune({"check", "tuned.yaml"}).exit_code == 0);

  folder.config("other", "  x: {type: float, min: 1, max: 1000}\n  width: {type: int, min: 1, max: 9}\n",
                from("runs/old", "identical"), "{metric: loss, goal: minimize, value: best}");
  const std::string said = folder.refused("other");
  CHECK(has(said, "objective.metric: acc there, loss here"));
  CHECK(has(said, "objective.goal: maximize there, minimize here"));
  CHECK(has(said, "objective.value: last there, best here"));
  CHECK(has(said, "parameter or static value 'depth': there, not here"));
  CHECK(has(said, "parameter or static value 'width': here, not there"));
  CHECK(has(said, "type of parameter 'x': int there, float here"));
  CHECK(has(said, "`type: transfer`"));
}

TEST_CASE("transfer takes what can be mapped and refuses what cannot") {
  const Folder folder;
  folder.config("old", kWide);
  folder.run("old");
  folder.config("more", "  x: {type: float, min: 0.5, max: 1000, scale: log}\n  width: {type: int, min: 1, max: 9}\n",
                from("runs/old", "transfer"));
  CHECK(folder.run("more").at("study").at("warm_start").at("studies")[0].at("taken") > 0);
  const std::string journal = read_file(folder.directory / "runs/more/journal.jsonl");
  const std::size_t earlier = journal.find("\"op\":\"earlier\"");
  REQUIRE(earlier != std::string::npos);
  const std::size_t begin = journal.rfind('\n', earlier) + 1;
  const json taken = json::parse(journal.substr(begin, journal.find('\n', begin) - begin));
  CHECK(taken.at("parameters").size() == 1);
  CHECK(taken.at("parameters").at("x").is_number_float());

  folder.config("elsewhere", "  x: {type: int, min: 2000, max: 3000}\n", from("runs/old", "transfer"));
  CHECK(has(folder.refused("elsewhere"), "is none of this study's"));
  folder.directory.write("y.yaml",
                         "name: y\nobjective: {metric: acc, goal: maximize}\nparameters: {y: {type: int, min: 1, max: 9}}\n"
                         "limits: {max_trials: 1}\ncommand: [sh, trial.sh, \"{y}\"]\n" +
                             from("runs/old", "transfer"));
  CHECK(has(folder.refused("y"), "it has no parameter of this study"));
}

TEST_CASE("no study, a damaged one, the study itself, the same twice, too many") {
  const Folder folder;
  folder.config("old", kWide);
  folder.run("old");
  folder.config("none", kWide, from("runs/nothing", "identical"));
  CHECK(has(folder.refused("none"), "runs/nothing holds no study"));
  folder.config("own", kWide, from("runs/../runs/own", "identical"));
  CHECK(has(folder.refused("own"), "is the study's own directory"));
  folder.config("twice", kWide, from("runs/old, runs/./old", "identical"));
  CHECK(has(folder.refused("twice"), "given 'runs/./old'; allowed: each study once"));
  folder.config("many", kWide, from("a, b, c, d, e, f", "transfer"));
  CHECK(has(folder.refused("many"), "up to 5 entries, given 6"));
  folder.config("type", kWide, from("runs/old", "same"));
  CHECK(has(folder.refused("type"), "given 'same'; allowed: identical | transfer"));
  folder.config("half", kWide, "warm_start: {studies: [runs/old]}\n");
  CHECK(has(folder.refused("half"), "warm_start.type: missing"));

  std::string journal = read_file(folder.directory / "runs/old/journal.jsonl");
  journal[journal.size() / 2] ^= 1;
  folder.directory.write("runs/damaged/journal.jsonl", journal);
  folder.config("bad", kWide, from("runs/damaged", "identical"));
  CHECK(has(folder.refused("bad", 5), "runs/damaged/journal.jsonl: the record at byte"));
  folder.directory.write("runs/begun/journal.jsonl", journal.substr(0, journal.find('\n') + 1));
  folder.config("early", kWide, from("runs/begun", "identical"));
  CHECK(has(folder.refused("early"), "none has ended"));
}

TEST_CASE("a study that was killed goes on with what it began with") {
  const Folder folder;
  folder.config("old", kWide);
  folder.run("old");
  folder.config("calm", kWide, from("runs/old", "transfer") + "deterministic: true\n");
  const json calm = folder.run("calm");
  const std::string journal = read_file(folder.directory / "runs/calm/journal.jsonl");
  fs::remove_all(folder.directory / "runs/old");
  // Cut after its beginning, and in the middle.
  std::size_t end = 0;
  for (int line = 0; line < 20; ++line) end = journal.find('\n', end) + 1;
  for (const std::size_t cut : {journal.find("\"op\":\"proposed\""), end}) {
    folder.directory.write("killed/journal.jsonl", journal.substr(0, journal.rfind('\n', cut - 1) + 1));
    const auto resumed = folder.tune({"resume", "killed", "--json", "--quiet"});
    REQUIRE_MESSAGE(resumed.exit_code == 0, resumed.err);
    const json report = json::parse(resumed.out);
    CHECK(report.at("study").at("warm_start") == calm.at("study").at("warm_start"));
    CHECK(report.at("best").at("parameters") == calm.at("best").at("parameters"));
    fs::remove_all(folder.directory / "killed");
  }
}

TEST_CASE("a dry run and a session begin with them as well") {
  const Folder folder;
  folder.config("old", kWide);
  folder.run("old");
  folder.config("new", kWide, from("runs/old", "identical"));
  CHECK(folder.tune({"run", "new.yaml", "--dry-run"}).exit_code == 0);
  const auto session =
      run_process({program("tune").string(), "session", "new.yaml"}, folder.directory.path().string(), "{\"ask\":1}\n");
  CHECK(session.exit_code == 0);
  CHECK(has(session.err, "warm start: "));
  CHECK(ops(read_file(folder.directory / "runs/new/journal.jsonl"), "earlier_study") == 1);
  folder.config("wrong", kWide, from("runs/nothing", "identical"));
  CHECK(folder.tune({"run", "wrong.yaml", "--dry-run"}).exit_code == 2);
}

}  // namespace
}  // namespace tune::test
