#pragma once

#include <cstdint>

#include "strategies/stopping/promotion.hpp"
#include "tune/registry.hpp"

namespace tune::strategies {

/// How far values that mean the same lie apart at a rung: of each pair of the bracket's trials there, of which now one and now
/// the other was ahead (twice changed, up to the rung), the distance at the last step that both reported; the 90th percentile of
/// these, linearly interpolated. 0 where no pair did so.
double indistinct_gap(const StudyView& study, const Rungs& rungs, std::size_t bracket, std::size_t rung);

/// Whether the trials at the rung stand in the order in which they stood one rung below, but for values there that lie no
/// further apart than `gap`. REQUIRES: rung >= 1.
bool ranked_alike(const StudyView& study, const Rungs& rungs, std::size_t bracket, std::size_t rung, double gap);

/// `pasha` for the registry: asha by promotion that goes higher only as long as rankings still change (docs/early-stopping.md;
/// Bohdal et al., "PASHA: efficient HPO and NAS with progressive resource allocation", ICLR 2023).
Entry<StoppingPolicy> pasha_entry();

}  // namespace tune::strategies
