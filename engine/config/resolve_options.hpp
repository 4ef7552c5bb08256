#pragma once

#include <string>
#include <vector>

#include "engine/config/study_spec.hpp"
#include "tune/records.hpp"
#include "tune/registry.hpp"
#include "tune/status.hpp"
#include "tune/study.hpp"

namespace tune::engine {

/// A study's recorded spec for this tune: options of its strategy and rules that an earlier one did not know are what their
/// defaults are now. Refuses options and values that are not known any more; names that the registry does not hold are left
/// alone.
Result<StudySpec> resolve_recorded(StudySpec spec, const Registry& registry);

/// The options of a strategy or policy as a library user gave them, checked against their specs, defaults filled in. The error
/// names the option, what was given and what is allowed.
Result<Options> resolve_options(const std::string& owner, const std::vector<OptionSpec>& specs, const Options& given);

/// A policy as a library user gave it, with those that it is made of.
Result<Named> resolve_policy(const Registry& registry, const Named& given);

/// The first points of a library user over `space`. The error names the point, the parameter, what was given and what is allowed.
Result<std::vector<Configuration>> resolve_initial(const Space& space, const std::vector<NamedValues>& given);

/// A library user's warm start with absolute directories; refuses none, too many, and one that is given twice.
Result<WarmStart> resolve_warm_start(const WarmStart& given);

}  // namespace tune::engine
