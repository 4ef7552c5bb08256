#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/trainers/python_peer.hpp"
#include "tests/trainers/trainer_runs.hpp"

/// What a run leaves in its checkpoint directory beside checkpoints.
using namespace tune::test;

namespace {

namespace fs = std::filesystem;

/// Every file below, by its path from there.
std::map<std::string, std::string> files_below(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), directory).string()] = read_file(entry.path());
  }
  return files;
}

const std::vector<std::string> kSaving = {
    "--learning_rate",      "0.002", "--seed", "3", "--save_tensors", "weights,biases,gradients,losses,relu_outputs",
    "--save_tensors_every", "3"};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("tensors by step: after an interruption the series is that of a run that nobody interrupted") {
  for (const int signal : {SIGTERM, SIGKILL}) {
    CAPTURE(signal);
    const TrainerFolder folder;
    const auto interrupted = folder.run_until("Epoch[1] Batch", signal,
                                              with(kSaving, {"--checkpoint-dir", folder.dir() / "a", "--epochs", "1000000"}));
    int reached = 1;
    while (metrics_of(interrupted.out).contains(std::to_string(reached + 1) + " Train-accuracy")) ++reached;
    const std::vector<std::string> rest = {"--data", folder.data(), "--epochs", std::to_string(reached + 2)};
    REQUIRE(folder.run(with(with(kSaving, rest), {"--checkpoint-dir", folder.dir() / "a"})).exit_code == 0);
    REQUIRE(folder.run(with(with(kSaving, rest), {"--checkpoint-dir", folder.dir() / "b"})).exit_code == 0);
    const auto resumed = files_below(folder.dir() / "a/tensors");
    const auto straight = files_below(folder.dir() / "b/tensors");
    constexpr std::size_t kCollections = 5;
    constexpr int kStepsPerEpoch = 7;  // 200 images in batches of 32
    CHECK(straight.size() == kCollections * static_cast<std::size_t>((reached + 2) * kStepsPerEpoch / 3));
    CHECK(resumed.size() == straight.size());
    CHECK(resumed == straight);
  }
}

TEST_CASE("TensorBoard reads the scalars of a run that was interrupted: every epoch once") {
  const auto python = python_with("tensorboard");
  if (!python) return;
  const TrainerFolder folder;
  const std::vector<std::string> common = {"--learning_rate", "0.002", "--checkpoint-dir", folder.dir() / "c"};
  const auto interrupted = folder.run_until("Epoch[2] Batch", SIGKILL, with(common, {"--epochs", "1000000"}));
  int reached = 2;
  while (metrics_of(interrupted.out).contains(std::to_string(reached + 1) + " Train-accuracy")) ++reached;
  const auto resumed = folder.run(with(common, {"--data", folder.data(), "--epochs", std::to_string(reached + 3)}));
  REQUIRE(resumed.exit_code == 0);
  const std::string said = python_says(*python, R"(
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
for scalar in events.Scalars("validation:accuracy"):
    print(scalar.step, f"{scalar.value:.6f}")
print(len(events.Scalars("gradient_norm/conv1")))
)",
                                       {folder.dir() / "c/events"});
  std::string expected;
  const auto metrics = metrics_of(interrupted.out + resumed.out);
  for (int epoch = 0; epoch < reached + 3; ++epoch) {
    char line[64];
    std::snprintf(line, sizeof line, "%d %.6f\n", epoch + 1,
                  std::stod(metrics.at(std::to_string(epoch) + " Validation-accuracy")));
    expected += line;
  }
  CHECK(said == expected + std::to_string(reached + 3) + "\n");
}

TEST_CASE("a network that is larger than the memory is refused with its sizes before it is made") {
  const TrainerFolder folder;
  const std::string command = "ulimit -v 8000000; exec '" + program("tune-train-image").string() + "' --data '" + folder.data() +
                              "' --num_layers 152 --width_multiplier 8 --optimizer adam --cache-dir none";
  const auto run = run_process({"/bin/bash", "-c", command}, folder.dir().path().string());
  CHECK(run.exit_code == 1);
  CAPTURE(run.err);
  CHECK(run.err.find("error: out of memory: the network has 37") != std::string::npos);  // 152 layers: 58 million, times 64
  CHECK(run.err.find("and the state of adam take 59.") != std::string::npos);            // 16 bytes each
  CHECK(run.err.find("this process can have 8.2 GB") != std::string::npos);
}

TEST_CASE("when memory runs out, the run says so with the sizes") {
  const TrainerFolder folder;
  // The first convolution of 200 images of 1024 x 1024 gives 16 channels of floats, 13 GB; the process may have 8.
  const std::string command = "ulimit -v 8000000; exec '" + program("tune-train-image").string() + "' --data '" + folder.data() +
                              "' --image_shape 1,1024,1024 --mini_batch_size 200 --cache-dir none";
  const auto run = run_process({"/bin/bash", "-c", command}, folder.dir().path().string());
  CHECK(run.exit_code == 1);
  CAPTURE(run.err);
  CHECK(run.err.find("error: out of memory: ") != std::string::npos);
  CHECK(run.err.find("you tried to allocate 13421772800 bytes") != std::string::npos);
}
