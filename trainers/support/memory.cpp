#include "trainers/support/memory.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

namespace tune::trainer {
namespace {

namespace fs = std::filesystem;

#ifdef __GLIBC__
constexpr int kKeptAtTop = std::numeric_limits<int>::max();  // bytes; mallopt takes no more
constexpr int kLargestFromHeap = 32 << 20;                   // bytes; the largest that glibc allows
#endif

/// Of that group and those it is in; "max" is none.
std::int64_t group_limit(const fs::path& root, const std::string& group) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (fs::path at = fs::path(group).relative_path();; at = at.parent_path()) {
    std::ifstream in(root / at / "memory.max");
    std::int64_t limit = 0;
    if (in >> limit) least = std::min(least, limit);
    if (at.empty()) return least;
  }
}

std::int64_t group_limit_of(const fs::path& root, const fs::path& own) {
  constexpr std::string_view kVersion2 = "0::";
  std::ifstream in(own);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kVersion2)) return group_limit(root, line.substr(kVersion2.size()));
  }
  return std::numeric_limits<std::int64_t>::max();
}

std::int64_t resource_limit(__rlimit_resource_t resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(limit.rlim_cur);
}

}  // namespace

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, kLargestFromHeap);
  mallopt(M_TRIM_THRESHOLD, kKeptAtTop);
#endif
}

std::int64_t memory_limit(const fs::path& root, const fs::path& own) {
  const std::int64_t machine = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return std::min({machine, group_limit_of(root, own), resource_limit(RLIMIT_AS), resource_limit(RLIMIT_DATA)});
}

}  // namespace tune::trainer
