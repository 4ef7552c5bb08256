#include "engine/config/init_config.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/config/located_yaml.hpp"
#include "engine/config/yaml_text.hpp"
#include "tune/metric_definition.hpp"
#include "tune/value.hpp"

namespace tune::engine {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSuggestions = 12;  // parameters; more are hardly searched by twenty trials

/// In single quotes, which YAML reads as they are.
std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("''") : std::string(1, c == '\n' || c == '\r' ? ' ' : c);
  return result + "'";
}

/// A name, in quotes only where YAML would read it as something else.
std::string name_text(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](unsigned char c) { return c < 0x80U && (std::isalnum(c) != 0 || c == '_' || c == '-'); });
  const bool starts = !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
  return plain && starts && plain_scalar(name).kind == YamlNode::Kind::kText ? name : in_quotes(name);
}

/// An item of the command that means itself.
std::string item(std::string_view text) {
  std::string word;
  for (const char c : text) word += c == '{' || c == '}' ? std::string(2, c) : std::string(1, c);
  return "  - " + in_quotes(word);
}

bool contains_any(const std::string& text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return text.find(part) != std::string::npos; });
}

std::string study_name(const fs::path& script) {
  std::string name;
  for (const char c : script.stem().string()) {
    const bool ascii =
        static_cast<unsigned char>(c) < 0x80U && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-');
    name += ascii ? c : '-';
  }
  if (name.empty() || std::isalnum(static_cast<unsigned char>(name[0])) == 0) name = "study" + name;
  return name.substr(0, 63);
}

std::vector<std::string> program_words(const std::string& path, std::string_view script) {
  const std::string extension = fs::path(path).extension().string();
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kInterpreters{
      {{".py", "python3"}, {".sh", "bash"}, {".R", "Rscript"}, {".jl", "julia"}, {".js", "node"}, {".lua", "lua"}}};
  for (const auto& [ending, interpreter] : kInterpreters) {
    if (extension == ending) return {std::string(interpreter), path};
  }
  if (script.starts_with("#!") && script.substr(0, script.find('\n')).find("python") != std::string_view::npos)
    return {"python3", path};
  return {path.find('/') == std::string::npos ? "./" + path : path};
}

/// One argument of the script turned into lines of a config.
class Suggestions {
 public:
  void add(const ScriptArgument& argument) {
    const YamlNode standard = plain_scalar(argument.default_text);
    const bool whole = argument.type == "int" || (argument.type.empty() && standard.kind == YamlNode::Kind::kInt);
    const bool real = argument.type == "float" || (argument.type.empty() && standard.kind == YamlNode::Kind::kFloat);
    const bool number = (whole || real) && standard.is_number() && std::isfinite(standard.number);
    if (argument.is_switch) return left_.push_back(argument.flag);
    if (number && whole && is_length(argument.name)) return add_static(argument, standard);
    const bool technical = contains_any(argument.name, {"seed", "worker", "port", "device", "gpu", "rank", "interval", "every",
                                                        "verbose", "log", "save", "thread", "cpu"}) &&
                           argument.choices.empty();
    if (!technical && parameters_.size() < kMaxSuggestions) {
      if (argument.choices.size() >= 2) return add_parameter(argument, categorical(argument.choices));
      if (number && real) return add_parameter(argument, float_range(argument.name, standard.number));
      if (number && whole && standard.number > 1.0) return add_parameter(argument, int_range(standard.whole));
    }
    if (!argument.required) return left_.push_back(argument.flag);
    command_ += item(argument.flag + "=CHANGE_ME") + "   # required by the script\n";
  }

  /// Something to start from when the script gave nothing away.
  void add_example() {
    parameters_.push_back(
        "  learning_rate: {type: float, min: 1e-5, max: 1.0, scale: log}   # an example: change it to what your program takes");
    command_ += "  - '--learning_rate={learning_rate}'\n";
  }

  [[nodiscard]] bool empty() const { return parameters_.empty(); }
  [[nodiscard]] const std::vector<std::string>& parameters() const { return parameters_; }
  [[nodiscard]] const std::string& fixed() const { return static_; }
  [[nodiscard]] const std::string& command() const { return command_; }
  [[nodiscard]] const std::vector<std::string>& left() const { return left_; }

 private:
  static bool is_length(const std::string& name) {
    return name == "epochs" || name == "num_epochs" || name == "n_epochs" || name == "max_epochs" ||
           contains_any(name, {"iterations", "max_steps", "num_steps"});
  }

  void add_words(const ScriptArgument& argument) {
    command_ += "  - " + in_quotes(argument.flag + "={" + argument.name + "}") + "\n";
  }
  void add_static(const ScriptArgument& argument, const YamlNode& standard) {
    static_ += (static_.empty() ? "" : ", ") + name_text(argument.name) + ": " + std::to_string(standard.whole);
    add_words(argument);
  }
  void add_parameter(const ScriptArgument& argument, const std::string& range) {
    if (range.empty()) return left_.push_back(argument.flag);
    const std::string was = argument.default_text.empty() ? "" : "   # default " + in_quotes(argument.default_text);
    parameters_.push_back("  " + name_text(argument.name) + ": {" + range + "}" + was);
    add_words(argument);
  }

  static std::string bounds(const char* type, double min, double max, const char* scale) {
    return std::string("type: ") + type + ", min: " + to_text(min) + ", max: " + to_text(max) +
           (*scale ? std::string(", scale: ") + scale : "");
  }
  static std::string float_range(const std::string& name, double standard) {
    if (contains_any(name, {"momentum", "beta", "gamma"}) && standard >= 0.0 && standard < 1.0)
      return bounds("float", 0.0, 0.999, "reverse_log");
    if (contains_any(name, {"drop", "prob", "ratio", "fraction"}) && standard >= 0.0 && standard <= 0.9)
      return bounds("float", 0.0, 0.9, "");
    if (standard == 0.0) return bounds("float", 0.0, contains_any(name, {"decay"}) ? 0.01 : 1.0, "");
    if (standard > 0.0 && (standard <= 0.1 || contains_any(name, {"lr", "rate", "decay"}))) {
      const double max = standard <= 1.0 ? std::min(standard * 100.0, 1.0) : standard * 100.0;
      return ranged(standard / 100.0, max, "log");
    }
    return standard > 0.0 ? ranged(standard / 4.0, standard * 4.0, "") : ranged(standard * 4.0, standard / 4.0, "");
  }
  /// Bounds that a person would write: three digits.
  static std::string ranged(double min, double max, const char* scale) {
    const auto rounded = [](double number) {
      char text[32];
      std::snprintf(text, sizeof text, "%.3g", number);
      return std::strtod(text, nullptr);
    };
    const bool usable = std::isfinite(min) && std::isfinite(max) && std::isnormal(rounded(min)) && std::isfinite(rounded(max)) &&
                        rounded(min) < rounded(max);
    return usable ? bounds("float", rounded(min), rounded(max), scale) : "";
  }
  static std::string int_range(std::int64_t standard) {
    constexpr std::int64_t kLargest = 1'000'000'000'000;
    if (standard > kLargest) return "";
    const std::int64_t min = std::max<std::int64_t>(1, standard / 4);
    return "type: int, min: " + std::to_string(min) + ", max: " + std::to_string(standard * 4);
  }
  static std::string categorical(const std::vector<std::string>& choices) {
    std::string text;
    std::vector<std::string> seen;
    for (const std::string& choice : choices) {
      if (std::find(seen.begin(), seen.end(), choice) != seen.end()) continue;
      seen.push_back(choice);
      text += (text.empty() ? "" : ", ") + in_quotes(choice);
    }
    return "type: categorical, values: [" + text + "]";
  }

  std::vector<std::string> parameters_;
  std::string static_;
  std::string command_;
  std::vector<std::string> left_;
};

bool is_better_higher(const std::string& name) {
  return !contains_any(name, {"loss", "err", "mse", "mae", "perplexity", "ppl", "time", "seconds"});
}

/// Validation before training, a score before a loss, what is neither last.
const ScriptMetric* pick_objective(const std::vector<ScriptMetric>& metrics) {
  const auto rank = [](const ScriptMetric& metric) {
    int points = 0;
    if (contains_any(metric.name, {"val", "test", "eval"})) points += 4;
    if (contains_any(metric.name, {"acc", "f1", "auc", "score", "bleu", "map"})) points += 2;
    if (contains_any(metric.name, {"loss", "err", "mse", "mae", "perplexity", "ppl"})) points += 1;
    if (contains_any(metric.name, {"time", "seconds", "speed", "lr", "learning"})) points -= 4;
    return points;
  };
  const auto best = std::max_element(metrics.begin(), metrics.end(),
                                     [&](const ScriptMetric& a, const ScriptMetric& b) { return rank(a) < rank(b); });
  return best == metrics.end() ? nullptr : &*best;
}

std::string metrics_text(const ScriptOutput& output) {
  std::string text = "metrics:\n";
  for (const ScriptMetric& metric : output.metrics) {
    text += "  - {name: " + name_text(metric.name) + ", regex: " + in_quotes(metric.regex);
    if (output.step) text += ", step: " + in_quotes(*output.step) + (output.from_zero ? ", step_offset: 1" : "");
    text += "}\n";
  }
  return text;
}

/// Only definitions that the parser takes.
void drop_unusable(ScriptOutput& output) {
  std::erase_if(output.metrics, [](const ScriptMetric& one) {
    return one.regex.size() > kMaxMetricRegexLength || one.name.size() > kMaxMetricNameLength;
  });
}

}  // namespace

std::string init_config(const std::string& script_path, std::string_view script) {
  script = script.substr(0, kMaxScannedScript);
  Suggestions suggestions;
  for (const ScriptArgument& argument : find_arguments(script)) suggestions.add(argument);
  if (suggestions.empty()) suggestions.add_example();
  ScriptOutput output = find_output(script);
  drop_unusable(output);
  const bool guessed = !output.metrics.empty();
  if (!guessed) output.metrics.push_back({"loss", R"(\bloss[=: ]+([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf))"});
  const ScriptMetric& objective = *pick_objective(output.metrics);

  std::string text =
      "# A first config for " + in_quotes(script_path) + ", guessed from its source: read it through before `tune run`.\n";
  text +=
      "# `tune check` says what is wrong with it and, with a log, what the definitions below read. All keys: "
      "docs/configuration.md\n";
  text += "name: " + name_text(study_name(script_path)) + "\n\n";
  text +=
      guessed
          ? "# The metric that counts, among those that the script seems to print.\n"
          : "# The metric that counts. No printed metric was found in the script: change this and `metrics` to what it prints.\n";
  text += "objective: {metric: " + name_text(objective.name) +
          ", goal: " + (is_better_higher(objective.name) ? "maximize" : "minimize") + "}\n\n";
  text +=
      "# What is searched: widen or narrow the ranges, delete what should stay as it is (here and in the "
      "command).\nparameters:\n";
  for (const std::string& line : suggestions.parameters()) text += line + "\n";
  if (!suggestions.fixed().empty()) text += "\n# The same for every trial.\nstatic: {" + suggestions.fixed() + "}\n";
  text += "\n# One word, one argument; no shell. {name} is a parameter's or static value.\ncommand:\n";
  for (const std::string& word : program_words(script_path, script)) text += item(word) + "\n";
  text += suggestions.command();
  if (!suggestions.left().empty()) {
    text += "# Left at their defaults:";
    for (const std::string& flag : suggestions.left()) text += " " + flag;
    text += "\n";
  }
  text += "\n# How the printed numbers are read: the first group is the value.\n" + metrics_text(output);
  if (output.reports) text += "# The script prints `@tune {...}` lines, which need no definitions.\n";
  text += output.step
              ? "early_stopping: median   # stops trials that do worse than the median of the finished ones at the same step\n"
              : "# early_stopping: median   # once the metrics above have a step pattern, such as step: 'epoch (\\d+)'\n";
  text += "\nlimits: {max_trials: 20, max_parallel: 1}\n";
  if (!check_yaml_text(text)) return text;
  // Bytes that YAML cannot hold: a config that says so with '?' is better than none.
  for (char& c : text) c = (c >= ' ' && c <= '~') || c == '\n' ? c : '?';
  return text;
}

Result<std::string> init_config(const std::string& script_path) {
  std::error_code error;
  if (fs::is_directory(script_path, error)) return Status::invalid(script_path + ": is a directory; allowed: a program");
  std::ifstream file(script_path, std::ios::binary);
  if (!file) return Status::invalid(script_path + ": cannot be read: " + std::strerror(errno));
  std::string script(kMaxScannedScript, '\0');
  file.read(script.data(), static_cast<std::streamsize>(script.size()));
  script.resize(static_cast<std::size_t>(file.gcount()));
  return init_config(script_path, script);
}

}  // namespace tune::engine
