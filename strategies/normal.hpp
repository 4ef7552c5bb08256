#pragma once

namespace tune::strategies {

/// Standard normal density, distribution function and its inverse (Wichura, algorithm AS 241, Applied Statistics 37(3), 1988:
/// about 16 digits). REQUIRES for the inverse: 0 < p < 1.
double normal_density(double z);
double normal_cdf(double z);
double normal_quantile(double p);

}  // namespace tune::strategies
