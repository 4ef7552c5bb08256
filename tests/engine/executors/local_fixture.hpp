#pragma once

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/clock/system_clock.hpp"
#include "engine/executors/attempt_files.hpp"
#include "engine/executors/local_executor.hpp"
#include "tests/conformance/executor_conformance.hpp"
#include "tests/support/test_support.hpp"

namespace tune::engine {

/// The real time, which can be made to skip some.
class SkippingClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return clock_.now() + skipped_; }
  void skip(Duration time) { skipped_ += time; }

 private:
  SystemClock clock_;
  Duration skipped_{0};
};

/// A local executor with real processes in a directory of its own; nothing is left of either in the end.
class LocalFixture {
 public:
  static constexpr bool kKills = true;
  static constexpr bool kSurvives = true;

  explicit LocalFixture(int slots = test::kSlots, GpuRequest gpus = {.automatic = false, .ids = {}}) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans come to us, so that we can wait for them in the end
    options_.shim_path = test::program("tune-shim").string();
    options_.slots = slots;
    options_.gpus = std::move(gpus);
    restart();
  }
  ~LocalFixture() {
    executor_.reset();
    for (const std::string& directory : directories_) {
      while (sweep_attempt(directory) > 0) waitpid(-1, nullptr, WNOHANG);
    }
    while (waitpid(-1, nullptr, 0) > 0) {
    }
  }
  LocalFixture(const LocalFixture&) = delete;
  LocalFixture& operator=(const LocalFixture&) = delete;

  Executor& executor() { return *executor_; }
  SkippingClock& clock() { return clock_; }
  [[nodiscard]] const test::TempDir& files() const { return files_; }
  LocalOptions& options() { return options_; }
  void restart() {
    executor_.reset();
    auto made = make_local_executor(clock_, options_);
    REQUIRE_MESSAGE(made.ok(), made.status().message());
    executor_ = std::move(*made);
  }

  /// An attempt that runs a shell script.
  LaunchSpec shell(TrialId trial, const std::string& script) { return command(trial, {"/bin/sh", "-c", script}); }
  LaunchSpec command(TrialId trial, std::vector<std::string> argv) {
    LaunchSpec spec;
    spec.id = {trial, 1};
    spec.argv = std::move(argv);
    spec.directory = files_ / ("trials/" + std::to_string(trial) + "/1");
    std::filesystem::create_directories(spec.directory);
    directories_.push_back(spec.directory);
    return spec;
  }
  LaunchSpec spec(TrialId trial, test::Behaviour behaviour) {
    switch (behaviour) {
      case test::Behaviour::kThreeObservations:
        return shell(trial, "echo loss=3; echo loss=2; echo loss=1 >&2");
      case test::Behaviour::kFails:
        return shell(trial, "exit 3");
      case test::Behaviour::kUntilStopped:
        return shell(trial, "echo loss=3; exec sleep 1000");
      case test::Behaviour::kIgnoresStop:
        return shell(trial, "trap '' TERM; echo loss=3; while :; do sleep 0.02; done");
    }
    return {};
  }

 private:
  test::TempDir files_;
  SkippingClock clock_;
  LocalOptions options_;
  std::unique_ptr<Executor> executor_;
  std::vector<std::string> directories_;
};

/// How many processes of an attempt live; those that did are dead afterwards.
inline int left_over(const LaunchSpec& spec) { return sweep_attempt(spec.directory); }

}  // namespace tune::engine
