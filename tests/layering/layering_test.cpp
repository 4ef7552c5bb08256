// The house's include table, kept by tests/layering/layering.py; the planted trees show that it sees what it should.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_support.hpp"

using tune::test::TempDir;

namespace {

tune::test::ProcessResult check(const std::string& root) {
  return tune::test::run_process({"python3", (tune::test::source_dir() / "tests/layering/layering.py").string(), root});
}

/// Whether a tree with this one file (and a harmless one) is refused with `sentence`.
bool refused(const std::string& path, const std::string& content, const std::string& sentence) {
  const TempDir root;
  root.write("engine/harmless.cpp", "#include <vector>\n");
  root.write(path, content);
  const auto result = check(root.path().string());
  INFO(path << ": " << content << "\n" << result.out << result.err);
  const bool found = result.exit_code == 1 && result.out.find(path + ":") != std::string::npos;
  CHECK(found);
  CHECK(result.out.find(sentence) != std::string::npos);
  return found;
}

bool accepted(const std::string& path, const std::string& content) {
  const TempDir root;
  root.write("engine/harmless.cpp", "#include <vector>\n");
  root.write(path, content);
  const auto result = check(root.path().string());
  INFO(path << ": " << content << "\n" << result.out << result.err);
  CHECK(result.exit_code == 0);
  return result.exit_code == 0;
}

/// A word that this file itself must not hold in one piece.
std::string spliced(const std::string& left, const std::string& right) { return left + right; }

}  // namespace

TEST_CASE("the project keeps to its own table") {
  const auto result = check(tune::test::source_dir().string());
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
}

TEST_CASE("a folder sees only the folders it may") {
  CHECK(refused("strategies/a.cpp", "#include \"engine/run/run_study.hpp\"\n", "strategies/ must not include engine/"));
  CHECK(refused("strategies/a.cpp", "#include \"metrics/log_reader.hpp\"\n", "strategies/ must not include metrics/"));
  CHECK(refused("engine/a.cpp", "#include \"strategies/stopping/median.hpp\"\n", "engine/ must not include strategies/"));
  CHECK(refused("metrics/a.cpp", "#include \"engine/run/run_study.hpp\"\n", "metrics/ must not include engine/"));
  CHECK(refused("include/tune/a.hpp", "#include \"metrics/log_reader.hpp\"\n", "include/ must not include metrics/"));
  CHECK(refused("cli/a.cpp", "#include \"trainers/image/model.hpp\"\n", "cli/ must not include trainers/"));
  CHECK(refused("trainers/a.cpp", "#include \"tune/space.hpp\"\n", "trainers/ must not include include/"));
  CHECK(refused("engine/a.cpp", "#include \"tests/support/test_support.hpp\"\n", "engine/ must not include tests/"));
  CHECK(accepted("trainers/a.cpp", "#include \"tune/report.hpp\"\n#include \"trainers/image/model.hpp\"\n"));
  CHECK(accepted("engine/a.cpp", "#include \"tune/space.hpp\"\n#include \"metrics/log_reader.hpp\"\n#include <sys/wait.h>\n"));
  CHECK(accepted("cli/a.cpp", "#include \"strategies/stopping/median.hpp\"\n#include \"engine/run/run_study.hpp\"\n"));
  CHECK(accepted("tests/engine/a.cpp", "#include \"strategies/stopping/median.hpp\"\n#include <re2/re2.h>\n"));
}

TEST_CASE("a library is seen only where the table says") {
  CHECK(refused("engine/a.cpp", "#include <Eigen/Dense>\n", "engine/ must not include Eigen"));
  CHECK(refused("engine/a.cpp", "#include <torch/torch.h>\n", "engine/ must not include LibTorch"));
  CHECK(refused("engine/a.cpp", "#include <CLI/CLI.hpp>\n", "engine/ must not include CLI11"));
  CHECK(refused("strategies/a.cpp", "#include <nlohmann/json.hpp>\n", "strategies/ must not include nlohmann_json"));
  CHECK(refused("metrics/a.cpp", "#include <spdlog/spdlog.h>\n", "metrics/ must not include spdlog"));
  CHECK(refused("include/tune/a.hpp", "  #  include <nlohmann/json.hpp>\n", "include/ must not include nlohmann_json"));
  CHECK(refused("include/tune/a.hpp", "#include <unistd.h>\n", "include/ must not include the system's headers"));
  CHECK(refused("strategies/a.cpp", "#include <fstream>\n", "touches no files"));
  CHECK(refused("engine/a.cpp", "#include <boost/asio.hpp>\n", "is of no library this project uses"));
  CHECK(accepted("strategies/a.cpp", "#include <Eigen/Dense>\n#include <tbb/parallel_for.h>\n#include <cmath>\n"));
  CHECK(accepted("metrics/a.cpp", "#include <re2/set.h>\n#include <nlohmann/json.hpp>\n"));
}

TEST_CASE("includes are written from the root") {
  CHECK(refused("engine/b.cpp", "#include \"b.hpp\"\n", "included from the repository root"));
  CHECK(refused("engine/b.cpp", "#include \"../metrics/a.hpp\"\n", "included from the repository root"));
  CHECK(refused("engine/b.cpp", "#include \"include/tune/space.hpp\"\n", "public headers are included as"));
  CHECK(refused("engine/b.cpp", "#include <tune/space.hpp>\n", "ours are included with"));
}

TEST_CASE("no cycles, of files or of folders") {
  TempDir files;
  files.write("engine/a.hpp", "#include \"engine/b.hpp\"\n");
  files.write("engine/b.hpp", "#include \"engine/a.hpp\"\n");
  CHECK(check(files.path().string()).out.find("include cycle: engine/a.hpp -> engine/b.hpp -> engine/a.hpp") !=
        std::string::npos);

  TempDir folders;
  folders.write("engine/one/a.hpp", "#include \"engine/two/b.hpp\"\n");
  folders.write("engine/two/b.hpp", "\n");
  folders.write("engine/two/c.hpp", "#include \"engine/one/d.hpp\"\n");
  folders.write("engine/one/d.hpp", "\n");
  const auto result = check(folders.path().string());
  CHECK(result.exit_code == 1);
  CHECK(result.out.find("include cycle between folders: engine/one -> engine/two -> engine/one") != std::string::npos);
}

TEST_CASE("a folder's top files are its entrance and what its sub-folders share") {
  TempDir root;
  root.write("cli/command_line.cpp", "#include \"cli/verbs/run.hpp\"\n");
  root.write("cli/verbs/run.hpp", "\n");
  root.write("cli/verbs/run.cpp", "#include \"cli/context.hpp\"\n#include \"cli/verbs/run.hpp\"\n");
  root.write("cli/context.hpp", "\n");
  const auto result = check(root.path().string());
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
}

TEST_CASE("clocks, lengths and machines' paths") {
  const std::string word = spliced("steady_", "clock");
  CHECK(refused("engine/run/a.cpp", "const auto now = std::chrono::" + word + "::now();\n", word));
  CHECK(accepted("engine/clock/a.cpp", "const auto now = std::chrono::" + word + "::now();\n"));
  CHECK(accepted("engine/run/a.cpp", "// not a " + word + "\n/* nor\n a " + word + " */ const char* text = \"" + word + "\";\n"));

  std::string long_file;
  for (int i = 0; i < 451; ++i) long_file += "int variable_" + std::to_string(i) + ";\n";
  CHECK(refused("cli/a.cpp", long_file, "451 lines; a file has at most 450"));

  CHECK(refused("docs/a.md", "see " + spliced("/home", "/somebody/data"), "an absolute path of some machine"));
  CHECK(accepted("docs/a.md", "the folder runs" + spliced("/work", "/x, $HOME/x, /tmp/x, /usr/lib/x")));
}
