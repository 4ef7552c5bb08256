#pragma once

#include <string>

#include "engine/report/compare.hpp"
#include "engine/report/svg_plot.hpp"

/// A comparison for people, for programs, and as a picture (docs/early-stopping.md, "Comparing").
namespace tune::engine {

std::string comparison_text(const Comparison& comparison);
/// `{"schema": 1, "pairs": [...], "paired": {...}}`; a difference is the second arm less the first. Of one pair also its `arms`
/// and `difference` at the top.
std::string comparison_json(const Comparison& comparison);
/// The best value so far against training hours: every run faint, and for each arm the median over its runs.
Plot comparison_plot(const Comparison& comparison);

}  // namespace tune::engine
