#pragma once

#include <string>

#include "engine/report/ledger.hpp"

/// What trials cost on capacity that may be taken away, in SageMaker's words.
namespace tune::engine {

/// Seconds.
struct SpotCost {
  double training = 0.0;  ///< the running time of all attempts
  double billable = 0.0;  ///< what it would cost to pay for that, in seconds at the price of capacity that stays
  bool by_price = false;  ///< from the study's `spot.price`; else: without what was done again after interruptions

  SpotCost& operator+=(const SpotCost& other);
  /// Percent: (1 - billable / training) x 100; 0 while nothing ran.
  [[nodiscard]] double savings() const;
};

SpotCost spot_cost(const StudyRecord& study, const TrialRecord& trial, Until until = std::nullopt);
/// Of all trials.
SpotCost spot_cost(const StudyRecord& study, Until until = std::nullopt);

/// SageMaker's three lines, each ended by a newline and after `head`; empty where the study has no such capacity.
std::string spot_lines(const StudyRecord& study, const SpotCost& cost, const std::string& head = "");

}  // namespace tune::engine
