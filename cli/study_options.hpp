#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"

/// The options by which the command line overrides a config; shared by `run`, `compare` and `session`.
namespace tune::cli {

struct StudyOverrides {
  std::string config;
  std::string directory;  ///< empty: runs/NAME
  std::optional<std::uint64_t> seed;
  std::optional<std::int64_t> max_trials;
  std::optional<int> max_parallel;
  std::string early_stopping;              ///< as given; empty: the config's
  std::vector<std::string> settings = {};  ///< `KEY=VALUE` in place of the config's
};

/// `--seed`, `--max-trials`, `--max-parallel`, `--early-stopping`, `--dir`.
void add_overrides(CLI::App& verb, Context& context, StudyOverrides& overrides);
/// `--max-trials` and `--max-parallel`.
void add_limits(CLI::App& verb, std::optional<std::int64_t>& max_trials, std::optional<int>& max_parallel);

/// The config with the overrides applied; its notes go to stderr unless `--quiet`. `directory` is filled in.
/// `needs_program` as in ConfigContext.
Result<engine::StudySpec> load_study_spec(const Context& context, StudyOverrides& overrides, bool needs_program = true);

}  // namespace tune::cli
