#include "engine/report/paired.hpp"

#include <cmath>
#include <numbers>

#include "tune/status.hpp"

namespace tune::engine {

namespace {

/// The chance that |T| < t: the finite sums for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4).
double chance_within(double t, int degrees) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(degrees)));
  const double cosine = std::cos(angle);
  const double square = cosine * cosine;
  const bool odd = degrees % 2 != 0;
  double term = odd ? cosine : 1.0;
  double sum = degrees == 1 ? 0.0 : term;
  for (int k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= square * static_cast<double>(k - 1) / static_cast<double>(k);
    sum += term;
  }
  const double wave = std::sin(angle) * sum;
  return odd ? (angle + wave) * 2.0 / std::numbers::pi : wave;
}

}  // namespace

double student_quantile(double tail, int degrees) {
  TUNE_CHECK(degrees >= 1 && tail > 0.0 && tail < 0.5);
  const double wanted = 1.0 - 2.0 * tail;
  double low = 0.0;
  double high = 1.0;
  while (chance_within(high, degrees) < wanted) high *= 2.0;
  for (int i = 0; i < 80; ++i) {
    const double middle = 0.5 * (low + high);
    (chance_within(middle, degrees) < wanted ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::optional<PairedDifference> paired_difference(std::span<const double> differences) {
  if (differences.empty()) return std::nullopt;
  PairedDifference paired{.pairs = static_cast<int>(differences.size())};
  const auto count = static_cast<double>(differences.size());
  for (const double one : differences) paired.mean += one / count;
  if (paired.pairs < 2) return paired;
  double variance = 0.0;
  for (const double one : differences) variance += (one - paired.mean) * (one - paired.mean) / (count - 1.0);
  const double half = student_quantile(0.5 * (1.0 - kPairedLevel), paired.pairs - 1) * std::sqrt(variance / count);
  paired.low = paired.mean - half;
  paired.high = paired.mean + half;
  return paired;
}

}  // namespace tune::engine
