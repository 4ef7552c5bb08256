#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test_support.hpp"
#include "trainers/data/generated.hpp"

/// What the trainer's tests share: IDX files, runs of the program, and what its log says.
namespace tune::test {

inline std::string big_endian(std::uint32_t number) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFF);
  return out;
}

inline std::string idx_images(const trainer::ImageSet& set) {
  return big_endian(0x803) + big_endian(static_cast<std::uint32_t>(set.size())) +
         big_endian(static_cast<std::uint32_t>(set.common_shape()->height)) +
         big_endian(static_cast<std::uint32_t>(set.common_shape()->width)) + std::string(set.pixels.begin(), set.pixels.end());
}

inline std::string idx_labels(const trainer::ImageSet& set) {
  return big_endian(0x801) + big_endian(static_cast<std::uint32_t>(set.size())) +
         std::string(set.labels.begin(), set.labels.end());
}

inline void write_gzip(const std::string& path, const std::string& content) {
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(gzwrite(file, content.data(), static_cast<unsigned>(content.size())) == static_cast<int>(content.size()));
  REQUIRE(gzclose(file) == Z_OK);
}

/// The first images of a set.
inline trainer::ImageSet first_images(trainer::ImageSet set, std::int64_t count) { return set.first(count); }

/// What the program looks at in its environment.
inline constexpr const char* kVariables[] = {
    "TUNE_PARAMS", "TUNE_CHANNEL_TRAIN",     "TUNE_CHANNEL_VALIDATION",     "TUNE_DATA_DIR", "TUNE_CHECKPOINT_DIR",
    "TUNE_SEED",   "TUNE_CHANNEL_TRAIN_LST", "TUNE_CHANNEL_VALIDATION_LST", "SM_MODEL_DIR"};

/// A directory of small IDX files, and runs of the program on them.
class TrainerFolder {
 public:
  explicit TrainerFolder(std::int64_t train = 200, std::int64_t validation = 100) {
    const trainer::ImageData data = trainer::generate_images(train);
    folder_.write("data/train-images-idx3-ubyte", idx_images(data.train));
    folder_.write("data/train-labels-idx1-ubyte", idx_labels(data.train));
    const trainer::ImageSet few = first_images(data.validation, validation);
    folder_.write("data/t10k-images-idx3-ubyte", idx_images(few));
    folder_.write("data/t10k-labels-idx1-ubyte", idx_labels(few));
  }

  [[nodiscard]] const TempDir& dir() const { return folder_; }
  [[nodiscard]] std::string data() const { return folder_ / "data"; }

  /// Runs it with `arguments` in the folder; the caller's own settings are out of its sight.
  [[nodiscard]] ProcessResult run(std::vector<std::string> arguments, std::vector<std::string> environment = {}) const {
    arguments.insert(arguments.begin(), program("tune-train-image").string());
    for (const char* variable : kVariables) environment.push_back(std::string(variable) + "=");  // earlier entries win
    environment.emplace_back("OMP_NUM_THREADS=1");
    environment.push_back("XDG_CACHE_HOME=" + (folder_ / "cache"));
    return run_process(arguments, folder_.path().string(), "", environment);
  }

  /// Starts it on the folder's data, sends `signal` once `text` is in its output, and gives what it wrote and how it ended.
  [[nodiscard]] ProcessResult run_until(const std::string& text, int signal, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {program("tune-train-image").string(), "--data", data()});
    std::vector<char*> words;
    for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const std::string out = folder_ / "interrupted.log";
    const pid_t child = fork();
    if (child == 0) {
      const int file = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(file, 1);
      for (const char* variable : kVariables) unsetenv(variable);
      setenv("OMP_NUM_THREADS", "1", 1);
      setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
      execv(words[0], words.data());
      _exit(127);
    }
    int state = 0;
    bool ended = false;
    constexpr int kPolls = 60'000;  // of 2 ms: against a program that never prints it
    for (int poll = 0; poll < kPolls && !ended && read_file(out).find(text) == std::string::npos; ++poll) {
      const timespec pause{.tv_sec = 0, .tv_nsec = 2'000'000};
      nanosleep(&pause, nullptr);
      ended = waitpid(child, &state, WNOHANG) == child;
    }
    if (!ended) {
      kill(child, signal);
      waitpid(child, &state, 0);
    }
    return {.exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state), .out = read_file(out), .err = ""};
  }

 private:
  TempDir folder_;
};

/// Every `Epoch[3] Name=value` of a log but times and speeds, as "3 Name" -> value. A later one replaces an earlier one.
inline std::map<std::string, std::string> metrics_of(const std::string& log) {
  static const std::regex pattern(R"(Epoch\[(\d+)\] ((?:Train|Validation)-\w+)=(\S+))");
  std::map<std::string, std::string> found;
  for (auto it = std::sregex_iterator(log.begin(), log.end(), pattern); it != std::sregex_iterator(); ++it) {
    found[(*it)[1].str() + " " + (*it)[2].str()] = (*it)[3].str();
  }
  return found;
}

inline std::string weights_of(const std::string& log) {
  std::smatch match;
  const std::regex pattern(R"(CRC-32 of the weights: (\d+))");
  return std::regex_search(log, match, pattern) ? match[1].str() : "none printed";
}

inline double last_accuracy(const std::string& log) {
  std::smatch match;
  double value = -1;
  const std::regex sagemaker(R"(Validation-accuracy=([0-9\.]+))");
  for (auto rest = log.cbegin(); std::regex_search(rest, log.cend(), match, sagemaker); rest = match[0].second) {
    value = std::stod(match[1].str());
  }
  return value;
}

}  // namespace tune::test
