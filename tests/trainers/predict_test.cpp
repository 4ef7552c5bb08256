#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/trainers/trainer_runs.hpp"
#include "tests/trainers_data/image_files.hpp"

/// A whole way: images in RecordIO files, a study that tunes on them, its report, and the best model asked about images.
using namespace tune::test;

namespace {

tune::trainer::Image image_of(const tune::trainer::ImageSet& set, std::size_t i) {
  const auto size = static_cast<std::size_t>(set.common_shape()->pixels());
  const auto pixels = set.pixels.subspan(i * size, size);
  return {.channels = 1,
          .height = set.common_shape()->height,
          .width = set.common_shape()->width,
          .pixels = {pixels.begin(), pixels.end()}};
}

std::string recordio(const tune::trainer::ImageSet& set) {
  std::string out;
  for (std::size_t i = 0; i < set.labels.size(); ++i)
    out += to_record(image_payload({static_cast<float>(set.labels[i])}, to_png(image_of(set, i)), i));
  return out;
}

}  // namespace

TEST_CASE("a study on RecordIO files with SageMaker's ranges ends in a report, and its best model knows the images") {
  const TempDir folder;
  const auto data = tune::trainer::generate_images(600);
  const auto validation = first_images(data.validation, 200);
  folder.write("train.rec", recordio(data.train));
  folder.write("val.rec", recordio(validation));
  const std::string config = folder.write("study.yaml", R"(
name: glyphs
objective: {metric: "validation:accuracy", goal: maximize}
trainer: image_classification
channels:
  train: {path: train.rec}
  validation: {path: val.rec}
parameters:
  learning_rate: {type: float, min: 1e-5, max: 1.0, scale: log}
  mini_batch_size: {type: int, min: 16, max: 64}
  optimizer: {type: categorical, values: [sgd, adam, rmsprop, nag]}
static: {num_classes: 10, num_training_samples: 600, epochs: 3, top_k: 3}
strategy: {name: bayesian, seed: 1}
early_stopping: median
rules: [{name: DeadRelu}]
limits: {max_trials: 5, max_parallel: 2}
output: best
)");
  const std::vector<std::string> environment = {"XDG_CACHE_HOME=" + (folder / "cache")};
  const auto study = run_process({program("tune").string(), "run", config}, folder.path().string(), "", environment);
  REQUIRE_MESSAGE(study.exit_code == 0, study.err);
  const auto report =
      run_process({program("tune").string(), "report", "runs/glyphs", "--format", "json"}, folder.path().string());
  REQUIRE(report.exit_code == 0);
  CHECK(report.out.find("\"validation:accuracy\"") != std::string::npos);
  const std::string model = folder / "best/best/model/model.safetensors";
  REQUIRE(std::filesystem::exists(model));

  std::vector<std::string> words = {program("tune-train-image").string(), "predict", model, "--json"};
  constexpr std::size_t kAsked = 100;
  for (std::size_t i = 0; i < kAsked; ++i) {
    const std::string encoded = i % 2 == 0 ? to_png(image_of(validation, i)) : to_jpeg(image_of(validation, i), {.quality = 100});
    words.push_back(folder.write("image" + std::to_string(i), encoded));
  }
  const auto said = run_process(words);
  REQUIRE_MESSAGE(said.exit_code == 0, said.err);
  std::istringstream lines(said.out);
  std::string line;
  std::size_t seen = 0;
  int right = 0;
  for (; std::getline(lines, line); ++seen) {
    const auto object = nlohmann::json::parse(line);
    CHECK(object["scores"].size() == 10);
    CHECK(object["top"].size() == 5);
    CHECK(object["top"][0]["probability"] >= object["top"][1]["probability"]);
    if (object["top"][0]["class"] == validation.labels[seen]) ++right;
  }
  CHECK(seen == kAsked);
  const auto best = nlohmann::json::parse(read_file(folder / "best/best/trial.json"));
  CAPTURE(best.dump());
  CHECK(right >= 35);  // 10 by chance
}

TEST_CASE("predict: what is wrong with a model or an image is said with its name") {
  const TempDir folder;
  const auto predict = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {program("tune-train-image").string(), "predict"});
    const auto result = run_process(words, folder.path().string());
    CHECK(result.exit_code == 2);
    return result.err;
  };
  CHECK(predict({}).find("give a model and at least one image") != std::string::npos);
  CHECK(predict({"m", "--bottom"}).find("unknown option --bottom") != std::string::npos);
  CHECK(predict({"m", "i", "--top", "0"}).find("--top is '0'; allowed: a whole number from 1") != std::string::npos);
  CHECK(predict({"m", "i"}).find("m: ") != std::string::npos);
  const TrainerFolder trained;
  REQUIRE(trained.run({"--data", trained.data(), "--epochs", "1", "--learning_rate", "0.02", "--model-dir", folder / "out"})
              .exit_code == 0);
  folder.write("broken.jpg", "\xFF\xD8\xFF no more of it");
  CHECK(predict({"out/model.safetensors", "missing.png"}).find("missing.png: cannot be read") != std::string::npos);
  CHECK(predict({"out/model.safetensors", "broken.jpg"}).find("broken.jpg: ") != std::string::npos);
  const auto both = run_process({program("tune-train-image").string(), "predict", "out/model.safetensors", "missing.png",
                                 folder.write("grey.png", to_png(make_image(1, 28, 28))), "--json"},
                                folder.path().string());
  CHECK(both.exit_code == 2);
  CHECK(both.err == "tune-train-image: error: missing.png: cannot be read\n");
  std::istringstream lines(both.out);
  std::string line;
  REQUIRE(std::getline(lines, line));
  CHECK(nlohmann::json::parse(line) == nlohmann::json{{"image", "missing.png"}, {"error", "missing.png: cannot be read"}});
  REQUIRE(std::getline(lines, line));
  CHECK(nlohmann::json::parse(line).at("scores").size() == 10);
  const auto text = run_process({program("tune-train-image").string(), "predict", folder / "out/model.safetensors",
                                 folder.write("grey.png", to_png(make_image(1, 28, 28))),
                                 folder.write("large.jpg", to_jpeg(make_image(3, 100, 60))), "--top", "3"});
  CHECK(text.exit_code == 0);
  CHECK(std::count(text.out.begin(), text.out.end(), '\n') == 2 * (1 + 3));
}
