#pragma once

#include <string>

#include "cli/context.hpp"

namespace tune::cli {

/// Completion scripts, made from the parser itself, so that they cannot miss a verb or an option.
std::string bash_completion(const CLI::App& app, const Context& context);
std::string zsh_completion(const CLI::App& app, const Context& context);
std::string fish_completion(const CLI::App& app, const Context& context);

}  // namespace tune::cli
