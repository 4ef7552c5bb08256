#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"

using namespace tune::test;
namespace fs = std::filesystem;

namespace {

/// The script in a project of its own, with a cmake that builds nothing, a curl of the test's making, and a tune that says how it
/// was called.
class Project {
 public:
  Project() {
    fs::create_directories(root_ / "project/scripts");
    fs::copy_file(source_dir() / "scripts/quickstart.sh", root_ / "project/scripts/quickstart.sh");
    program_at("project/scripts/setup.sh", "exit 0");
    program_at("bin/cmake", "exit 0");
    program_at("project/build/release/bin/tune", "mkdir -p runs/quickstart; echo \"tune $* with ${TUNE_DATA_DIR##*/}\"");
    curl("echo 'no network' >&2; exit 6");
  }

  void curl(const std::string& body) { program_at("bin/curl", body); }

  [[nodiscard]] std::string operator/(const std::string& name) const { return root_ / name; }

  [[nodiscard]] ProcessResult run(std::vector<std::string> arguments = {}) const {
    const char* path = std::getenv("PATH");
    // Through env: a shell that finds a variable twice in its environment takes the second.
    arguments.insert(arguments.begin(), {"env", "TUNE_DATA_DIR=", "PATH=" + (root_ / "bin") + ":" + (path == nullptr ? "" : path),
                                         root_ / "project/scripts/quickstart.sh"});
    return run_process(arguments, root_.path().string());
  }

 private:
  void program_at(const std::string& name, const std::string& body) {
    fs::permissions(root_.write(name, "#!/usr/bin/env bash\n" + body + "\n"), fs::perms::owner_all);
  }

  TempDir root_;
};

const std::string kCall = "tune run configs/quickstart.yaml --resume with ";

}  // namespace

TEST_CASE("quickstart.sh without a network says plainly that the images are made up, and goes on with them") {
  const Project project;
  const auto first = project.run();
  CHECK(first.exit_code == 0);
  CHECK(first.out == kCall + "generated\n");
  CHECK(first.err.find("no network and no Fashion-MNIST: the study will use GENERATED images") != std::string::npos);
  const auto second = project.run();
  CHECK(second.out == kCall + "generated\n");
  CHECK(second.err.find("going on with runs/quickstart") != std::string::npos);
}

TEST_CASE("quickstart.sh takes no download with another checksum") {
  Project project;
  project.curl("while [ $# -gt 1 ]; do if [ \"$1\" = --output ]; then echo forged >\"$2\"; fi; shift; done");
  CHECK(project.run().out == kCall + "generated\n");
  CHECK_FALSE(fs::exists(project / "project/data/fashion-mnist"));
  CHECK_FALSE(fs::exists(project / "project/data/fashion-mnist.part"));
}

TEST_CASE("quickstart.sh takes the right download, over a link that points to nothing") {
  const auto files = shared_data("images/fashion-mnist");
  if (!files) return;
  Project project;
  project.curl("for url; do :; done; while [ $# -gt 1 ]; do if [ \"$1\" = --output ]; then cp '" + files->string() +
               "'/\"${url##*/}\" \"$2\"; fi; shift; done");
  fs::create_directories(project / "project/data");
  fs::create_symlink("nowhere", project / "project/data/fashion-mnist");
  CHECK(project.run().out == kCall + "fashion-mnist\n");
  CHECK(std::distance(fs::directory_iterator(project / "project/data/fashion-mnist"), {}) == 4);
}

TEST_CASE("quickstart.sh --data, and the same study again; other images only with --fresh") {
  const Project project;
  fs::create_directories(project / "mine");
  CHECK(project.run({"--data", "mine"}).out == kCall + "mine\n");
  CHECK(project.run({"--data=mine"}).out == kCall + "mine\n");
  CHECK(project.run().out == kCall + "mine\n");
  fs::create_directories(project / "other");
  const auto refused = project.run({"--data", "other"});
  CHECK(refused.exit_code == 2);
  CHECK(refused.out == "");
  CHECK(refused.err.find("add --fresh") != std::string::npos);
  CHECK(project.run({"--data", "other", "--fresh"}).out == kCall + "other\n");
  CHECK(project.run({"--data", "nowhere", "--fresh"}).exit_code == 2);
}

TEST_CASE("quickstart.sh finds images beside the checkout and leaves a link for commands by hand") {
  const Project project;
  fs::create_directories(project / "shared/data/images/fashion-mnist");
  std::ofstream(project / "shared/data/images/fashion-mnist/train-images-idx3-ubyte.gz");
  CHECK(project.run().out == kCall + "fashion-mnist\n");
  CHECK(fs::exists(project / "project/data/fashion-mnist/train-images-idx3-ubyte.gz"));
  CHECK(project.run().out == kCall + "fashion-mnist\n");
}

TEST_CASE("quickstart.sh refuses what it does not know") {
  const Project project;
  CHECK(project.run({"--bogus"}).exit_code == 2);
  CHECK(project.run({"--data"}).exit_code == 2);
  CHECK(project.run({"--help"}).exit_code == 0);
}
