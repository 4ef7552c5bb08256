#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "engine/config/config.hpp"
#include "tests/engine/config/test_registry.hpp"
#include "tests/support/test_support.hpp"

using namespace tune;
using namespace tune::engine;

// bad/NAME.yaml gets exactly the message in bad/NAME.expected. After a change that is meant, TUNE_UPDATE_EXPECTED=1 writes them
// anew for the eye of whoever commits them.
TEST_CASE("wrong configs and what they get") {
  namespace fs = std::filesystem;
  const fs::path folder = test::source_dir() / "tests/engine/config/bad";
  int seen = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    ++seen;
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    const auto loaded = parse_config(test::read_file(entry.path()), name, test::config_registry(),
                                     {.working_directory = "/", .program_directory = ""});
    REQUIRE(!loaded.ok());
    CHECK(loaded.status().code() == ErrorCode::kInvalid);
    const std::string message = loaded.status().message() + "\n";
    fs::path expected = entry.path();
    expected.replace_extension(".expected");
    if (std::getenv("TUNE_UPDATE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << message;
    CHECK(message == test::read_file(expected));
  }
  CHECK(seen >= 10);
}
