#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/status.hpp"

/// `tune init SCRIPT`: a first config for somebody's own program, guessed from its source.
namespace tune::engine {

inline constexpr std::size_t kMaxScannedScript = 1024 * 1024;  ///< bytes of a script that are looked at

/// An option of the script's command line, as argparse or click declare it.
struct ScriptArgument {
  std::string flag;                  ///< `--learning-rate`
  std::string name;                  ///< `learning_rate`
  std::string type;                  ///< `int`, `float`, `str`, ...; empty: not said
  std::string default_text;          ///< literal as written, quotes removed; empty: none
  std::vector<std::string> choices;  ///< likewise
  bool is_switch = false;            ///< takes no value
  bool required = false;
};
std::vector<ScriptArgument> find_arguments(std::string_view script);

/// A number that the script prints behind a label.
struct ScriptMetric {
  std::string name;   ///< `val_acc`
  std::string regex;  ///< reads what is printed
};
struct ScriptOutput {
  std::vector<ScriptMetric> metrics;
  std::optional<std::string> step;  ///< regex of the epoch or step
  bool from_zero = false;           ///< the printed step seems to be counted from 0
  bool reports = false;             ///< it prints `@tune` lines
};
ScriptOutput find_output(std::string_view script);

/// A commented config that runs `script_path`; it parses as it stands whatever the script holds.
std::string init_config(const std::string& script_path, std::string_view script);

/// The same for a file; the error says why it cannot be read.
Result<std::string> init_config(const std::string& script_path);

}  // namespace tune::engine
