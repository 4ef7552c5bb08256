#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tune/stopping.hpp"

/// How the rules put their decisions.
namespace tune::strategies {

/// One number of a trial against a threshold.
struct Comparison {
  std::string judged;   ///< which number: "best accuracy so far"
  double value = 0.0;   ///< the trial's
  std::string against;  ///< what the threshold is: "the median of ..."
  double threshold = 0.0;
  std::vector<TrialId> references = {};
  bool stop = false;
};

/// The trial goes on, because no comparison was due.
Decision not_judged(std::string_view rule, const TrialView& trial, std::string why);
Decision compared(std::string_view rule, const TrialView& trial, Comparison comparison);

/// "1 completed trial", "3 completed trials".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace tune::strategies
