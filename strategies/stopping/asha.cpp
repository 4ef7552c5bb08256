#include "strategies/stopping/asha.hpp"

#include "strategies/stopping/halving.hpp"
#include "strategies/stopping/option_specs.hpp"

namespace tune::strategies {

Entry<StoppingPolicy> asha_entry() {
  Entry<StoppingPolicy> entry;
  entry.name = "asha";
  entry.doc = "asynchronous successive halving: at each rung the best of every few trials go on";
  entry.options = rung_option_specs();
  entry.options.push_back(int_option("brackets", 1, 1, "groups of trials; each begins one rung later than the one before"));
  entry.options.push_back(halving_mode_option());
  entry.make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
    auto rungs = rung_options_of(options);
    if (!rungs.ok()) return rungs.status();
    rungs->brackets = static_cast<std::size_t>(option<std::int64_t>(options, "brackets"));
    return make_halving("asha", *rungs, options);
  };
  return entry;
}

}  // namespace tune::strategies
