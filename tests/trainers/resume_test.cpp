#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/trainers/trainer_runs.hpp"

using namespace tune::test;

namespace {

const std::vector<std::string> kForever = {"--epochs", "1000000"};

/// Interrupts a run after its second epoch, goes on for three epochs more, and compares with a run that nobody interrupted. How
/// many epochs the interrupted one got done in the meantime makes no difference.
void interrupt_and_compare(int signal, int exit_code, const std::vector<std::string>& more, std::int64_t images = 200) {
  const TrainerFolder folder(images, images / 2);
  std::vector<std::string> arguments = {"--learning_rate", "0.002", "--seed", "3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  std::vector<std::string> saving = arguments;
  saving.insert(saving.end(), {"--checkpoint-dir", folder.dir() / "checkpoints"});

  std::vector<std::string> first = saving;
  first.insert(first.end(), kForever.begin(), kForever.end());
  const auto interrupted = folder.run_until("Epoch[1] Validation-accuracy", signal, first);
  CHECK(interrupted.exit_code == exit_code);
  int reached = 1;
  while (metrics_of(interrupted.out).contains(std::to_string(reached + 1) + " Train-accuracy")) ++reached;

  const std::vector<std::string> budget = {"--data", folder.data(), "--epochs", std::to_string(reached + 4)};
  saving.insert(saving.end(), budget.begin(), budget.end());
  const auto resumed = folder.run(saving);
  REQUIRE_MESSAGE(resumed.exit_code == 0, resumed.err);
  CHECK(resumed.out.find("Going on from checkpoint") != std::string::npos);
  CHECK_FALSE(metrics_of(resumed.out).contains("0 Validation-accuracy"));

  arguments.insert(arguments.end(), budget.begin(), budget.end());
  const auto straight = folder.run(arguments);
  REQUIRE(straight.exit_code == 0);
  CHECK(weights_of(resumed.out) == weights_of(straight.out));
  CHECK(metrics_of(interrupted.out + resumed.out) == metrics_of(straight.out));
}

}  // namespace

TEST_CASE("killed and resumed equals never killed, bit for bit") {
  for (const std::string optimizer : {"sgd", "nag", "adam", "rmsprop"}) {
    CAPTURE(optimizer);
    interrupt_and_compare(SIGKILL, 128 + SIGKILL, {"--optimizer", optimizer});
  }
}

TEST_CASE("SIGTERM saves in the middle of an epoch; going on equals never stopped") {
  interrupt_and_compare(SIGTERM, 143, {"--optimizer", "adam", "--mini_batch_size", "7"});
}

TEST_CASE("the same with normalisation, random changes of images, mix-up, schedules and 16 bits") {
  constexpr std::int64_t kImages = 50;  // ResNets take their time, and half precision on a CPU more
  const std::vector<std::string> resnet = {"--num_layers", "20", "--width_multiplier", "0.125", "--mini_batch_size", "16"};
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--augmentation_type", "crop_color_transform", "--pad",
                                                                        "2", "--mixup_alpha", "0.4", "--label_smoothing", "0.1"},
                                               {"--precision_dtype", "bfloat16", "--augmentation_type", "crop", "--pad", "2",
                                                "--warmup_epochs", "1.5", "--lr_scheduler_step", "2,3", "--top_k", "2"},
                                               {"--precision_dtype", "float16", "--optimizer", "adam"}}) {
    CAPTURE(more.front());
    std::vector<std::string> arguments = resnet;
    arguments.insert(arguments.end(), more.begin(), more.end());
    interrupt_and_compare(SIGTERM, 143, arguments, kImages);
  }
}

TEST_CASE("SIGTERM: the last thing it does is to save") {
  const TrainerFolder folder;
  std::vector<std::string> arguments = {"--learning_rate", "0.002", "--checkpoint-dir", folder.dir() / "c"};
  arguments.insert(arguments.end(), kForever.begin(), kForever.end());
  const auto stopped = folder.run_until("Epoch[0] Batch", SIGTERM, arguments);
  CHECK(stopped.exit_code == 143);
  const std::string end = "Saved checkpoint to \"" + (folder.dir() / "c") + "/last.safetensors\"\n";
  CHECK(stopped.out.ends_with(end));
  CHECK_FALSE(std::filesystem::exists(folder.dir() / "c/last.safetensors.tmp"));
}

TEST_CASE("Ctrl-C without a checkpoint directory ends it too") {
  const TrainerFolder folder;
  CHECK(folder.run_until("Epoch[0] Batch", SIGINT, kForever).exit_code == 130);
}

TEST_CASE("stopped after an epoch's last batch and before its validation: the epoch's report is complete all the same") {
  const TrainerFolder folder(64, 2000);
  const std::vector<std::string> common = {"--learning_rate", "0.01", "--checkpoint-dir", folder.dir() / "c"};
  std::vector<std::string> first = common;
  first.insert(first.end(), kForever.begin(), kForever.end());
  const auto stopped = folder.run_until("Epoch[1] Time cost", SIGTERM, first);
  CHECK(stopped.exit_code == 143);
  std::vector<std::string> second = common;
  second.insert(second.end(), {"--data", folder.data(), "--epochs", "6"});
  const auto resumed = folder.run(second);
  REQUIRE(resumed.exit_code == 0);
  std::size_t reports = 0;
  const std::string all = stopped.out + resumed.out;
  for (std::size_t at = all.find("@tune "); at != std::string::npos; at = all.find("@tune ", at + 1)) {
    const std::string line = all.substr(at, all.find('\n', at) - at);
    ++reports;
    for (const char* name : {"train:loss", "validation:loss", "gradient_norm/fc1", "dead_relu/relu2", "learning_rate"})
      CHECK(line.find("\"" + std::string(name) + "\"") != std::string::npos);
  }
  CHECK(reports == 6);
}

TEST_CASE("the best model that is gone is missed, and the best of the epochs to come is kept") {
  const TrainerFolder folder;
  const auto run = [&](const std::string& model, const std::string& epochs) {
    return folder.run({"--data", folder.data(), "--learning_rate", "0.01", "--lr_scheduler_step", "2", "--lr_scheduler_factor",
                       "0", "--checkpoint-dir", "c", "--model-dir", model, "--epochs", epochs});
  };
  folder.dir().write("c/best.safetensors", "of another run");
  REQUIRE(run("m", "2").exit_code == 0);
  std::filesystem::remove(folder.dir() / "c/best.safetensors");
  const auto resumed = run("n", "3");
  REQUIRE(resumed.exit_code == 0);
  CHECK(resumed.out.find("the best model so far is lost") != std::string::npos);
  CHECK(std::filesystem::exists(folder.dir() / "n/model.safetensors"));
}

TEST_CASE("a finished run is not trained again, and a longer one goes on from it") {
  const TrainerFolder folder;
  const auto run = [&](const std::string& epochs) {
    return folder.run({"--data", folder.data(), "--learning_rate", "0.02", "--checkpoint-dir", "c", "--epochs", epochs}).out;
  };
  const std::string two = run("2");
  const std::string again = run("2");
  CHECK(metrics_of(again).empty());
  CHECK(weights_of(again) == weights_of(two));
  const std::string three = run("3");
  CHECK(metrics_of(three).size() == 4);
  CHECK(metrics_of(three).contains("2 Validation-accuracy"));
}

TEST_CASE("a checkpoint of another configuration is refused, and every difference named") {
  const TrainerFolder folder;
  const std::vector<std::string> common = {"--data", folder.data(), "--epochs", "1", "--checkpoint-dir", "c"};
  const auto run = [&](std::vector<std::string> more) {
    more.insert(more.end(), common.begin(), common.end());
    return folder.run(more);
  };
  REQUIRE(run({"--learning_rate", "0.02"}).exit_code == 0);
  const auto other = run({"--learning_rate", "0.03", "--seed", "9"});
  CHECK(other.exit_code == 2);
  CHECK(other.err.find("c/last.safetensors: of another configuration") != std::string::npos);
  CHECK(other.err.find("learning_rate was 0.02 and is 0.03; seed was 0 and is 9") != std::string::npos);
  const auto fewer = run({"--learning_rate", "0.02", "--num_training_samples", "150"});
  CHECK(fewer.exit_code == 2);
  CHECK(fewer.err.find("data was 200+100 images") != std::string::npos);
}

TEST_CASE("a damaged checkpoint is refused, and so is a file that is none") {
  const TrainerFolder folder;
  folder.dir().write("c/last.safetensors", "1234567");
  const auto damaged = folder.run({"--data", folder.data(), "--checkpoint-dir", "c"});
  CHECK(damaged.exit_code == 2);
  CHECK(damaged.err.find("c/last.safetensors: damaged: cut short; remove it to train from the beginning") != std::string::npos);
  CHECK(damaged.out == "");
  folder.dir().write("c/last.safetensors", "what somebody else has saved under this name, which is not to be lost");
  const auto foreign = folder.run({"--data", folder.data(), "--checkpoint-dir", "c"});
  CHECK(foreign.exit_code == 2);
  CHECK(foreign.err.find("c/last.safetensors: is no checkpoint of tune-train-image") != std::string::npos);
}

TEST_CASE("with the last checkpoint torn it goes on from the one before, says so, and ends with the same weights") {
  const TrainerFolder folder;
  const auto run = [&](const std::string& directory, const std::string& epochs) {
    return folder.run({"--data", folder.data(), "--learning_rate", "0.02", "--checkpoint-dir", directory, "--epochs", epochs});
  };
  REQUIRE(run("c", "2").exit_code == 0);
  std::filesystem::resize_file(folder.dir() / "c/last.safetensors", 5000);
  const auto resumed = run("c", "3");
  REQUIRE_MESSAGE(resumed.exit_code == 0, resumed.err);
  CHECK(resumed.out.find("c/last.safetensors: damaged") != std::string::npos);
  CHECK(resumed.out.find("Going on from checkpoint \"c/previous.safetensors\" at epoch 1") != std::string::npos);
  CHECK(weights_of(resumed.out) == weights_of(run("d", "3").out));
}
