#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/support/fallible.hpp"
#include "trainers/support/safetensors.hpp"

namespace tune::trainer {

/// What can be saved while a run trains; the names are those of SageMaker Debugger's collections.
enum class Collection { kWeights, kGradients, kBiases, kLosses, kReluOutputs };

std::string_view collection_name(Collection collection);

/// "weights,losses". Fails on other names, on a name twice, and on none.
Fallible<std::vector<Collection>> parse_collections(std::string_view text);

/// Tensors of a run by step: DIRECTORY/COLLECTION/STEP.safetensors, STEP of ten digits, each file replaced in one step and on the
/// disk when write() returns. Not thread safe.
class TensorSeries {
 public:
  /// `next_step` is the first step that the run will write: files of it and of later ones, and what a crash has left half
  /// written, are removed, so that a run that goes on leaves no step out and none that it has not seen. Files with other names
  /// are left alone. REQUIRES: every > 0.
  static Fallible<TensorSeries> open(std::string directory, std::vector<Collection> collections, std::int64_t every,
                                     std::int64_t next_step);

  /// Whether this step is one of those: a multiple of `every`.
  [[nodiscard]] bool wants(std::int64_t step) const { return step % every_ == 0; }
  [[nodiscard]] bool wants(std::int64_t step, Collection collection) const;
  /// Of this step.
  [[nodiscard]] bool wants_more_than_losses(std::int64_t step) const;

  /// Nothing is written where this is not wanted. The metadata of the file are `step` and `collection`.
  Outcome write(std::int64_t step, Collection collection, std::span<const TensorView> tensors) const;

 private:
  TensorSeries(std::string directory, std::vector<Collection> collections, std::int64_t every)
      : directory_(std::move(directory)), collections_(std::move(collections)), every_(every) {}

  std::string directory_;
  std::vector<Collection> collections_;
  std::int64_t every_;
};

}  // namespace tune::trainer
