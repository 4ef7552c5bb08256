#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/trainers/trainer_runs.hpp"

using namespace tune::test;

namespace {

/// It ends with 2, says `message` in one line, and prints nothing else.
void check_refused(const ProcessResult& run, const std::string& message) {
  CAPTURE(run.err);
  CHECK(run.exit_code == 2);
  CHECK(run.out == "");
  CHECK(run.err.starts_with("tune-train-image: error: "));
  CHECK(run.err.find(message) != std::string::npos);
  CHECK(run.err.find('\n') == run.err.size() - 1);
}

}  // namespace

TEST_CASE("options that are not right") {
  const TrainerFolder folder;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& message) {
    check_refused(folder.run(arguments), message);
  };
  refused({"--learning-rate", "0.1"}, "unknown option --learning-rate; did you mean --learning_rate?");
  refused({"--generate", "--device", "cuda:99"}, "--device cuda:99: ");
  refused({"--generate", "--num_classes", "5"},
          "num_classes=5, but the largest label of the training images is 9; allowed: 0 to num_classes - 1; set num_classes=10");
}

TEST_CASE("directories that are not right") {
  const TrainerFolder folder;
  check_refused(folder.run({}), "no data: give --data DIR, --train PATH and --validation PATH, or --generate");
  check_refused(folder.run({"--data", "nowhere"}), "nowhere: no such file or directory of images");
  std::filesystem::create_directory(folder.dir() / "empty");
  check_refused(folder.run({"--data", "empty"}),
                "empty: no training images of a known format; looked for: *.rec (RecordIO), train-images-idx3-ubyte[.gz] (IDX)");
  folder.dir().write("file", "");
  check_refused(folder.run({"--data", folder.data(), "--checkpoint-dir", "file/below"}),
                "file/below: cannot be made for checkpoints");
  std::filesystem::remove(folder.data() + "/t10k-labels-idx1-ubyte");
  check_refused(folder.run({"--data", folder.data()}), "t10k-labels-idx1-ubyte: No such file or directory");
}

TEST_CASE("a file of the data that is not right is named") {
  const TrainerFolder folder;
  folder.dir().write("data/train-labels-idx1-ubyte", idx_labels(tune::trainer::generate_images(199).train));
  check_refused(folder.run({"--data", folder.data()}), "train-labels-idx1-ubyte: 199 labels, but ");
}

TEST_CASE("a log that cannot be written ends the run") {
  const TrainerFolder folder;
  const auto run = run_process({"sh", "-c", "exec \"$0\" --data \"$1\" --learning_rate 0.01 >/dev/full",
                                program("tune-train-image").string(), folder.data()});
  CHECK(run.exit_code == 1);
  CHECK(run.err.find("standard output cannot be written") != std::string::npos);
}

TEST_CASE("help") {
  const TrainerFolder folder;
  const auto run = folder.run({"--help"});
  CHECK(run.exit_code == 0);
  for (const std::string word :
       {"--data DIR", "--checkpoint-dir", "--learning_rate 0.1", "--optimizer sgd", "adam, rmsprop or nag"}) {
    CAPTURE(word);
    CHECK(run.out.find(word) != std::string::npos);
  }
}
