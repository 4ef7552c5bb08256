#include "strategies/bayesian/acquisition.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "strategies/normal.hpp"

using namespace tune::strategies;

namespace {

struct Known {
  double z;
  double value;
};
// mpmath, 60 digits and more
const Known kLogH[] = {
    {5, 1.6094379231264313851},        {0, -0.91893853320467274178},      {-1, -2.4851210257126413368},
    {-20, -206.91783850942509785},     {-24.999, -319.83638445968426551}, {-25, -319.86146358149595433},
    {-25.001, -319.88654370015288152}, {-100, -5010.1295788002497923},    {-1e4, -50000019.339619307157},
    {-1e7, -50000000000033.15513},
};

}  // namespace

TEST_CASE("log h is exact from z = 5 to z = -1e7") {
  for (const Known& known : kLogH) {
    CAPTURE(known.z);
    CHECK(std::abs(log_h(known.z) - known.value) <= 1e-12 * std::max(1.0, std::abs(known.value)));
  }
}

TEST_CASE("acquisitions have the derivatives they claim") {
  for (const auto kind :
       {AcquisitionKind::kLogExpectedImprovement, AcquisitionKind::kUpperConfidenceBound, AcquisitionKind::kPureExploration}) {
    const Acquisition acquisition(kind, 0.7, 1.8);
    for (const double mean : {-40.0, -3.0, 0.6999, 0.7, 2.0}) {
      for (const double sd : {1e-3, 0.2, 1.5}) {
        CAPTURE(mean);
        CAPTURE(sd);
        const auto at = acquisition(mean, sd);
        const double h = 1e-5 * sd;
        const double by_mean = (acquisition(mean + h, sd).value - acquisition(mean - h, sd).value) / (2.0 * h);
        const double by_sd = (acquisition(mean, sd + h).value - acquisition(mean, sd - h).value) / (2.0 * h);
        CHECK(at.by_mean == doctest::Approx(by_mean).epsilon(1e-5));
        CHECK(at.by_sd == doctest::Approx(by_sd).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("log expected improvement is finite wherever it is asked") {
  const Acquisition acquisition(AcquisitionKind::kLogExpectedImprovement, 0.0, 0.0);
  for (const double mean : {-1e300, -1e10, 0.0, 1e10, 1e300}) {
    for (const double sd : {1e-150, 1e-6, 1.0, 1e6}) CHECK(std::isfinite(acquisition(mean, sd).value));
  }
}

TEST_CASE("the normal quantile undoes the distribution function") {
  for (const double p : {1e-12, 1e-4, 0.07, 0.3, 0.5, 0.8, 0.975, 0.99999}) {
    CHECK(normal_cdf(normal_quantile(p)) == doctest::Approx(p).epsilon(1e-12));
  }
  CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-14));
}
