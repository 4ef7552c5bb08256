#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tune/registry.hpp"
#include "tune/stopping.hpp"

namespace tune::engine {

/// What would have had to differ for a trial to go on.
struct Difference {
  std::optional<double> value =
      {};              ///< at the judged step, the one nearest to what was reported; none: no value there would have done
  bool itself = true;  ///< that value would have done; else only what lies beyond it
  bool better = true;  ///< whether that is a better value; a rule may also stop what is too good
};

/// Asks `policy` again about a trial at its last step, with other values there: doubling distances from the reported one, the
/// better side first, then bisection. None when the policy does not stop the trial as it is (other decisions are not its own), or
/// when what was reported is no finite number. The record is that of the moment of the decision.
std::optional<Difference> difference_to_go_on(StudyRecord record, const StoppingPolicy& policy, TrialId trial, std::int64_t step);

/// The same for each recorded decision about a trial, in their order; each study as it was then is read from the journal.
/// Elements are none where nothing can be said.
Result<std::vector<std::optional<Difference>>> differences_to_go_on(const std::string& directory, const Registry& registry,
                                                                    TrialId trial);

}  // namespace tune::engine
