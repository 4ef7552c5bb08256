#pragma once

#include <optional>

#include "engine/report/ledger.hpp"
#include "tune/insight.hpp"

/// What the models in strategies/ say of a study, for the reports in engine/, which do not know them.
namespace tune::cli {

/// Must outlive what `views` gave.
class AskedModels {
 public:
  explicit AskedModels(const StudyRecord& study);
  [[nodiscard]] engine::ModelViews views() const { return {insight_ ? &*insight_ : nullptr, chances_}; }

 private:
  std::optional<Insight> insight_;
  std::vector<EndChance> chances_;
};

}  // namespace tune::cli
