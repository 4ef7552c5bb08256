#include "engine/config/config.hpp"

#include <vector>

#include "engine/config/spec_json.hpp"
#include "engine/report/settings_text.hpp"
#include "tests/fuzz/targets.hpp"
#include "tune/registry.hpp"

namespace tune::fuzz {

namespace {

constexpr std::string_view kSetting = "#! ";

std::vector<std::string> settings_of(std::string_view text) {
  std::vector<std::string> settings;
  while (text.starts_with(kSetting)) {
    const std::string_view line = text.substr(0, text.find('\n'));
    settings.emplace_back(line.substr(kSetting.size()));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return settings;
}

}  // namespace

void run_config(std::string_view input) {
  static const Registry kRegistry = builtin();
  const engine::ConfigContext context{
      .working_directory = "/nowhere", .program_directory = "/nowhere", .settings = settings_of(input)};
  const auto loaded = engine::parse_config(input, "tune.yaml", kRegistry, context);
  if (!loaded.ok()) {
    require(!loaded.status().message().empty(), "an error has a message");
    require_plain(loaded.status().message());
    return;
  }
  for (const std::string& note : loaded->notes) require_plain(note);
  require_plain(engine::settings_text(loaded->spec));
  const std::string json = engine::spec_to_json(loaded->spec);
  const auto read = engine::spec_from_json(json);
  require(read.ok(), "what is recorded can be read: " + (read.ok() ? "" : read.status().message()));
  require(engine::spec_to_json(*read) == json, "what is recorded reads back the same");
  require(engine::spec_differences(loaded->spec, *read).empty(), "a config is that of its own record");
}

}  // namespace tune::fuzz
