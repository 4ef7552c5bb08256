#pragma once

#include <string>

#include "strategies/curves/forward.hpp"
#include "strategies/curves/look.hpp"
#include "tune/stopping.hpp"

/// How the rules that predict put what they found.
namespace tune::strategies {

inline constexpr const char* kAllAlike = "the results of the completed trials, or what they had at this step, do not differ";

/// 1 or -1: a score times it is a value.
double score_sign(const Objective& objective);
/// "0.42 %".
std::string percent_text(double chance);
/// "accuracy 0.41 at step 5".
std::string trial_at(const StudyView& study, const TrialView& trial);
/// "the best result so far, 0.93", "the third best result, 0.9".
std::string bar_text(const StudyView& study, const Look& look, std::size_t top);
/// "0.71, give or take 0.05".
std::string forecast_text(const StudyView& study, const ResultForecast& forecast);
/// Why a look at too few completed trials decides nothing.
std::string too_few(const Look& look, std::size_t needed);

}  // namespace tune::strategies
