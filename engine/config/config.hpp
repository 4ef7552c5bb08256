#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/study_spec.hpp"

namespace tune::engine {

struct ConfigContext {
  std::string working_directory;  ///< absolute; what relative paths in the config start from, and where trials run
  std::string program_directory;  ///< where the built-in trainers lie: the `tune` binary's; empty: looked up in PATH
  bool has_other_end = false;     ///< the command line brings an end of its own (`--max-trials`), so that the config needs none
  std::vector<std::string> settings = {};  ///< `KEY=VALUE`, in place of what the file has at KEY, a path as `limits.max_parallel`
  bool needs_program = true;  ///< false for a session, whose trials its caller runs: `command` and `trainer` may be absent
};

struct LoadedConfig {
  StudySpec spec;
  std::vector<std::string> notes;  ///< what is allowed and worth a second look
};

/// Reads a study from a YAML or JSON file of at most kMaxConfigBytes. Every error is in the one message, a line each, in the
/// order of the file: `FILE:LINE:COLUMN: KEY: given VALUE; allowed: ...; did you mean 'X'?`. Strategies and policies are those of
/// `registry`.
Result<LoadedConfig> load_config(const std::string& path, const Registry& registry, const ConfigContext& context);

/// The same from memory; `name` stands for the file in messages.
Result<LoadedConfig> parse_config(std::string_view text, const std::string& name, const Registry& registry,
                                  const ConfigContext& context);

/// A rule as `--early-stopping` takes it: `NAME`, `off` (none), `NAME:key=value,key=value`, or a map in YAML's flow style, as
/// `{name: any_of, rules: [median, patience]}`. Of the keys of `early_stopping` the rule's own options are allowed.
Result<std::optional<NamedOptions>> parse_stopping(std::string_view text, const Registry& registry, const Space& space);

/// The JSON Schema (draft-07) of a config, made from the tables that the parser uses.
std::string schema_json(const Registry& registry);

/// The tables of docs/configuration.md, in Markdown.
std::string options_markdown(const Registry& registry);

}  // namespace tune::engine
