#include "engine/config/parameter_keys.hpp"

namespace tune::engine {

std::vector<SectionSpec> parameter_sections() {
  const KeySpec when{
      .name = "when",
      .type = KeyType::kCondition,
      .default_text = "always",
      .doc = "The parameter exists only while a categorical parameter has one of these values, as in `{optimizer: [sgd, nag]}`."};
  const KeySpec min{.name = "min", .type = KeyType::kNumber, .doc = "The smallest value.", .required = true};
  const KeySpec max{.name = "max", .type = KeyType::kNumber, .doc = "The largest value.", .required = true};
  const auto type = [](const char* name) {
    return KeySpec{.name = "type", .doc = "The kind of parameter.", .required = true, .allowed = {name}};
  };
  const KeySpec prior{.name = "prior",
                      .type = KeyType::kSection,
                      .default_text = "none",
                      .doc = "Where you believe the best value to be: the value, or a map with it and how sure you are.",
                      .section = "prior"};
  const KeySpec step{
      .name = "step", .type = KeyType::kNumber, .default_text = "none", .doc = "Only min, min + step, min + 2 step, ..."};
  const char* scale_doc = "How the range is walked; `auto` is log when min > 0 and max/min >= 100, else linear.";
  return {
      {.name = "parameters.float",
       .doc = "A real number.",
       .keys = {type("float"),
                min,
                max,
                {.name = "scale", .default_text = "auto", .doc = scale_doc, .allowed = {"auto", "linear", "log", "reverse_log"}},
                step,
                prior,
                when}},
      {.name = "parameters.int",
       .doc = "A whole number; the bounds lie within +-2^53.",
       .keys = {type("int"),
                min,
                max,
                {.name = "scale", .default_text = "auto", .doc = scale_doc, .allowed = {"auto", "linear", "log"}},
                step,
                prior,
                when}},
      {.name = "parameters.categorical",
       .doc = "One of a few values.",
       .keys = {type("categorical"),
                {.name = "values",
                 .type = KeyType::kValues,
                 .doc = "All different: texts, numbers, true or false.",
                 .required = true,
                 .max_entries = kMaxCategoricalValues},
                prior,
                when}},
      {.name = "prior",
       .doc = "A belief about one parameter; what each strategy makes of it: docs/search.md.",
       .keys = {{.name = "value",
                 .type = KeyType::kValue,
                 .doc = "In the parameter's range, or one of its values.",
                 .required = true},
                {.name = "confidence",
                 .default_text = "medium",
                 .doc =
                     "A number: a standard deviation of 1/2, 1/4 or 1/8 of the range on its scale. A category: 2, 4 or 8 times "
                     "as likely as each other one.",
                 .allowed = {"low", "medium", "high"}}},
       .short_key = "value"}};
}

}  // namespace tune::engine
