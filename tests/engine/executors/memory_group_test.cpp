#include <doctest/doctest.h>

#include "engine/executors/memory_group.hpp"
#include "tests/support/test_support.hpp"

/// Control groups for memory, by files as the kernel shows them.
namespace tune::engine {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr const char* kOld = "9:name=systemd:/\n4:cpu,memory:/jobs/one\n1:cpu:/\n0::/\n";
constexpr const char* kUnified = "0::/jobs/one\n";

std::string bytes(std::int64_t mebibytes) { return std::to_string(mebibytes * kMiB); }

TEST_CASE("a memory group is found by a process's membership, of version 1 where memory is counted there") {
  const test::TempDir root;
  root.write("memory/jobs/one/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  root.write("jobs/one/memory.events", "low 0\nhigh 7\nmax 12\noom 2\noom_kill 5\noom_group_kill 0\n");
  const auto old = MemoryGroup::find(kOld, root.path().string());
  REQUIRE(old);
  CHECK(old->oom_kills() == 3);
  CHECK(!old->remembers_the_dead());
  const auto unified = MemoryGroup::find(kUnified, root.path().string());
  REQUIRE(unified);
  CHECK(unified->oom_kills() == 5);
  CHECK(unified->remembers_the_dead());
  CHECK(*unified != *old);
  CHECK(*unified == *MemoryGroup::find("3:cpu:/jobs\n0::/jobs/one\n", root.path().string()));
  CHECK(!MemoryGroup::find("", root.path().string()));
  CHECK(!MemoryGroup::find("nonsense\n1:cpu:/\n", root.path().string()));
  // A container sees its own group as the root, and the path of the machine outside.
  root.write("memory.events", "oom_kill 9\n");
  CHECK(MemoryGroup::find("0::/outside/of/it\n", root.path().string())->oom_kills() == 9);
  CHECK(MemoryGroup::find("0::/\n", root.path().string())->oom_kills() == 9);
}

TEST_CASE("a memory group is full by what cannot be taken back, at its own limit or one above") {
  const test::TempDir root;
  const auto group = [&] { return *MemoryGroup::find(kUnified, root.path().string()); };
  root.write("jobs/one/memory.max", "max\n");
  root.write("jobs/one/memory.stat", "anon " + bytes(1000) + "\nfile " + bytes(9000) + "\nshmem 0\n");
  CHECK(!group().is_half_full_with(1000000 * kMiB));  // nothing limits it
  root.write("jobs/memory.max", bytes(4000) + "\n");
  root.write("jobs/memory.stat", "anon " + bytes(1200) + "\nfile " + bytes(9000) + "\nshmem " + bytes(300) + "\n");
  CHECK(!group().is_half_full_with(499 * kMiB));
  CHECK(group().is_half_full_with(500 * kMiB));
  root.write("jobs/one/memory.max", bytes(2100) + "\n");
  CHECK(!group().is_half_full_with(49 * kMiB));
  CHECK(group().is_half_full_with(50 * kMiB));

  root.write("memory/jobs/one/memory.limit_in_bytes", bytes(100) + "\n");
  root.write("memory/jobs/one/memory.stat", "cache 1\nrss 5\ntotal_rss " + bytes(20) + "\ntotal_shmem " + bytes(10) + "\n");
  const auto old = MemoryGroup::find(kOld, root.path().string());
  CHECK(!old->is_half_full_with(19 * kMiB));
  CHECK(old->is_half_full_with(20 * kMiB));
}

TEST_CASE("a machine's memory is full by what is available") {
  const test::TempDir root;
  const std::string meminfo = root.write("meminfo", "MemTotal:       1000000 kB\nMemFree:  100 kB\nMemAvailable:    900000 kB\n");
  CHECK(!machine_is_half_full_with(399999 * 1024, meminfo));
  CHECK(machine_is_half_full_with(400000 * 1024, meminfo));
  CHECK(machine_is_half_full_with(0, root / "absent"));
}

}  // namespace
}  // namespace tune::engine
