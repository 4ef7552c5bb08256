#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trainers/support/fallible.hpp"

namespace tune::trainer {

/// Names and values of one JSON object in their order. Numbers keep the text they were written with; strings are unescaped.
using FlatObject = std::vector<std::pair<std::string, std::string>>;

/// Reads `{"name": number | string | true | false | null, ...}`, which is all that hyperparameters and checkpoint headers need.
/// Null members are left out. Errors (nested values, a name twice, anything after the object) name the byte offset.
Fallible<FlatObject> parse_flat_json(std::string_view text);

/// Writes it back, every value as a string.
std::string write_flat_json(const FlatObject& object);

}  // namespace tune::trainer
