#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "engine/config/config.hpp"
#include "tune/registry.hpp"

namespace tune::cli {

/// What every verb may use. A verb's parser puts what is to be done into `action`; its result is the exit code.
struct Context {
  Registry registry;
  OutputOptions output;
  std::string program_directory;  ///< of this program; tune-shim and tune-train-image lie beside it
  std::string working_directory;
  std::function<int()> action;
  std::map<const CLI::Option*, std::vector<std::string>> choices;  ///< what shell completion offers for an option or argument

  [[nodiscard]] engine::ConfigContext config_context() const {
    return {.working_directory = working_directory, .program_directory = program_directory};
  }
  [[nodiscard]] std::string shim_path() const { return program_directory + "/tune-shim"; }
};

/// The directory of a study that was not given one.
inline std::string default_directory(const std::string& study) { return "runs/" + study; }

}  // namespace tune::cli
