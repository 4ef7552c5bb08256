#pragma once

#include <optional>
#include <string_view>

#include "engine/config/study_spec.hpp"
#include "engine/journal/event.hpp"

/// A share of the trials that would be stopped runs on (docs/early-stopping.md, "The audit").
namespace tune::engine {

/// Whether the trial that `rule` decided to stop is spared: its number, drawn from (seed, trial, "audit"), is below the audit's
/// share. Pure: whoever completes a torn journal draws the same. None for what is no rule of `early_stopping`: divergence and
/// health rules.
std::optional<event::Spared> audit(const StudySpec& spec, TrialId trial, std::string_view rule);

}  // namespace tune::engine
