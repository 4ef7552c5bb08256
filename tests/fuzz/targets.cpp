#include "tests/fuzz/targets.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "engine/text/printable.hpp"

namespace tune::fuzz {
namespace fs = std::filesystem;

namespace {

/// libFuzzer ends without destructors: scripts/fuzz.sh sets TMPDIR to a directory that it removes.
class Scratch {
 public:
  Scratch() {
    const char* given = std::getenv("TMPDIR");
    const fs::path memory = "/dev/shm";
    const bool in_memory = given == nullptr && access(memory.c_str(), W_OK) == 0;
    path_ = (in_memory ? memory : fs::temp_directory_path()) / ("tune-fuzz-" + std::to_string(getpid()));
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

constexpr std::array kTargets{Target{"arguments", run_arguments},
                              Target{"config", run_config},
                              Target{"curves", run_curves},
                              Target{"events", run_events},
                              Target{"image", run_image},
                              Target{"init", run_init},
                              Target{"jobs", run_jobs},
                              Target{"journal", run_journal},
                              Target{"lists", run_lists},
                              Target{"log", run_log},
                              Target{"prepared", run_prepared},
                              Target{"records", run_records},
                              Target{"safetensors", run_safetensors},
                              Target{"session", run_session}};

}  // namespace

std::span<const Target> targets() { return kTargets; }

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: it does not hold that %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void require_plain(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (engine::printable(line) != line) require(false, "a text for people is plain: " + engine::printable(line));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

std::string empty_directory() {
  static const Scratch kScratch;
  fs::remove_all(kScratch.path());
  fs::create_directories(kScratch.path());
  return kScratch.path().string();
}

}  // namespace tune::fuzz
