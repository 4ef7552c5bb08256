#pragma once

#include <string>

#include "engine/config/study_spec.hpp"

namespace tune::engine {

/// Whether the study's rule may pause trials. REQUIRES: the rule can be made.
bool rule_pauses(const StudySpec& spec, const Registry& registry);

/// What keeps the study's trials, which are processes, from going on in a new attempt, with what is allowed; empty when nothing
/// does. A new attempt's log begins at a later step, so that steps cannot be counted.
std::string why_no_new_attempt(const StudySpec& spec);

}  // namespace tune::engine
