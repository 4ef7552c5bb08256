#include "trainers/options/settings.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test_support.hpp"

using namespace tune::test;
using tune::trainer::read_settings;

namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// Sets the variables the settings look at, all others of them unset, and puts the caller's back at the end.
class Environment {
 public:
  explicit Environment(const Variables& wanted) {
    for (const char* name :
         {"TUNE_PARAMS", "TUNE_CHANNEL_TRAIN", "TUNE_CHANNEL_VALIDATION", "TUNE_DATA_DIR", "TUNE_CHECKPOINT_DIR", "TUNE_SEED",
          "TUNE_CHANNEL_TRAIN_LST", "TUNE_CHANNEL_VALIDATION_LST", "SM_MODEL_DIR"}) {
      const char* value = std::getenv(name);
      before_.emplace_back(name, value == nullptr ? "" : value);
      unsetenv(name);
    }
    for (const auto& [name, value] : wanted) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : before_) setenv(name.c_str(), value.c_str(), 1);  // empty counts as unset
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  Variables before_;
};

}  // namespace

TEST_CASE("defaults are SageMaker's") {
  const Environment environment(Variables{});
  const auto settings = read_settings({"--generate"});
  REQUIRE(settings.ok());
  const auto& h = settings.value().hyperparameters;
  CHECK(h.optimizer == "sgd");
  CHECK(h.learning_rate == 0.1);
  CHECK(h.mini_batch_size == 32);
  CHECK(h.momentum == 0.9);
  CHECK(h.weight_decay == 1e-4);
  CHECK(h.beta_1 == 0.9);
  CHECK(h.beta_2 == 0.999);
  CHECK(h.eps == 1e-8);
  CHECK(h.gamma == 0.9);
  CHECK(h.epochs == 30);
}

TEST_CASE("an option beats the file, the file beats TUNE_PARAMS, TUNE_PARAMS beats the default") {
  const TempDir folder;
  const std::string file = folder.write("h.json", R"({"epochs": 3, "momentum": 0.5, "optimizer": "nag"})");
  const Environment environment(
      Variables{{"TUNE_PARAMS", R"({"epochs": 2, "momentum": 0.25, "learning_rate": 1.5e-3, "mini_batch_size": "64"})"}});
  const auto settings = read_settings({"--generate", "--epochs=4", "--hyperparameters", file});
  REQUIRE(settings.ok());
  const auto& h = settings.value().hyperparameters;
  CHECK(h.epochs == 4);
  CHECK(h.momentum == 0.5);
  CHECK(h.optimizer == "nag");
  CHECK(h.learning_rate == 1.5e-3);
  CHECK(h.mini_batch_size == 64);
  CHECK(h.gamma == 0.9);
}

TEST_CASE("SageMaker's tuner's own name is ignored; other unknown names are refused with the nearest") {
  {
    const Environment environment(Variables{{"TUNE_PARAMS", R"({"_tuning_objective_metric": "validation:accuracy"})"}});
    CHECK(read_settings({"--generate"}).ok());
  }
  const Environment environment(Variables{{"TUNE_PARAMS", R"({"learning_rat": 0.1})"}});
  const auto settings = read_settings({"--generate"});
  REQUIRE_FALSE(settings.ok());
  CHECK(settings.failure().message == "TUNE_PARAMS: unknown hyperparameter learning_rat; did you mean learning_rate?");
}

TEST_CASE("the model is a ResNet where something says so; what has no effect is noted") {
  const Environment environment(Variables{});
  CHECK(read_settings({"--generate"}).value().hyperparameters.model == "cnn");
  CHECK(read_settings({"--generate", "--num_layers=50"}).value().hyperparameters.model == "resnet");
  CHECK(read_settings({"--generate", "--use_pretrained_model=1", "--pretrained=w"}).value().hyperparameters.model == "resnet");
  const auto noted = read_settings({"--generate", "--model=cnn", "--num_layers=50"});
  REQUIRE(noted.ok());
  CHECK(noted.value().notes == std::vector<std::string>{"num_layers has no effect on the model cnn"});
}

TEST_CASE("TUNE_PARAMS that is not an object, or out of range, is refused") {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"[1]", "TUNE_PARAMS: not a flat JSON object: byte 0: expected {"},
           {R"({"epochs": {"a": 1}})", "TUNE_PARAMS: not a flat JSON object: byte 11"},
           {R"({"epochs": 0})", "TUNE_PARAMS: epochs is '0'; allowed: a whole number >= 1 and <= 1000000"}}) {
    CAPTURE(text);
    const Environment environment(Variables{{"TUNE_PARAMS", text}});
    const auto settings = read_settings({"--generate"});
    REQUIRE_FALSE(settings.ok());
    CHECK(settings.failure().message.starts_with(message));
  }
}

TEST_CASE("where the data are: --data, TUNE_CHANNEL_TRAIN, TUNE_DATA_DIR") {
  const Environment environment(
      Variables{{"TUNE_CHANNEL_TRAIN", "channel"}, {"TUNE_CHANNEL_VALIDATION", "other"}, {"TUNE_DATA_DIR", "folder"}});
  const auto given = read_settings({"--data", "given"});
  REQUIRE(given.ok());
  CHECK(given.value().data.train == "given");
  CHECK(given.value().data.validation == "given");
  const auto channel = read_settings({});
  REQUIRE(channel.ok());
  CHECK(channel.value().data.train == "channel");
  CHECK(channel.value().data.validation == "other");
  const auto generate = read_settings({"--generate"});
  REQUIRE(generate.ok());
  CHECK(generate.value().data.generate);
  CHECK(generate.value().data.train == "");

  const Environment fewer(Variables{{"TUNE_DATA_DIR", "folder"}});
  const auto folder = read_settings({});
  REQUIRE(folder.ok());
  CHECK(folder.value().data.train == "folder");
  CHECK(folder.value().data.validation == "folder");
  const Environment word(Variables{{"TUNE_DATA_DIR", "generated"}});
  const auto generated = read_settings({});
  REQUIRE(generated.ok());
  CHECK(generated.value().data.generate);
}

TEST_CASE("seed and checkpoint directory: option before environment") {
  const Environment environment(
      Variables{{"TUNE_SEED", "18446744073709551615"}, {"TUNE_CHECKPOINT_DIR", "there"}, {"TUNE_DATA_DIR", "generated"}});
  const auto from_environment = read_settings({});
  REQUIRE(from_environment.ok());
  CHECK(from_environment.value().seed == 18446744073709551615ULL);
  CHECK(from_environment.value().checkpoint_directory == "there");
  const auto given = read_settings({"--seed", "4", "--checkpoint-dir=here"});
  REQUIRE(given.ok());
  CHECK(given.value().seed == 4);
  CHECK(given.value().checkpoint_directory == "here");
  const Environment bad(Variables{{"TUNE_SEED", "x"}, {"TUNE_DATA_DIR", "generated"}});
  CHECK_FALSE(read_settings({}).ok());
}

TEST_CASE("options that are not right: the message names them and says what is allowed") {
  const Environment environment({});
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& message) {
    const auto settings = read_settings(arguments);
    REQUIRE_FALSE(settings.ok());
    CAPTURE(settings.failure().message);
    CHECK(settings.failure().message.find(message) != std::string::npos);
  };
  refused({"--learning-rate", "0.1"}, "unknown option --learning-rate; did you mean --learning_rate?");
  refused({"--frobnicate"}, "unknown option --frobnicate; see --help");
  refused({"data"}, "'data' is not an option");
  refused({"--data"}, "--data needs a value");
  refused({"--generate=yes"}, "--generate takes no value");
  refused({"--generate", "--epochs", "2", "--epochs=3"}, "--epochs is given twice");
  refused({"--generate", "--data", "x"}, "exclude each other");
  refused({"--generate", "--learning_rate", "fast"}, "learning_rate is 'fast'; allowed: a number > 0");
  refused({"--generate", "--learning_rate", "0"}, "learning_rate is '0'; allowed: a number > 0");
  refused({"--generate", "--learning_rate", "nan"}, "learning_rate is 'nan'");
  refused({"--generate", "--momentum", "1.5"}, "momentum is '1.5'; allowed: a number >= 0 and <= 1");
  refused({"--generate", "--mini_batch_size", "2.5"}, "mini_batch_size is '2.5'; allowed: a whole number >= 1 and <= 65536");
  refused({"--generate", "--optimizer", "lion"}, "optimizer is 'lion'; allowed: sgd, adam, rmsprop or nag");
  refused({"--generate", "--model", "vgg"}, "model is 'vgg'; allowed: auto, cnn or resnet");
  refused({"--generate", "--num_layers", "19"}, "num_layers is '19'; allowed: 18, 34, 50, 101, 152, 20, 32, 44, 56 or 110");
  refused({"--generate", "--image_shape", "3,224"}, "image_shape is '3,224'; allowed: channels (1 or 3), height and width");
  refused({"--generate", "--lr_scheduler_step", "20,10"}, "lr_scheduler_step is '20,10'; allowed: growing epochs");
  refused({"--generate", "--lr_scheduler_step", "10,"}, "lr_scheduler_step is '10,'");
  refused({"--generate", "--multi_label", "yes"}, "multi_label is 'yes'; allowed: 0, 1, false or true");
  refused({"--generate", "--use_pretrained_model", "1"}, "--pretrained FILE does not say with which weights");
  refused({"--generate", "--pretrained", "w"}, "use_pretrained_model is 0");
  refused({"--generate", "--seed", "-1"}, "--seed is '-1'");
  refused({"--generate", "--device", "tpu"}, "--device is 'tpu'; allowed: auto, cpu, cuda or cuda:N");
  refused({"--generate", "--hyperparameters", "missing.json"}, "--hyperparameters missing.json cannot be read");
}

TEST_CASE("docs/trainer.md knows every hyperparameter") {
  const std::string text = read_file(source_dir() / "docs/trainer.md");
  for (const auto& info : tune::trainer::hyperparameter_table()) {
    CAPTURE(info.name);
    CHECK(text.find("`" + std::string(info.name) + "`") != std::string::npos);
  }
}
