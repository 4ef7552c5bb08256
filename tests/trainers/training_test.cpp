#include <doctest/doctest.h>

#include <algorithm>
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

TEST_CASE("every kind of training learns the generated images, a ResNet too, in each precision") {
  const TrainerFolder folder(600, 100);
  const std::vector<std::string> common = {"--data",       folder.data(), "--epochs",           "3",
                                           "--num_layers", "20",          "--width_multiplier", "0.5",
                                           "--optimizer",  "adam",        "--learning_rate",    "0.003"};
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--lr_scheduler", "one_cycle"},
        {"--precision_dtype", "bfloat16"},
        {"--precision_dtype", "float16", "--num_layers=18", "--model=cnn"},
        {"--augmentation_type", "crop", "--pad", "1", "--lr_scheduler", "cosine", "--label_smoothing", "0.1"},
        {"--mixup_alpha", "0.2"}}) {
    CAPTURE(more.front());
    CAPTURE(more[1]);
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < common.size(); i += 2) {  // what `more` gives again counts
      const bool again = std::ranges::any_of(more, [&](const std::string& word) { return word.starts_with(common[i] + "="); });
      if (!again) arguments.insert(arguments.end(), {common[i], common[i + 1]});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto run = folder.run(arguments);
    REQUIRE_MESSAGE(run.exit_code == 0, run.err);
    CHECK(last_accuracy(run.out) > 0.3);  // a tenth by chance
    CHECK((run.err.find("float16 is emulated on a CPU") != std::string::npos) == (more[1] == "float16"));
  }
}

TEST_CASE("a batch of one image whose map is one pixel leaves the running statistics whole") {
  const TrainerFolder folder(33, 20);
  const auto run = folder.run({"--data", folder.data(), "--image_shape", "1,8,8", "--num_layers", "18", "--width_multiplier",
                               "0.0625", "--epochs", "1", "--learning_rate", "0.01", "--mini_batch_size", "32"});
  CHECK(run.exit_code == 0);
  CHECK(metrics_of(run.out).at("0 Validation-loss").find("nan") == std::string::npos);
}

TEST_CASE("mix-up ends for the smallest alpha, and SageMaker's line of top-k names the k") {
  const TrainerFolder folder(64, 20);
  const auto run = folder.run(
      {"--data", folder.data(), "--mixup_alpha", "1e-300", "--epochs", "1", "--learning_rate", "0.01", "--top_k", "50"});
  CHECK(run.exit_code == 0);
  CHECK(run.out.find("Epoch[0] Validation-top_k_accuracy_50=1\n") != std::string::npos);
  CHECK(run.out.find("Epoch[0] Train-top_k_accuracy_50=1\n") != std::string::npos);
}

TEST_CASE("early_stopping ends a run that no longer improves, and says so") {
  const TrainerFolder folder;
  const auto run = folder.run({"--data", folder.data(), "--epochs", "50", "--learning_rate", "0.02", "--early_stopping", "True",
                               "--early_stopping_min_epochs", "2", "--early_stopping_patience", "1", "--early_stopping_tolerance",
                               "10", "--checkpoint-dir", "c"});
  CHECK(run.exit_code == 0);
  CHECK(run.out.find("Early stopping: validation accuracy has not improved for 1 epochs") != std::string::npos);
  CHECK(run.out.find("Training is complete: 2 epochs") != std::string::npos);
  CHECK(run.out.find("Saved checkpoint") < run.out.find("Early stopping"));
}

TEST_CASE("checkpoint_frequency: every so many epochs, and at the end") {
  const TrainerFolder folder;
  const auto run = folder.run({"--data", folder.data(), "--epochs", "5", "--learning_rate", "0.02", "--checkpoint_frequency", "2",
                               "--checkpoint-dir", "c"});
  int saved = 0;
  for (std::size_t at = run.out.find("Saved checkpoint"); at != std::string::npos; at = run.out.find("Saved checkpoint", at + 1))
    ++saved;
  CHECK(saved == 3);
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
