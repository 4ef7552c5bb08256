#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tune/registry.hpp"

/// The options of stopping rules, one line each.
namespace tune::strategies {

OptionSpec int_option(std::string name, std::optional<std::int64_t> default_value, std::int64_t min, std::string doc);
OptionSpec float_option(std::string name, std::optional<double> default_value, std::optional<double> min,
                        std::optional<double> max, std::string doc);
OptionSpec flag_option(std::string name, bool default_value, std::string doc);
/// The first word is the default.
OptionSpec choice_option(std::string name, std::vector<std::string> words, std::string doc);

}  // namespace tune::strategies
