#pragma once

namespace tune::strategies {

/// P(T > t) of Student's t distribution with `degrees` of freedom (not necessarily whole). REQUIRES: degrees > 0; t is a number.
/// By the regularised incomplete beta function I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t^2), evaluated by its
/// continued fraction (Abramowitz and Stegun, 26.5.8, 26.7.1). Relative error below 1e-10 where the result is above 1e-200.
double student_tail(double t, double degrees);

}  // namespace tune::strategies
