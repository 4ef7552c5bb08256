#include "strategies/curves/backward.hpp"

#include <algorithm>
#include <cmath>

#include "strategies/curves/floors.hpp"
#include "strategies/curves/student.hpp"

namespace tune::strategies {
namespace {

constexpr std::size_t kLeastRows = 3;
constexpr std::size_t kGoodRank = 3;  ///< a good trial ends like the third best
constexpr double kRankWidth = 6.0;    ///< ranks within which trials count
constexpr double kSlopeRidge = 0.1;
constexpr double kCoefficients = 2.0;
constexpr double kLeastDegrees = 2.0;

}  // namespace

std::optional<double> chance_of_looking_like_this(const Look& look) {
  const std::size_t count = look.rows.size();
  if (count < kLeastRows) return std::nullopt;
  const auto lowest_level = level_floor(look.rows);
  const auto lowest_result = result_floor(look.rows);
  if (!lowest_level || !lowest_result) return std::nullopt;
  const double good = look.rows[std::min(count, kGoodRank) - 1].result;
  const double unit = (look.rows.front().result - *lowest_result) / (kFloorDepth + 1.0);  // best - median

  struct Term {
    double weight, level, result;
  };
  std::vector<Term> terms;
  terms.reserve(count);
  double s0 = 0.0, s1 = 0.0, s2 = kSlopeRidge, t0 = 0.0, t1 = 0.0;
  std::size_t rank = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Glimpse& row = look.rows[i];
    if (i > 0 && row.result < look.rows[i - 1].result) rank = i;
    const double distance = static_cast<double>(rank) / kRankWidth;
    const double root = 1.0 / (1.0 + distance * distance);
    const Term term{root * root, std::max(row.level, *lowest_level), (std::max(row.result, *lowest_result) - good) / unit};
    s0 += term.weight;
    s1 += term.weight * term.result;
    s2 += term.weight * term.result * term.result;
    t0 += term.weight * term.level;
    t1 += term.weight * term.result * term.level;
    terms.push_back(term);
  }
  const double determinant = s0 * s2 - s1 * s1;
  double mean = (t0 * s2 - t1 * s1) / determinant;
  double slope = (s0 * t1 - s1 * t0) / determinant;
  if (slope < 0.0) {  // better results from lower levels: no help
    slope = 0.0;
    mean = t0 / s0;
  }
  double residuals = 0.0;
  for (const Term& term : terms) {
    const double error = term.level - mean - slope * term.result;
    residuals += term.weight * error * error;
  }
  const double degrees = std::max(s0 - kCoefficients, kLeastDegrees);
  const double scale = std::sqrt(residuals / degrees * (1.0 + s2 / determinant));
  const double level = std::max(look.judged.level, *lowest_level);
  if (!std::isfinite(mean) || !std::isfinite(scale)) return std::nullopt;
  if (!(scale > 0.0)) return level < mean ? 0.0 : 1.0;
  return student_tail((mean - level) / scale, degrees);
}

}  // namespace tune::strategies
