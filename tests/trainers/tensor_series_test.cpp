#include "trainers/log/tensor_series.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"
#include "tests/trainers/python_peer.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

namespace fs = std::filesystem;

const std::vector<Collection> kTwo = {Collection::kWeights, Collection::kLosses};

TensorSeries open_series(const TempDir& folder, std::int64_t next_step, std::int64_t every = 5,
                         const std::vector<Collection>& collections = kTwo) {
  auto series = TensorSeries::open(folder / "tensors", collections, every, next_step);
  REQUIRE_MESSAGE(series.ok(), series.failure().message);
  return std::move(series.value());
}

/// What a run does at the steps from `first` on, until it is killed before `end`.
void run(const TempDir& folder, std::int64_t first, std::int64_t end) {
  const TensorSeries series = open_series(folder, first);
  for (std::int64_t step = first; step < end; ++step) {
    if (!series.wants(step)) continue;
    const float values[] = {static_cast<float>(step), 0.5F};
    const std::string_view bytes(reinterpret_cast<const char*>(values), sizeof values);
    const std::vector<TensorView> tensors = {{"conv.weight", Dtype::kF32, {2, 1}, bytes}};
    for (const Collection collection : {Collection::kWeights, Collection::kGradients}) {
      REQUIRE_FALSE(series.write(step, collection, tensors));
    }
    const std::vector<TensorView> loss = {{"loss", Dtype::kF32, {}, bytes.substr(0, 4)}};
    REQUIRE_FALSE(series.write(step, Collection::kLosses, loss));
  }
}

std::set<std::string> files_in(const TempDir& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "tensors")) {
    if (!entry.is_directory()) names.insert(fs::relative(entry.path(), folder / "tensors").string());
  }
  return names;
}

}  // namespace

TEST_CASE("collections are named with commas between them") {
  CHECK(parse_collections("weights").value() == std::vector<Collection>{Collection::kWeights});
  CHECK(parse_collections("relu_outputs,losses,gradients,biases,weights").value().size() == 5);
  CHECK(collection_name(parse_collections("relu_outputs").value().front()) == "relu_outputs");
  for (const char* text : {"", "weights,", "Weights", "weights, losses", "all\x1B[2J"}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_collections(text).ok());
    CHECK(parse_collections(text).failure().message.find("is no collection of tensors; allowed: weights, ") != std::string::npos);
  }
  CHECK(parse_collections("weights,weights").failure().message.find("is named twice") != std::string::npos);
}

TEST_CASE("every N steps the collections that are wanted are written") {
  const TempDir folder;
  run(folder, 0, 11);
  CHECK(files_in(folder) == std::set<std::string>{"losses/0000000000.safetensors", "losses/0000000005.safetensors",
                                                  "losses/0000000010.safetensors", "weights/0000000000.safetensors",
                                                  "weights/0000000005.safetensors", "weights/0000000010.safetensors"});
  const auto file = read_safetensors(folder / "tensors/weights/0000000005.safetensors");
  REQUIRE(file.ok());
  CHECK(file.value().metadata == FlatObject{{"step", "5"}, {"collection", "weights"}});
  CHECK(file.value().tensor("conv.weight")->shape == std::vector<std::int64_t>{2, 1});
}

TEST_CASE("a run that goes on writes its steps again, and the series is that of a run that was not interrupted") {
  const TempDir straight;
  run(straight, 1, 40);
  const TempDir interrupted;
  run(interrupted, 1, 28);
  interrupted.write("tensors/weights/0000000030.safetensors.tmp", "killed while it was written");
  interrupted.write("tensors/gradients/0000000025.safetensors", "of a start with other collections");
  run(interrupted, 13, 33);
  const std::string other = interrupted.write("tensors/weights/notes.txt", "mine");
  run(interrupted, 33, 40);
  CHECK(read_file(other) == "mine");
  fs::remove(other);
  CHECK(files_in(interrupted) == files_in(straight));
  for (const std::string& name : files_in(straight)) {
    CHECK(read_file(interrupted.path() / "tensors" / name) == read_file(straight.path() / "tensors" / name));
  }
}

TEST_CASE("Python reads the series in its order") {
  const auto python = python_with("numpy, safetensors");
  if (!python) return;
  const TempDir folder;
  run(folder, 1, 11);
  const std::string script = R"(
import glob, sys
from safetensors import safe_open
for path in sorted(glob.glob(sys.argv[1] + "/weights/*.safetensors")):
    with safe_open(path, framework="np") as file:
        print(file.metadata()["collection"], int(file.metadata()["step"]), file.get_tensor("conv.weight").tolist())
)";
  CHECK(python_says(*python, script, {folder / "tensors"}) == "weights 5 [[5.0], [0.5]]\nweights 10 [[10.0], [0.5]]\n");
}

TEST_CASE("a directory that cannot be made is said") {
  const TempDir folder;
  const auto series = TensorSeries::open(folder.write("file", ""), kTwo, 1, 0);
  REQUIRE_FALSE(series.ok());
  CHECK(series.failure().message.find("weights: cannot be made for tensors") != std::string::npos);
}

TEST_CASE("losses alone need nothing but the loss") {
  const TempDir folder;
  const TensorSeries losses = open_series(folder, 0, 5, {Collection::kLosses});
  CHECK(losses.wants(5));
  CHECK_FALSE(losses.wants_more_than_losses(5));
  const TensorSeries both = open_series(folder, 0, 5, {Collection::kLosses, Collection::kBiases});
  CHECK(both.wants_more_than_losses(5));
  CHECK_FALSE(both.wants_more_than_losses(6));
}
