#include "engine/executors/gpu_inventory.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/engine/executors/local_fixture.hpp"

namespace tune::engine {
namespace {
using namespace std::chrono_literals;
using test::EventLog;

/// A machine with the GPUs of the fake library, or without any.
class Machine {
 public:
  explicit Machine(const std::string& gpus) {
    unsetenv("CUDA_VISIBLE_DEVICES");
    setenv("TUNE_NVML_LIBRARY", TUNE_FAKE_NVML_LIBRARY, 1);
    set(gpus);
    setenv("TUNE_FAKE_NVML", (files_ / "gpus").c_str(), 1);
  }
  Machine() { setenv("TUNE_NVML_LIBRARY", "/no/such/libnvidia-ml.so.1", 1); }
  ~Machine() {
    for (const char* name : {"TUNE_NVML_LIBRARY", "TUNE_FAKE_NVML", "CUDA_VISIBLE_DEVICES"}) unsetenv(name);
  }
  void set(const std::string& gpus) {
    files_.write("next", gpus);
    std::filesystem::rename(files_ / "next", files_ / "gpus");
  }

 private:
  test::TempDir files_;
};

constexpr const char* kThree = "GPU-aa11 300\nGPU-bb22 0\nGPU-cc33 0\n";

TEST_CASE("GPUs: found, named, and refused when they are not here") {
  {
    const Machine none;
    CHECK(GpuInventory::open({}).value().size() == 0);
    CHECK(GpuInventory::open({.automatic = false, .ids = {}}).value().size() == 0);
    const auto refused = GpuInventory::open({.automatic = false, .ids = {"0"}});
    CHECK(refused.status().code() == ErrorCode::kExecutor);
    CHECK(refused.status().message().find("no NVIDIA driver is here") != std::string::npos);
  }
  const Machine machine(kThree);
  CHECK(GpuInventory::open({}).value().size() == 3);
  auto chosen = GpuInventory::open({.automatic = false, .ids = {"GPU-cc33", "0"}});
  REQUIRE(chosen.ok());
  CHECK(chosen->names(chosen->acquire(2)) == std::vector<std::string>{"GPU-cc33", "0"});
  const auto absent = GpuInventory::open({.automatic = false, .ids = {"1", "3"}});
  CHECK(absent.status().message() == "resources.gpus: there is no GPU '3'; here are: 0 (GPU-aa11), 1 (GPU-bb22), 2 (GPU-cc33)");
  CHECK(GpuInventory::open({.automatic = false, .ids = {"1", "GPU-bb22"}}).status().message().find("same GPU") !=
        std::string::npos);
  setenv("CUDA_VISIBLE_DEVICES", "2, GPU-aa", 1);
  CHECK(GpuInventory::open({}).value().size() == 2);
  setenv("CUDA_VISIBLE_DEVICES", "1,-1,0", 1);
  CHECK(GpuInventory::open({}).value().size() == 1);
  setenv("CUDA_VISIBLE_DEVICES", "", 1);
  CHECK(GpuInventory::open({}).value().size() == 0);
}

TEST_CASE("GPUs: whole ones, free memory first, given back") {
  Machine machine(kThree);
  GpuInventory gpus = std::move(*GpuInventory::open({}));
  machine.set("GPU-aa11 9000\nGPU-bb22 100\nGPU-cc33 -1\n");
  // 0 is not clean; 2 does not answer, which is no reason to avoid it.
  const auto two = gpus.acquire(2);
  CHECK(gpus.names(two) == std::vector<std::string>{"1", "2"});
  CHECK(gpus.memory_in_use(two).empty());
  CHECK(gpus.free() == 1);
  const auto last = gpus.acquire(1);
  CHECK(gpus.memory_in_use(last) == "the memory of GPU 0 is not free: 8700 MiB more than before");
  CHECK(gpus.environment(two) ==
        std::vector<std::pair<std::string, std::string>>{{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}, {"CUDA_VISIBLE_DEVICES", "1,2"}});
  CHECK(gpus.environment({}).back().second.empty());
  gpus.release(two);
  CHECK(gpus.free() == 2);
  CHECK(gpus.names(gpus.acquire_named({"2", "7"})) == std::vector<std::string>{"2"});
  CHECK(gpus.free() == 1);
}

LaunchSpec gpu_trial(LocalFixture& fixture, TrialId trial, int gpus, const std::string& then) {
  LaunchSpec spec = fixture.shell(trial, "echo [$CUDA_VISIBLE_DEVICES] $CUDA_DEVICE_ORDER; " + then);
  spec.resources.gpus = gpus;
  return spec;
}

TEST_CASE("local executor: a GPU belongs to one trial at a time") {
  const Machine machine(kThree);
  LocalFixture fixture(4, GpuRequest{});
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  const LaunchSpec first = gpu_trial(fixture, 1, 2, "exec sleep 1000");
  const LaunchSpec second = gpu_trial(fixture, 2, 1, "exec sleep 1000");
  REQUIRE(executor.launch(first).ok());
  REQUIRE(executor.launch(second).ok());
  CHECK(executor.can_launch({.gpus = 0}));
  CHECK(!executor.can_launch({.gpus = 1}));
  CHECK(!executor.launch(gpu_trial(fixture, 3, 1, "")).ok());
  CHECK(executor.launch(gpu_trial(fixture, 3, 4, "")).message() == "trial 3, attempt 1 wants 4 GPUs; here are 3");
  const LaunchSpec without = gpu_trial(fixture, 4, 0, "");
  REQUIRE(executor.launch(without).ok());
  for (const LaunchSpec& spec : {first, second, without}) log.until_observed(spec.id);
  CHECK(log.bytes[first.id] == "[0,1] PCI_BUS_ID\n");
  CHECK(log.bytes[second.id] == "[2] PCI_BUS_ID\n");
  CHECK(log.bytes[without.id] == "[] PCI_BUS_ID\n");
  CHECK(log.started[first.id].gpus == std::vector<std::string>{"0", "1"});

  // An adopted attempt keeps its own.
  fixture.restart();
  std::vector<LaunchSpec> adopted = {first};
  adopted[0].gpus = {"0", "1"};
  adopted[0].slot = 0;
  EventLog after(fixture.executor(), fixture.clock());
  REQUIRE(fixture.executor().adopt(adopted).ok());
  CHECK(fixture.executor().can_launch({.gpus = 1}));
  CHECK(!fixture.executor().can_launch({.gpus = 2}));
  fixture.executor().stop(first.id, 0ms);
  after.until_over(first.id);
  CHECK(fixture.executor().can_launch({.gpus = 3}));
}

TEST_CASE("local executor: a trial waits until the memory of its GPU is free") {
  Machine machine("GPU-aa11 300\n");
  LocalFixture fixture(2, GpuRequest{});
  Executor& executor = fixture.executor();
  EventLog log(executor, fixture.clock());
  machine.set("GPU-aa11 5000\n");
  const LaunchSpec spec = gpu_trial(fixture, 1, 1, "");
  REQUIRE(executor.launch(spec).ok());
  const auto events = executor.wait(fixture.clock().now() + 300ms);
  REQUIRE(events.size() == 1);
  REQUIRE(std::holds_alternative<Waiting>(events[0].body));
  CHECK(std::get<Waiting>(events[0].body).why.find("4700 MiB more than before") != std::string::npos);
  CHECK(executor.wait(fixture.clock().now() + 150ms).empty());  // said once
  CHECK(!executor.can_launch({.gpus = 1}));
  machine.set("GPU-aa11 310\n");
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).code == 0);

  // One that is stopped while it waits never starts.
  machine.set("GPU-aa11 5000\n");
  const LaunchSpec stopped = gpu_trial(fixture, 2, 1, "");
  REQUIRE(executor.launch(stopped).ok());
  executor.stop(stopped.id, 10min);
  log.until_over(stopped.id);
  CHECK(log.exit(stopped.id).stop_requested);
  CHECK(!log.exit(stopped.id).code.has_value());
  CHECK(!log.started.contains(stopped.id));
  CHECK(!std::filesystem::exists(stopped.directory + "/log"));
  CHECK(executor.can_launch({.gpus = 1}));
}

}  // namespace
}  // namespace tune::engine
