#include "engine/config/init_config.hpp"

#include "engine/config/config.hpp"
#include "tests/fuzz/targets.hpp"
#include "tune/registry.hpp"

namespace tune::fuzz {

void run_init(std::string_view input) {
  static const Registry kRegistry = builtin();
  const std::string config = engine::init_config("train.py", input);
  const engine::ConfigContext context{.working_directory = "/nowhere", .program_directory = "/nowhere"};
  const auto loaded = engine::parse_config(config, "tune.yaml", kRegistry, context);
  require(loaded.ok(), "what `tune init` writes is a config: " + (loaded.ok() ? "" : loaded.status().message()));
}

}  // namespace tune::fuzz
