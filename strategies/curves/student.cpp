#include "strategies/curves/student.hpp"

#include <cmath>

#include "tune/status.hpp"

namespace tune::strategies {
namespace {

constexpr int kMostTerms = 400;   ///< of the continued fraction; it converges in a few dozen where it is used
constexpr double kTiny = 1e-300;  ///< instead of a zero denominator (Lentz)
constexpr double kConverged = 1e-13;

double off_zero(double x) { return std::abs(x) < kTiny ? kTiny : x; }

/// The continued fraction of I_x(a, b) by Lentz's method. Converges fast for x < (a + 1) / (a + b + 2).
double fraction(double a, double b, double x) {
  double c = 1.0;
  double d = 1.0 / off_zero(1.0 - (a + b) * x / (a + 1.0));
  double value = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / off_zero(1.0 + even * d);
    c = off_zero(1.0 + even / c);
    value *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / off_zero(1.0 + odd * d);
    c = off_zero(1.0 + odd / c);
    value *= d * c;
    if (std::abs(d * c - 1.0) < kConverged) break;
  }
  return value;
}

/// std::lgamma writes a global variable; this needs only positive arguments, so the thread-safe variant will do.
double log_gamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

}  // namespace

double student_tail(double t, double degrees) {
  TUNE_CHECK(degrees > 0.0 && !std::isnan(t));
  if (std::isinf(t)) return t > 0.0 ? 0.0 : 1.0;
  const double a = 0.5 * degrees;
  const double b = 0.5;
  const double square = t * t;
  if (std::isinf(square)) return t > 0.0 ? 0.0 : 1.0;
  const double x = degrees / (degrees + square);
  const double rest = square / (degrees + square);  // 1 - x, without its cancellation
  double both = 1.0;                                // P(|T| > |t|)
  if (rest > 0.0) {
    const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) + b * std::log(rest));
    both = x < (a + 1.0) / (a + b + 2.0) ? front * fraction(a, b, x) / a : 1.0 - front * fraction(b, a, rest) / b;
  }
  return t > 0.0 ? 0.5 * both : 1.0 - 0.5 * both;
}

}  // namespace tune::strategies
