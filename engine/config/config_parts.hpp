#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.hpp"
#include "engine/config/diagnostics.hpp"
#include "engine/config/section_reader.hpp"

/// The parts that load_config is made of; each reports its errors and gives the best it can.
namespace tune::engine {

/// Puts a setting `KEY=VALUE` of the command line into a config's map: VALUE is YAML, at `early_stopping` also as behind
/// --early-stopping. What it replaces gives it its place in messages.
Status apply_setting(YamlNode& root, const std::string& setting);

/// `NAME`, `NAME:key=value,key=value` or a map in YAML's flow style, as the map it stands for.
Result<YamlNode> inline_rule(std::string_view text);

/// `parameters`. A parent comes before its children whatever the order of the file, which is otherwise kept.
Space read_parameters(const YamlNode& map, std::string_view path, Diagnostics& errors);

/// `initial`, whose shape is right.
std::vector<Configuration> read_initial(const YamlNode& list, std::string_view path, const Space& space, Diagnostics& errors);

/// A scalar as a parameter's or static value.
Value scalar_value(const YamlNode& node);

/// `command`; names are those of the space and of `static_values`.
std::vector<CommandPart> read_command(const YamlNode& list, std::string_view path, const Space& space,
                                      const std::vector<std::pair<std::string, Value>>& static_values, Diagnostics& errors);

/// `metrics`, each compiled.
std::vector<MetricDefinition> read_metrics(const YamlNode& list, std::string_view path, Diagnostics& errors);

/// How trials are carried out: `resources`, `executor`, `retry`, `spot`, `channels`, `output`. After `limits`.
void read_execution(const SectionReader& top, const std::string& working_directory, StudySpec& spec, Diagnostics& errors);

struct StrategyChoice {
  NamedOptions strategy;
  std::uint64_t seed = 0;
  int lookahead = 0;
};
/// `strategy`; null stands for the default. `space_ok`: the space may be shown to the strategy for its consent.
StrategyChoice read_strategy(const YamlNode* node, YamlMark top, std::string_view path, const Registry& registry,
                             const Space& space, bool space_ok, Diagnostics& errors);

/// The value of an option whose type is neither kRules nor wrong.
OptionValue option_value(const YamlNode& node, OptionType type);

struct TrainerPreset;
/// `rules`, the health rules, each with its consent. What a rule looks at may be left out where the trainer (null: none is named)
/// prints it.
std::vector<HealthSpec> read_rules(const YamlNode& list, std::string_view path, const Registry& registry,
                                   const TrainerPreset* trainer, const Space& space, bool space_ok, Diagnostics& errors);
/// A note for each pattern of a rule that names none of the metrics that are defined or that the trainer prints.
std::vector<std::string> unread_rules(const StudySpec& spec, const Registry& registry);

/// `early_stopping`; none when it is off or wrong.
std::optional<StoppingSpec> read_stopping(const YamlNode& node, std::string_view path, const Registry& registry,
                                          const Space& space, bool space_ok, Diagnostics& errors);

}  // namespace tune::engine
