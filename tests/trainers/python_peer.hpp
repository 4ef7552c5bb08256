#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "tests/support/test_support.hpp"

/// Python packages that read and write the same formats as the trainer: what they say is the truth.
namespace tune::test {

/// A Python that imports all of `modules` ("numpy, safetensors"): that of .deps/venv, else python3. Where there is none it says
/// so.
inline std::optional<std::string> python_with(const std::string& modules) {
  for (const std::string& python : {(source_dir() / ".deps/venv/bin/python").string(), std::string("python3")}) {
    if (python.front() == '/' && !std::filesystem::exists(python)) continue;
    if (run_process({python, "-c", "import " + modules}).exit_code == 0) return python;
  }
  MESSAGE("skipped: no Python here imports " << modules << "; scripts/setup.sh --tests installs it");
  return std::nullopt;
}

/// What the script prints, the arguments being its sys.argv[1:].
inline std::string python_says(const std::string& python, const std::string& script, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {python, "-c", script});
  const ProcessResult result = run_process(arguments);
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  return result.out;
}

}  // namespace tune::test
