#include "engine/config/study_spec.hpp"

#include <array>
#include <string_view>

namespace tune::engine {

namespace {
/// SageMaker's names for the number of epochs (HyperbandStrategyConfig.MaxResource).
constexpr std::array<std::string_view, 5> kEpochNames{"epochs", "num_epochs", "numepochs", "n_epochs", "n-epochs"};
}  // namespace

std::optional<std::int64_t> StudySpec::declared_max_step() const {
  if (max_step) return max_step;
  for (const std::string_view wanted : kEpochNames) {
    for (const auto& [key, value] : static_values) {
      const auto* epochs = std::get_if<std::int64_t>(&value);
      if (key == wanted && epochs != nullptr && *epochs > 0) return *epochs;
    }
  }
  return std::nullopt;
}

std::string StudySpec::stopping_name() const { return stopping ? shown_name(stopping->policy) : "off"; }

}  // namespace tune::engine
