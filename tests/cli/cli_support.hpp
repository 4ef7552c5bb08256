#pragma once

#include <string>
#include <vector>

#include "tests/support/test_support.hpp"

/// What tests of the program share.
namespace tune::test {

/// Runs `tune` in `directory`, to its end.
inline ProcessResult tune(const std::vector<std::string>& arguments, const TempDir& directory,
                          const std::vector<std::string>& environment = {}) {
  std::vector<std::string> argv{program("tune").string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_process(argv, directory.path().string(), "", environment);
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace tune::test
