#include "strategies/curves/forward.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/curves/floors.hpp"
#include "strategies/curves/student.hpp"

namespace tune::strategies {
namespace {

constexpr std::size_t kLeastRows = 3;
constexpr double kWidth = 0.7;  ///< h, in standard deviations
constexpr double kSlopeRidge = 0.3;
constexpr double kOffsetRidge = 1e-3;
constexpr double kNoiseFloor = 0.006;  ///< of the variance of the results, added to the residuals' sum
constexpr double kCoefficients = 3.0;  ///< that the residuals paid for
constexpr double kLeastDegrees = 2.0;

struct Spread {
  double level = 1.0;
  double gain = 1.0;
  double result = 0.0;  ///< variance
};

double or_one(double deviation) { return deviation > 0.0 && std::isfinite(deviation) ? deviation : 1.0; }

Spread spread_of(const std::vector<Glimpse>& rows) {
  const auto count = static_cast<double>(rows.size());
  Glimpse mean;
  for (const Glimpse& row : rows) {
    mean.level += row.level / count;
    mean.gain += row.gain / count;
    mean.result += row.result / count;
  }
  Glimpse squares;
  for (const Glimpse& row : rows) {
    squares.level += (row.level - mean.level) * (row.level - mean.level) / count;
    squares.gain += (row.gain - mean.gain) * (row.gain - mean.gain) / count;
    squares.result += (row.result - mean.result) * (row.result - mean.result) / count;
  }
  return {or_one(std::sqrt(squares.level)), or_one(std::sqrt(squares.gain)), squares.result};
}

/// A row as the regression sees it: distances from the judged trial in standard deviations.
struct Term {
  double level = 0.0;
  double gain = 0.0;
  double rise = 0.0;  ///< result - level
  double weight = 0.0;
};

}  // namespace

double ResultForecast::chance_above(double than) const {
  if (!(scale > 0.0)) return mean >= than ? 1.0 : 0.0;
  return student_tail((than - mean) / scale, degrees);
}

std::optional<ResultForecast> forecast(const Look& look) {
  if (look.rows.size() < kLeastRows) return std::nullopt;
  const auto floor = result_floor(look.rows);
  if (!floor) return std::nullopt;
  std::vector<Glimpse> rows = look.rows;
  for (Glimpse& row : rows) {
    row.level = std::max(row.level, *floor);
    row.result = std::max(row.result, *floor);
  }
  const Spread spread = spread_of(rows);
  const double level = std::max(look.judged.level, *floor);

  // The normal equations of the weighted ridge regression, centred at the judged trial: the offset is the prediction there.
  std::vector<Term> terms;
  terms.reserve(rows.size());
  double a00 = kOffsetRidge, a01 = 0.0, a02 = 0.0, a11 = kSlopeRidge, a12 = 0.0, a22 = kSlopeRidge;
  double r0 = 0.0, r1 = 0.0, r2 = 0.0, weights = 0.0;
  for (const Glimpse& row : rows) {
    Term term{(row.level - level) / spread.level, (row.gain - look.judged.gain) / spread.gain, row.result - row.level, 0.0};
    term.weight = 1.0 / (1.0 + (term.level * term.level + term.gain * term.gain) / (kWidth * kWidth));
    const double w = term.weight;
    a00 += w;
    a01 += w * term.level;
    a02 += w * term.gain;
    a11 += w * term.level * term.level;
    a12 += w * term.level * term.gain;
    a22 += w * term.gain * term.gain;
    r0 += w * term.rise;
    r1 += w * term.level * term.rise;
    r2 += w * term.gain * term.rise;
    weights += w;
    terms.push_back(term);
  }
  const double i00 = a11 * a22 - a12 * a12, i01 = a02 * a12 - a01 * a22, i02 = a01 * a12 - a02 * a11;
  const double i11 = a00 * a22 - a02 * a02, i12 = a01 * a02 - a00 * a12, i22 = a00 * a11 - a01 * a01;
  const double determinant = a00 * i00 + a01 * i01 + a02 * i02;
  const double offset = (i00 * r0 + i01 * r1 + i02 * r2) / determinant;
  const double slope1 = (i01 * r0 + i11 * r1 + i12 * r2) / determinant;
  const double slope2 = (i02 * r0 + i12 * r1 + i22 * r2) / determinant;
  double residuals = kNoiseFloor * spread.result;
  for (const Term& term : terms) {
    const double error = term.rise - offset - slope1 * term.level - slope2 * term.gain;
    residuals += term.weight * error * error;
  }
  ResultForecast found;
  found.degrees = std::max(weights - kCoefficients, kLeastDegrees);
  found.mean = level + offset;
  found.scale = std::sqrt(residuals / found.degrees * (1.0 + i00 / determinant));
  if (!std::isfinite(found.mean) || !std::isfinite(found.scale)) return std::nullopt;
  return found;
}

}  // namespace tune::strategies
