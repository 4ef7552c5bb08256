#include "engine/executors/gpu_memory.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/process_table.hpp"

namespace tune::engine {
namespace {

constexpr std::size_t kEnvironmentLimit = 4 * 1024 * 1024;  ///< bytes
constexpr int kMostAncestors = 256;

/// The directory itself, or one in it.
bool names_directory(std::string_view environment, const std::string& directory) {
  const std::string wanted = std::string(kDirectoryVariable) + "=" + directory;
  for (std::size_t at = 0; at < environment.size();) {
    const std::size_t end = std::min(environment.find('\0', at), environment.size());
    const std::string_view entry = environment.substr(at, end - at);
    if (entry.starts_with(wanted) && (entry.size() == wanted.size() || entry[wanted.size()] == '/')) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

bool is_of_attempt(pid_t pid, const std::string& directory) {
  for (int step = 0; pid > 1 && step < kMostAncestors; ++step) {
    const auto environment = read_small_file("/proc/" + std::to_string(pid) + "/environ", kEnvironmentLimit);
    if (environment && names_directory(*environment, directory)) return true;
    const auto process = read_process(pid);
    pid = process ? process->parent : 0;
  }
  return false;
}

std::optional<GpuMemory> memory_by_attempt(const Nvml& nvml, const Nvml::Device& device, std::uint64_t before,
                                           const std::vector<std::string>& directories) {
  const auto memory = nvml.memory(device);
  if (!memory) return std::nullopt;
  GpuMemory result{memory->used, memory->total, std::vector<std::uint64_t>(directories.size(), 0), 0};
  std::vector<bool> seen(directories.size(), false);
  const auto processes = nvml.processes(device);
  bool told = processes && !processes->empty();
  for (const Nvml::Process& process : processes.value_or(std::vector<Nvml::Process>{})) {
    std::size_t whose = 0;
    while (whose < directories.size() && !is_of_attempt(process.pid, directories[whose])) ++whose;
    if (whose < directories.size() && process.memory) {
      result.of_attempt[whose] += *process.memory;
      seen[whose] = true;
    } else if (!process.memory || !read_process(process.pid)) {
      told = false;  // a number that means nothing here, or no amount
    }
  }
  const auto attributed = [&] { return std::accumulate(result.of_attempt.begin(), result.of_attempt.end(), std::uint64_t{0}); };
  if (const auto unseen = std::count(seen.begin(), seen.end(), false); !told && unseen > 0) {
    const std::uint64_t known = before + attributed();
    const std::uint64_t each = memory->used > known ? (memory->used - known) / static_cast<std::uint64_t>(unseen) : 0;
    for (std::size_t i = 0; i < directories.size(); ++i) {
      if (!seen[i]) result.of_attempt[i] = each;
    }
  }
  result.of_others = memory->used - std::min(memory->used, attributed());
  return result;
}

}  // namespace tune::engine
