#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/test_support.hpp"

/// Runs one case of a Python script of this folder: real processes, seen from outside.
inline void fault_case(const std::string& script, const std::string& name) {
  constexpr int kSkipped = 77;
  const auto path = tune::test::source_dir() / "tests/faults" / script;
  std::vector<std::string> environment;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  environment.emplace_back("TUNE_SANITIZED=1");  // whose memory is the sanitizer's
#endif
  const auto result = tune::test::run_process(
      {"python3", "-B", path.string(), "--tune", tune::test::program("tune").string(), name}, "", "", environment);
  INFO(name << ": " << result.out << result.err);
  if (result.exit_code == kSkipped) {
    MESSAGE(name << ": " << result.out);
    return;
  }
  CHECK(result.exit_code == 0);
}
