#include <filesystem>
#include <fstream>

#include "engine/executors/attempt_files.hpp"
#include "engine/executors/process_table.hpp"
#include "engine/run/requests.hpp"
#include "tests/fuzz/targets.hpp"

namespace tune::fuzz {

namespace {

void put(const std::string& path, std::string_view content) { std::ofstream(path, std::ios::binary) << content; }

/// The boot of the machine is not to be guessed: its name in the input stands for it.
std::string with_boot(std::string_view input) {
  static const std::string kBoot = engine::boot_id();
  constexpr std::string_view kName = "BOOT";
  std::string out(input);
  for (std::size_t at = 0; (at = out.find(kName, at)) != std::string::npos; at += kBoot.size()) {
    out.replace(at, kName.size(), kBoot);
  }
  return out;
}

}  // namespace

void run_jobs(std::string_view input) {
  static const std::string kDirectory = [] {
    const std::string directory = empty_directory();
    std::filesystem::create_directories(directory + "/requests");
    return directory;
  }();
  put(kDirectory + "/exit.json", input);
  put(kDirectory + "/pid", with_boot(input));
  put(kDirectory + "/requests/stop.json", input);
  LaunchSpec spec;
  spec.directory = kDirectory;
  if (const auto exit = engine::read_exit_file(spec).file) {
    require(exit->exit.code || exit->exit.signal || !exit->exit.launch_error.empty(), "an attempt ended somehow");
  }
  if (const auto pid = engine::read_pid_file(kDirectory)) {
    require(pid->shim > 1 && pid->child > 1, "no process to be signalled is all of them, or init");
  }
  const auto requests = engine::read_requests(kDirectory);
  require(requests.size() == 1, "a request is seen");
  require(requests.front().path == kDirectory + "/requests/stop.json", "a request is removed by its own path");
}

}  // namespace tune::fuzz
