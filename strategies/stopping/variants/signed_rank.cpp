#include "strategies/stopping/variants/signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "tune/status.hpp"

namespace tune::strategies {
namespace {

constexpr std::size_t kMostExact = 50;
constexpr std::size_t kMostPermuted = 13;

struct Ranks {
  std::vector<std::size_t> doubled;  ///< twice the rank of each |difference| that is not zero; ties share their mean rank
  std::size_t positive = 0;          ///< twice the sum of the ranks of the positive ones and half of those of the zeros
  std::size_t zeros = 0;             ///< twice half the sum of the zeros' ranks
  double ties = 0.0;                 ///< sum of t^3 - t over groups of t equal ones
  bool plain = true;                 ///< neither ties nor zeros
};

Ranks rank(std::span<const double> differences) {
  std::vector<double> sorted(differences.begin(), differences.end());
  std::ranges::sort(sorted, {}, [](double d) { return std::abs(d); });
  Ranks out;
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin + 1;
    while (end < sorted.size() && std::abs(sorted[end]) == std::abs(sorted[begin])) ++end;
    const std::size_t doubled = begin + end + 1;  // ranks begin + 1 ... end
    const auto tied = static_cast<double>(end - begin);
    out.ties += tied * tied * tied - tied;
    out.plain = out.plain && end - begin == 1 && sorted[begin] != 0.0;
    for (std::size_t i = begin; i < end; ++i) {
      if (sorted[i] != 0.0) out.doubled.push_back(doubled);
      if (sorted[i] > 0.0) out.positive += doubled;
    }
    if (sorted[begin] == 0.0) out.zeros = (end - begin) * doubled / 2;  // of m zeros: m (m + 1) / 2
    begin = end;
  }
  out.positive += out.zeros;
  return out;
}

/// The share of all choices of signs that give a sum of positive ranks at least as large.
double exact_p(const Ranks& ranks) {
  std::size_t most = 0;
  for (const std::size_t one : ranks.doubled) most += one;
  std::vector<double> share(most + 1, 0.0);
  share[0] = 1.0;
  for (const std::size_t one : ranks.doubled) {
    for (std::size_t sum = most + 1; sum-- > 0;) {
      share[sum] = 0.5 * share[sum] + (sum >= one ? 0.5 * share[sum - one] : 0.0);
    }
  }
  double p = 0.0;
  for (std::size_t sum = ranks.positive - ranks.zeros; sum <= most; ++sum) p += share[sum];
  return p;
}

}  // namespace

double signed_rank_p(std::span<const double> differences) {
  TUNE_CHECK(!differences.empty());
  const Ranks ranks = rank(differences);
  const std::size_t count = differences.size();
  if (count <= (ranks.plain ? kMostExact : kMostPermuted)) return exact_p(ranks);
  const auto n = static_cast<double>(count);
  const double mean = n * (n + 1.0) / 4.0;
  const double deviation = std::sqrt((n * (n + 1.0) * (2.0 * n + 1.0) - ranks.ties / 2.0) / 24.0);
  const double z = (static_cast<double>(ranks.positive) / 2.0 - mean) / deviation;
  return 0.5 * std::erfc(z / std::numbers::sqrt2);
}

}  // namespace tune::strategies
