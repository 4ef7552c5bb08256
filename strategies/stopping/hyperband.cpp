#include "strategies/stopping/hyperband.hpp"

#include "strategies/stopping/halving.hpp"

namespace tune::strategies {

Entry<StoppingPolicy> hyperband_entry() {
  Entry<StoppingPolicy> entry;
  entry.name = "hyperband";
  entry.doc = "asha with as many brackets as there are rungs: also trials that begin slowly get their chance";
  entry.options = rung_option_specs();
  entry.options.push_back(halving_mode_option());
  entry.make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
    auto rungs = rung_options_of(options);
    if (!rungs.ok()) return rungs.status();
    rungs->brackets.reset();
    return make_halving("hyperband", *rungs, options);
  };
  return entry;
}

}  // namespace tune::strategies
