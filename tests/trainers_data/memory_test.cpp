#include "trainers/support/memory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <limits>
#include <string>

#include "tests/support/test_support.hpp"

using tune::test::TempDir;
using tune::trainer::memory_limit;

TEST_CASE("what a process can have is the least of the machine's memory and its control groups' limits") {
  const TempDir folder;
  const auto limit = [&] { return memory_limit(folder / "groups", folder / "own"); };
  const std::int64_t machine = memory_limit(folder / "none", folder / "none");
  CHECK(machine > 0);
  CHECK(machine < std::numeric_limits<std::int64_t>::max());

  folder.write("own", "1:cpu:/elsewhere\n0::/outer/inner\n");
  folder.write("groups/outer/inner/memory.max", "max\n");
  CHECK(limit() == machine);
  folder.write("groups/outer/memory.max", "50000000\n");
  CHECK(limit() == 50'000'000);
  folder.write("groups/outer/inner/memory.max", "70000000\n");
  CHECK(limit() == 50'000'000);
  folder.write("groups/memory.max", "40000000\n");  // as a container sees its own
  CHECK(limit() == 40'000'000);
  folder.write("own", "0::/\n");
  CHECK(limit() == 40'000'000);
  folder.write("groups/memory.max", "");
  CHECK(limit() == machine);
}
