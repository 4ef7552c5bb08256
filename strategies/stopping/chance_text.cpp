#include "strategies/stopping/chance_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "tune/space.hpp"

namespace tune::strategies {
namespace {

constexpr int kDigits = 3;  ///< significant ones, of what is an estimate

std::string rounded(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::general, kDigits);
  return {text.data(), end.ptr};
}

std::string ordinal(std::size_t number) {
  if (number == 2) return "second";
  if (number == 3) return "third";
  return std::to_string(number) + "th";
}

}  // namespace

double score_sign(const Objective& objective) { return objective.goal == Goal::kMaximize ? 1.0 : -1.0; }

std::string percent_text(double chance) { return rounded(100.0 * chance) + " %"; }

std::string trial_at(const StudyView& study, const TrialView& trial) {
  return study.objective().metric + " " + to_text(trial.objective().back().value) + " at step " +
         std::to_string(trial.last_step());
}

std::string bar_text(const StudyView& study, const Look& look, std::size_t top) {
  const std::size_t place = std::min(top, look.rows.size());
  const std::string value = to_text(score_sign(study.objective()) * look.rows[place - 1].result);
  return place == 1 ? "the best result so far, " + value : "the " + ordinal(place) + " best result so far, " + value;
}

std::string forecast_text(const StudyView& study, const ResultForecast& forecast) {
  return rounded(score_sign(study.objective()) * forecast.mean) + ", give or take " + rounded(forecast.scale);
}

std::string too_few(const Look& look, std::size_t needed) {
  return "step " + std::to_string(look.step) + " has " + std::to_string(look.rows.size()) + " of the " + std::to_string(needed) +
         " completed trials needed";
}

}  // namespace tune::strategies
