#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/health.hpp"
#include "tune/registry.hpp"

/// What the health rules share.
namespace tune::strategies {

/// Nothing is wrong.
Decision healthy(std::string_view rule);
/// The rule has found what it looks for.
Decision found(std::string_view rule, std::string reason, std::vector<std::pair<std::string, double>> numbers);

/// "gradient_norm/fc 3e-09 at step 7", of the newest value.
std::string said(const HealthSeries& series);
/// The values that the series have at exactly that step; a NaN is none.
std::vector<double> values_at(std::span<const HealthSeries> series, std::int64_t step);
/// How many values have come since the last one that was smaller than the smallest before by more than `delta`; the first number
/// counts as such, and a NaN as a value that was not.
std::int64_t values_since_optimum(const HealthSeries& series, double delta);

/// A regular expression over metric names.
OptionSpec metrics_option(std::string name, std::string doc, bool required = true);

/// The rule of `T`, whose constructor takes resolved options, as an entry's factory.
template <typename T>
auto made_of() {
  return [](const Space&, const Options& options) -> Result<std::unique_ptr<HealthRule>> {
    return std::unique_ptr<HealthRule>(std::make_unique<T>(options));
  };
}

}  // namespace tune::strategies
