#include "strategies/stopping/option_specs.hpp"

#include <utility>

namespace tune::strategies {

OptionSpec int_option(std::string name, std::optional<std::int64_t> default_value, std::int64_t min, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = OptionType::kInt;
  if (default_value) spec.default_value = *default_value;
  spec.min = static_cast<double>(min);
  spec.doc = std::move(doc);
  return spec;
}

OptionSpec float_option(std::string name, std::optional<double> default_value, std::optional<double> min,
                        std::optional<double> max, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = OptionType::kFloat;
  if (default_value) spec.default_value = *default_value;
  spec.min = min;
  spec.max = max;
  spec.doc = std::move(doc);
  return spec;
}

OptionSpec flag_option(std::string name, bool default_value, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = OptionType::kBool;
  spec.default_value = default_value;
  spec.doc = std::move(doc);
  return spec;
}

OptionSpec choice_option(std::string name, std::vector<std::string> words, std::string doc) {
  OptionSpec spec;
  spec.name = std::move(name);
  spec.type = OptionType::kString;
  spec.default_value = words.front();
  spec.allowed = std::move(words);
  spec.doc = std::move(doc);
  return spec;
}

}  // namespace tune::strategies
