#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/registry.hpp"

/// The keys of a config, once: the parser, the hints, the JSON Schema and the documentation all read these tables.
namespace tune::engine {

inline constexpr std::size_t kMaxConfigEntries = 1000;     ///< of one map or list of a config
inline constexpr std::size_t kMaxCategoricalValues = 256;  ///< of one parameter
inline constexpr std::size_t kMaxNameLength = 255;         ///< bytes
inline constexpr std::size_t kMaxHealthRules = 100;        ///< of one study; SageMaker Debugger: 20
inline constexpr double kMinGpuHours = 0.001;              ///< of limits.max_gpu_hours
inline constexpr double kMaxGpuHours = 1e9;

enum class KeyType {
  kText,
  kFlag,
  kInt,
  kNumber,
  kDuration,     ///< seconds, or 90s, 15m, 4h, 2d
  kIntOrShare,   ///< an int, or a share as `20%` or 0.2
  kShare,        ///< a share as `5%` or 0.05
  kIntOrMap,     ///< an int, or a map from a parameter's name to an int
  kValue,        ///< a scalar
  kValues,       ///< a list of scalars
  kCondition,    ///< a map from a parameter's name to a scalar or a list of scalars
  kIds,          ///< `auto` or a list of ids
  kWords,        ///< a list of words and of lists of words
  kTexts,        ///< a list of texts, none of them empty
  kValueMap,     ///< a map from free names to scalars
  kTextMap,      ///< a map from free names to scalars taken as text
  kSection,      ///< a map with the keys of `section`
  kSectionMap,   ///< a map from free names to such maps
  kSectionList,  ///< a list of such maps
  kPoints,       ///< a list of maps from a parameter's name to its value
  kParameters,   ///< a map from free names to one of the three parameter sections, by `type`
  kStrategy,     ///< a name or a map with the keys of a strategy's section
  kStopping,     ///< a name, `off`, or a map with the keys of a policy's section
  kRules,        ///< a list of names or maps with the keys of a rule's section, not empty
  kHealthRules,  ///< a list of maps with the keys of a health rule's section
};

struct KeySpec {
  std::string name = {};
  KeyType type = KeyType::kText;
  std::string default_text = {};  ///< as the documentation shows it; empty: none
  std::string doc = {};           ///< one line
  bool required = false;
  bool planned = false;            ///< refused by name
  std::optional<double> min = {};  ///< inclusive
  std::optional<double> max = {};
  std::vector<std::string> allowed = {};        ///< words; empty: any
  std::vector<std::string> planned_words = {};  ///< refused by name
  std::string planned_numbers = {};             ///< what a number that is beyond `max` or not whole would be
  std::string like = {};                        ///< the pattern in words
  std::string pattern = {};                     ///< of the text, or of the names of a map
  std::size_t max_length = 0;  ///< in bytes, of the text or of the names of a map, which then are not empty; 0: any
  std::size_t max_entries = kMaxConfigEntries;  ///< of a map or list
  std::string section = {};                     ///< for the section types
  std::string alias = {};                       ///< another spelling
};

struct SectionSpec {
  std::string name = {};  ///< empty: the top of the file
  std::string doc = {};
  std::vector<KeySpec> keys = {};
  std::string short_key = {};  ///< text (a scalar for kValue) alone is short for a map with this key

  [[nodiscard]] const KeySpec* find(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> known() const;  ///< names of the keys that are built
};

/// Every section but those of strategies and policies; the top comes first.
const std::vector<SectionSpec>& sections();
/// REQUIRES: there is one of that name.
const SectionSpec& section(std::string_view name);
/// The keys of the sections that the top holds, with their paths: `limits.max_trials`.
std::vector<std::string> section_keys();

/// The map that names a strategy, its options included.
SectionSpec strategy_section(const Entry<Strategy>& entry);
SectionSpec stopping_section(const Entry<StoppingPolicy>& entry);
/// The map that names a policy as one of the rules that another is made of.
SectionSpec rule_section(const Entry<StoppingPolicy>& entry);
SectionSpec health_section(const Entry<HealthRule>& entry);
/// The keys that all of them share.
SectionSpec strategy_section();
SectionSpec health_section();
SectionSpec stopping_section();
SectionSpec rule_section();

/// What a key takes, in words: `int >= 1`, `auto | linear`.
std::string allowed_text(const KeySpec& key);

/// Top-level keys of an AWS CreateHyperParameterTuningJob request.
const std::vector<std::string>& sagemaker_keys();

inline constexpr std::string_view kOff = "off";
inline constexpr std::string_view kDefaultStrategy = "bayesian";

}  // namespace tune::engine
