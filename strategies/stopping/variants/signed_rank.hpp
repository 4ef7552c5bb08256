#pragma once

#include <span>

namespace tune::strategies {

/// The one-sided p-value of Wilcoxon's signed-rank test that the differences tend to be positive. Zeros count half to each side.
/// Exact (all signs equally likely) for up to 50 differences without ties and zeros and for up to 13 with, else normal with the
/// correction for ties and none for continuity: scipy.stats.wilcoxon(d, alternative="greater", zero_method="zsplit") of
/// SciPy 1.17. REQUIRES: not empty, all finite.
double signed_rank_p(std::span<const double> differences);

}  // namespace tune::strategies
