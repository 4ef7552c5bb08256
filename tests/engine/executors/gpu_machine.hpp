#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/test_support.hpp"

namespace tune::engine {

/// A machine with the GPUs of the fake library (fake_nvml/fake_nvml.cpp says how they are written), or without any.
class GpuMachine {
 public:
  explicit GpuMachine(const std::string& gpus, const char* library = TUNE_FAKE_NVML_LIBRARY) {
    unsetenv("CUDA_VISIBLE_DEVICES");
    setenv("TUNE_NVML_LIBRARY", library, 1);
    set(gpus);
    setenv("TUNE_FAKE_NVML", file().c_str(), 1);
  }
  GpuMachine() { setenv("TUNE_NVML_LIBRARY", "/no/such/libnvidia-ml.so.1", 1); }
  ~GpuMachine() {
    for (const char* name : {"TUNE_NVML_LIBRARY", "TUNE_FAKE_NVML", "CUDA_VISIBLE_DEVICES"}) unsetenv(name);
  }
  GpuMachine(const GpuMachine&) = delete;
  GpuMachine& operator=(const GpuMachine&) = delete;

  void set(const std::string& gpus) {
    files_.write("next", gpus);
    std::filesystem::rename(files_ / "next", file());
  }
  [[nodiscard]] std::string file() const { return files_ / "gpus"; }

 private:
  test::TempDir files_;
};

}  // namespace tune::engine
