#include <doctest/doctest.h>

#include <regex>
#include <string>

#include "tests/trainers/trainer_runs.hpp"

using namespace tune::test;

TEST_CASE("it learns: far above chance after three epochs of generated images") {
  const TrainerFolder folder;
  const auto run = folder.run({"--generate", "--num_training_samples", "1000", "--epochs", "3", "--learning_rate", "0.02"});
  CHECK(run.exit_code == 0);
  CHECK(run.err == "");
  CHECK(last_accuracy(run.out) > 0.4);
  CHECK(last_accuracy(run.out) < 1.0);
}

TEST_CASE("every optimizer learns") {
  const TrainerFolder folder(500);
  for (const std::string name : {"sgd", "nag", "adam", "rmsprop"}) {
    CAPTURE(name);
    const std::string rate = name == "sgd" || name == "nag" ? "0.02" : "0.002";
    const auto run = folder.run({"--data", folder.data(), "--epochs", "4", "--learning_rate", rate, "--optimizer", name});
    CHECK(run.exit_code == 0);
    CHECK(last_accuracy(run.out) > 0.25);
  }
}

TEST_CASE("the log is SageMaker's") {
  const TrainerFolder folder;
  const auto run =
      folder.run({"--data", folder.data(), "--epochs", "2", "--learning_rate", "0.01", "--checkpoint-dir", "checkpoints"});
  REQUIRE(run.exit_code == 0);
  const std::string prefix = R"(\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d INFO \d+\] )";
  const auto seen = [&](const std::string& pattern) { return std::regex_search(run.out, std::regex(prefix + pattern + "\n")); };
  const std::string share = R"((0\.\d+|0|1))";
  for (const std::string epoch : {"0", "1"}) {
    CAPTURE(epoch);
    CHECK(seen("Epoch\\[" + epoch + "\\] Train-accuracy=" + share));
    CHECK(seen("Epoch\\[" + epoch + "\\] Train-loss=\\d+\\.\\d+"));
    CHECK(seen("Epoch\\[" + epoch + "\\] Time cost=\\d+\\.\\d{3}"));
    CHECK(seen("Epoch\\[" + epoch + "\\] Validation-accuracy=" + share));
    CHECK(seen("Epoch\\[" + epoch + "\\] Validation-loss=\\d+\\.\\d+"));
    CHECK(seen("Epoch\\[" + epoch + "\\] Batch \\[\\d+\\]#011Speed: \\d+\\.\\d{3} samples/sec#011accuracy=" + share));
  }
  CHECK_FALSE(seen("Epoch\\[2\\].*"));
  CHECK(seen("Storing the best model with validation accuracy: " + share));
  CHECK(seen("Saved checkpoint to \"checkpoints/last.safetensors\""));
}

TEST_CASE("the same seed repeats exactly, another does not") {
  const TrainerFolder folder;
  const auto with_seed = [&](const std::string& seed) {
    return folder.run({"--data", folder.data(), "--epochs", "2", "--learning_rate", "0.02", "--seed", seed}).out;
  };
  const std::string first = with_seed("1");
  CHECK(metrics_of(first).size() == 8);
  CHECK(metrics_of(with_seed("1")) == metrics_of(first));
  CHECK(weights_of(with_seed("2")) != weights_of(first));
}

TEST_CASE("a diverged run says nan, accuracy included, and ends at once") {
  const TrainerFolder folder;
  const auto run = folder.run({"--data", folder.data(), "--epochs", "2", "--learning_rate", "1e20"});
  CHECK(run.exit_code == 1);
  CHECK(run.err.find("diverged: the loss is no number in epoch 0, batch ") != std::string::npos);
  const auto metrics = metrics_of(run.out);
  CHECK(metrics.at("0 Train-loss") == "nan");
  CHECK(metrics.at("0 Validation-loss") == "nan");
  CHECK(metrics.at("0 Validation-accuracy") == "nan");
  CHECK_FALSE(metrics.contains("1 Train-loss"));
}

TEST_CASE("real Fashion-MNIST, gzip files") {
  const auto data = shared_data("images/fashion-mnist");
  if (!data) return;
  const TrainerFolder folder;
  const auto run =
      folder.run({"--data", data->string(), "--num_training_samples", "1500", "--epochs", "2", "--learning_rate", "0.02"});
  CHECK(run.exit_code == 0);
  CHECK(run.out.find("on 1500 images, validating on 10000") != std::string::npos);
  CHECK(last_accuracy(run.out) > 0.6);
}
