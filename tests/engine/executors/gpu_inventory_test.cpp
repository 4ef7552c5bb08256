#include "engine/executors/gpu_inventory.hpp"

#include <doctest/doctest.h>

#include "tests/engine/executors/gpu_machine.hpp"

namespace tune::engine {
namespace {

using Names = std::vector<std::string>;

constexpr const char* kThree = "GPU-aa11 300\nGPU-bb22 0\nGPU-cc33 0\n";
constexpr const char* kCutUp = "GPU-aa11 300\nGPU-bb22 9 total=40000 mig=MIG-1a:20000:1,MIG-2b:10000:2\nGPU-cc33 0 mig=\n";

Result<GpuInventory> named(const Names& ids) { return GpuInventory::open({.automatic = false, .ids = ids}); }

Names all_names(const Result<GpuInventory>& gpus) {
  REQUIRE_MESSAGE(gpus.ok(), gpus.status().message());
  Names names;
  for (std::size_t i = 0; i < gpus->size(); ++i) names.push_back((*gpus)[i].name);
  return names;
}

TEST_CASE("GPUs: found, named, and refused when they are not here") {
  {
    const GpuMachine none;
    CHECK(GpuInventory::open({}).value().size() == 0);
    CHECK(named({}).value().size() == 0);
    const auto refused = named({"0"});
    CHECK(refused.status().code() == ErrorCode::kExecutor);
    CHECK(refused.status().message().find("no NVIDIA driver is here") != std::string::npos);
  }
  const GpuMachine machine(kThree);
  CHECK(all_names(GpuInventory::open({})) == Names{"0", "1", "2"});
  CHECK(all_names(named({"GPU-cc33", "0"})) == Names{"GPU-cc33", "0"});
  CHECK(named({"1", "3"}).status().message() ==
        "resources.gpus: there is no GPU '3'; here are: 0 (GPU-aa11), 1 (GPU-bb22), 2 (GPU-cc33)");
  CHECK(named({"1", "GPU-bb22"}).status().message().find("same GPU") != std::string::npos);
  setenv("CUDA_VISIBLE_DEVICES", "2, GPU-aa", 1);
  CHECK(all_names(GpuInventory::open({})) == Names{"2", "GPU-aa"});
  setenv("CUDA_VISIBLE_DEVICES", "1,-1,0", 1);
  CHECK(all_names(GpuInventory::open({})) == Names{"1"});
  setenv("CUDA_VISIBLE_DEVICES", "", 1);
  CHECK(GpuInventory::open({}).value().size() == 0);
}

TEST_CASE("GPUs: what trials see of them") {
  GpuMachine machine(kThree);
  const auto gpus = GpuInventory::open({});
  using Environment = std::vector<std::pair<std::string, std::string>>;
  CHECK(gpus->environment({1, 2}) == Environment{{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}, {"CUDA_VISIBLE_DEVICES", "1,2"}});
  CHECK(gpus->environment({}).back().second.empty());
  // CUDA does not count one that is lost, so numbers would mean others.
  machine.set("GPU-aa11 -15\nGPU-bb22 0\nGPU-cc33 0\n");
  CHECK(gpus->environment({1, 2}).back().second == "GPU-bb22,GPU-cc33");
}

TEST_CASE("GPUs: one that MIG has cut up is there as its instances") {
  const GpuMachine machine(kCutUp);
  CHECK(all_names(GpuInventory::open({})) == Names{"0", "MIG-1a", "MIG-2b"});  // GPU 2 has none: of no use
  CHECK(all_names(named({"1"})) == Names{"MIG-1a", "MIG-2b"});
  const auto one = named({"MIG-2b", "GPU-aa11"});
  CHECK(all_names(one) == Names{"MIG-2b", "GPU-aa11"});
  CHECK(one->environment({0}).back().second == "MIG-2b");
  CHECK((*one)[0].device.gpu == 1);
  CHECK(named({"2"}).status().message() == "resources.gpus: GPU '2' is in MIG mode and has no instance");
  CHECK(named({"1", "MIG-1a"}).status().message().find("same GPU") != std::string::npos);
  CHECK(named({"MIG-9"}).status().message() ==
        "resources.gpus: there is no GPU 'MIG-9'; here are: 0 (GPU-aa11), 1 (GPU-bb22), MIG-1a, MIG-2b, 2 (GPU-cc33)");
  setenv("CUDA_VISIBLE_DEVICES", "MIG-2", 1);
  CHECK(all_names(GpuInventory::open({})) == Names{"MIG-2"});
}

TEST_CASE("GPUs: one that is lost from the beginning keeps its place") {
  GpuMachine machine("GPU-aa11 -15\nGPU-bb22 7\n");
  const auto gpus = GpuInventory::open({});
  CHECK(all_names(gpus) == Names{"0", "1"});
  CHECK(gpus->nvml().trouble((*gpus)[0].device) == "it has fallen off the bus (NVML error 15)");
  CHECK(gpus->nvml().trouble((*gpus)[1].device).empty());
  CHECK(!gpus->nvml().memory((*gpus)[0].device).has_value());
  machine.set("GPU-aa11 8\nGPU-bb22 7\n");
  CHECK(gpus->nvml().trouble((*gpus)[0].device).empty());
  CHECK(gpus->nvml().memory((*gpus)[0].device)->used == 8ULL << 20);
}

TEST_CASE("NVML: what the driver tells, and an old one that tells little") {
  const std::string gpus =
      "GPU-aa11 300 total=1000 util=42 watts=250 switch=x pids=17:200,18:-\nGPU-bb22 0 switch=x\nGPU-cc33 0 switch=y\n";
  for (const bool old : {false, true}) {
    CAPTURE(old);
    const GpuMachine machine(gpus, old ? TUNE_OLD_NVML_LIBRARY : TUNE_FAKE_NVML_LIBRARY);
    std::string why;
    const auto nvml = Nvml::load(why);
    REQUIRE_MESSAGE(nvml != nullptr, why);
    const auto& devices = nvml->devices();
    REQUIRE(devices.size() == 3);
    CHECK(nvml->memory(devices[0])->total == 1000ULL << 20);
    const auto processes = nvml->processes(devices[0]);
    REQUIRE(processes.has_value());
    REQUIRE(processes->size() == 2);
    CHECK((*processes)[0].pid == 17);
    CHECK((*processes)[0].memory == 200ULL << 20);
    CHECK((*processes)[1].pid == 18);
    CHECK(!(*processes)[1].memory.has_value());
    CHECK(nvml->processes(devices[1])->empty());
    CHECK(nvml->utilization(devices[0]) == (old ? std::nullopt : std::optional(0.42)));
    CHECK(nvml->power(devices[0]) == (old ? std::nullopt : std::optional(250.0)));
    CHECK(!nvml->utilization(devices[1]).has_value());  // it does not tell
    CHECK(nvml->distance(devices[0], devices[1]) == (old ? std::nullopt : std::optional(10)));
    CHECK(nvml->distance(devices[0], devices[2]) == (old ? std::nullopt : std::optional(50)));
    CHECK(!nvml->is_cut_up(devices[0]));
    CHECK(nvml->parts(devices[0]).empty());
  }
}

}  // namespace
}  // namespace tune::engine
