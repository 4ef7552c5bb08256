#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/fuzz/targets.hpp"
#include "tests/support/test_support.hpp"

namespace {
namespace fs = std::filesystem;

fs::path seeds() { return tune::test::source_dir() / "tests" / "fuzz" / "seeds"; }

}  // namespace

TEST_CASE("every seed and every past finding of the fuzzers passes its target") {
  for (const tune::fuzz::Target& target : tune::fuzz::targets()) {
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(seeds() / target.name)) files.insert(entry.path());
    CHECK_MESSAGE(!files.empty(), target.name << " has seeds");
    target.run("");
    for (const fs::path& file : files) {
      CAPTURE(file.string());
      target.run(tune::test::read_file(file));  // ends the process when something does not hold
      CHECK(true);
    }
  }
}

TEST_CASE("there are no seeds without a target") {
  for (const auto& entry : fs::directory_iterator(seeds())) {
    const bool known = std::ranges::any_of(
        tune::fuzz::targets(), [&](const tune::fuzz::Target& target) { return entry.path().filename() == target.name; });
    CHECK_MESSAGE(known, entry.path().string());
  }
}
