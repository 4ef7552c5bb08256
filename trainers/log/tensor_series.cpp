#include "trainers/log/tensor_series.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "trainers/support/files.hpp"
#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::array kNames{std::pair{Collection::kWeights, std::string_view("weights")},
                            std::pair{Collection::kGradients, std::string_view("gradients")},
                            std::pair{Collection::kBiases, std::string_view("biases")},
                            std::pair{Collection::kLosses, std::string_view("losses")},
                            std::pair{Collection::kReluOutputs, std::string_view("relu_outputs")}};
constexpr std::size_t kStepDigits = 10;  // so that names sort as steps do
constexpr std::string_view kEnding = ".safetensors";

std::string file_name(std::int64_t step) {
  const std::string text = std::to_string(step);
  return std::string(kStepDigits - std::min(kStepDigits, text.size()), '0') + text + std::string(kEnding);
}

/// The step of a name that is one of ours, whole or half written.
std::optional<std::int64_t> step_of(std::string_view name) {
  const std::size_t digits = name.find_first_not_of("0123456789");
  const std::string_view ending = digits == std::string_view::npos ? "" : name.substr(digits);
  if (digits < kStepDigits || (ending != kEnding && ending != temporary_name(std::string(kEnding)))) return std::nullopt;
  return parse_number<std::int64_t>(name.substr(0, digits));
}

Outcome remove_from(const fs::path& folder, std::int64_t next_step) {
  std::error_code error;
  if (!fs::exists(folder, error)) return {};
  std::vector<fs::path> gone;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    const auto step = step_of(it->path().filename().string());
    if (step && (*step >= next_step || it->path().extension() != kEnding)) gone.push_back(it->path());
  }
  for (const fs::path& path : gone) {
    if (!error) fs::remove(path, error);
  }
  if (error) return Failure{folder.string() + ": cannot be cleared of old tensors: " + error.message()};
  return {};
}

}  // namespace

std::string_view collection_name(Collection collection) {
  return std::find_if(kNames.begin(), kNames.end(), [&](const auto& pair) { return pair.first == collection; })->second;
}

Fallible<std::vector<Collection>> parse_collections(std::string_view text) {
  constexpr const char* kAllowed = "; allowed: weights, gradients, biases, losses, relu_outputs, with commas between them";
  std::vector<Collection> collections;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    const std::string_view name = text.substr(0, comma);
    more = comma != std::string_view::npos;
    text.remove_prefix(more ? comma + 1 : text.size());
    const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& pair) { return pair.second == name; });
    if (found == kNames.end()) return Failure{"'" + shown(name) + "' is no collection of tensors" + kAllowed};
    if (std::find(collections.begin(), collections.end(), found->first) != collections.end()) {
      return Failure{"the collection " + std::string(name) + " is named twice" + kAllowed};
    }
    collections.push_back(found->first);
  }
  return collections;
}

Fallible<TensorSeries> TensorSeries::open(std::string directory, std::vector<Collection> collections, std::int64_t every,
                                          std::int64_t next_step) {
  for (const auto& [collection, name] : kNames) {
    const fs::path folder = fs::path(directory) / name;
    if (auto failure = remove_from(folder, next_step)) return *failure;
    std::error_code error;
    if (std::find(collections.begin(), collections.end(), collection) != collections.end()) fs::create_directories(folder, error);
    if (error) return Failure{folder.string() + ": cannot be made for tensors: " + error.message()};
  }
  return TensorSeries(std::move(directory), std::move(collections), every);
}

bool TensorSeries::wants(std::int64_t step, Collection collection) const {
  return wants(step) && std::find(collections_.begin(), collections_.end(), collection) != collections_.end();
}

bool TensorSeries::wants_more_than_losses(std::int64_t step) const {
  return wants(step) && std::ranges::any_of(collections_, [](Collection one) { return one != Collection::kLosses; });
}

Outcome TensorSeries::write(std::int64_t step, Collection collection, std::span<const TensorView> tensors) const {
  if (!wants(step, collection)) return {};
  const std::string name(collection_name(collection));
  const std::string path = (fs::path(directory_) / name / file_name(step)).string();
  return write_safetensors(path, tensors, {{"step", std::to_string(step)}, {"collection", name}});
}

}  // namespace tune::trainer
