#pragma once

#include <doctest/doctest.h>

#include "engine/config/config.hpp"
#include "tests/engine/config/test_registry.hpp"

/// A config that tests add keys to.
namespace tune::test::small_config {

/// Keys that every config needs; a test adds its own.
inline constexpr const char* kBase = R"(name: study
objective: {metric: accuracy, goal: maximize}
parameters:
  lr: {type: float, min: 1e-5, max: 1.0}
  opt: {type: categorical, values: [sgd, adam]}
  momentum: {type: float, min: 0, max: 0.9, when: {opt: sgd}}
command: [train, --lr, "{lr}", [--momentum, "{momentum}"]]
strategy: random
)";

inline const Registry& registry() { return config_registry(); }

inline Result<engine::LoadedConfig> parse(const std::string& text,
                                          engine::ConfigContext context = {.working_directory = "/",
                                                                           .program_directory = "/programs"}) {
  return engine::parse_config(text, "c.yaml", registry(), context);
}
inline engine::StudySpec spec(const std::string& text) {
  auto loaded = parse(text);
  REQUIRE_MESSAGE(loaded.ok(), loaded.status().message());
  return loaded->spec;
}
inline std::string error(const std::string& text) {
  const auto loaded = parse(text);
  REQUIRE(!loaded.ok());
  CHECK(loaded.status().code() == ErrorCode::kInvalid);
  return loaded.status().message();
}
/// The base with an end and more.
inline std::string with(const std::string& more) { return std::string(kBase) + "limits: {max_trials: 5}\n" + more; }

}  // namespace tune::test::small_config
