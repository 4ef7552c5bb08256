#pragma once

#include <string>
#include <vector>

#include "tune/registry.hpp"

namespace tune::cli {

/// The program: parses `arguments` (without the program's name), does what they say, returns the exit code. `registry` is what
/// configs may name.
int main_with(const std::vector<std::string>& arguments, Registry registry);

}  // namespace tune::cli
