#include "engine/executors/nvml.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace tune::engine {
namespace {

constexpr int kSuccess = 0;
constexpr int kInsufficientSize = 7;
constexpr unsigned int kMigEnabled = 1;
constexpr unsigned long long kNotAvailable = ~0ULL;
constexpr unsigned int kMostProcesses = 4096;  ///< on one device that are looked at
constexpr unsigned int kMoreProcesses = 8;     ///< room for those that come while we ask

/// What NVML answers when the device cannot be used.
struct Trouble {
  int error;
  const char* text;
};
constexpr std::array kTroubles{
    Trouble{15, "it has fallen off the bus"},
    Trouble{16, "it needs a reset"},
    Trouble{17, "the operating system has blocked it"},
    Trouble{999, "the driver fails on it"},
};

struct ProcessV1 {
  unsigned int pid = 0;
  unsigned long long memory = 0;
};
/// Of versions 2 and 3.
struct ProcessV2 {
  unsigned int pid = 0;
  unsigned long long memory = 0;
  unsigned int gpu_instance = 0;
  unsigned int compute_instance = 0;
};

/// Asks twice: how many, then for them. None: no answer.
template <typename Info, typename Function>
std::optional<std::vector<Nvml::Process>> list_processes(Function list, void* handle) {
  unsigned int count = 0;
  int status = list(handle, &count, nullptr);
  std::vector<Info> infos;
  while (status == kInsufficientSize && infos.size() < kMostProcesses) {
    infos.resize(std::min(count + kMoreProcesses, kMostProcesses));
    count = static_cast<unsigned int>(infos.size());
    status = list(handle, &count, infos.data());
  }
  if (status != kSuccess) return std::nullopt;
  infos.resize(std::min<std::size_t>(count, infos.size()));
  std::vector<Nvml::Process> processes;
  for (const Info& info : infos) {
    Nvml::Process& process = processes.emplace_back();
    process.pid = static_cast<pid_t>(info.pid);
    if (info.memory != kNotAvailable) process.memory = info.memory;
  }
  return processes;
}

}  // namespace

// The prototypes as NVIDIA documents them.
struct Nvml::Functions {
  struct MemoryInfo {
    unsigned long long total = 0;
    unsigned long long free = 0;
    unsigned long long used = 0;
  };
  struct Rates {
    unsigned int gpu = 0;     ///< percent
    unsigned int memory = 0;  ///< percent
  };
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(unsigned int*) = nullptr;
  int (*handle)(unsigned int, void**) = nullptr;
  int (*uuid)(void*, char*, unsigned int) = nullptr;
  int (*memory)(void*, MemoryInfo*) = nullptr;
  // Any of these may be missing.
  int (*rates)(void*, Rates*) = nullptr;
  int (*power)(void*, unsigned int*) = nullptr;  ///< milliwatts
  int (*processes)(void*, unsigned int*, ProcessV2*) = nullptr;
  int (*processes_v1)(void*, unsigned int*, ProcessV1*) = nullptr;
  int (*ancestor)(void*, void*, unsigned int*) = nullptr;
  int (*mig_mode)(void*, unsigned int*, unsigned int*) = nullptr;
  int (*most_parts)(void*, unsigned int*) = nullptr;
  int (*part)(void*, unsigned int, void**) = nullptr;
};

Nvml::Nvml(void* library, std::unique_ptr<Functions> functions) : library_(library), functions_(std::move(functions)) {
  unsigned int count = 0;
  if (functions_->count(&count) != kSuccess) return;
  // One that does not answer keeps its place: the others' numbers must not change.
  for (unsigned int index = 0; index < count; ++index) {
    void* handle = nullptr;
    if (functions_->handle(index, &handle) != kSuccess) handle = nullptr;
    devices_.push_back(look_at(handle, index, false));
  }
}

Nvml::~Nvml() {
  functions_->shutdown();
  dlclose(library_);
}

std::unique_ptr<Nvml> Nvml::load(std::string& why) {
  const char* named = std::getenv("TUNE_NVML_LIBRARY");
  void* library = dlopen(named != nullptr && *named != '\0' ? named : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* error = dlerror();
    why = error != nullptr ? error : "the library cannot be opened";
    return nullptr;
  }
  auto functions = std::make_unique<Functions>();
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    return function != nullptr;
  };
  bool complete = true;
  complete &= find(functions->init, "nvmlInit_v2");
  complete &= find(functions->shutdown, "nvmlShutdown");
  complete &= find(functions->count, "nvmlDeviceGetCount_v2");
  complete &= find(functions->handle, "nvmlDeviceGetHandleByIndex_v2");
  complete &= find(functions->uuid, "nvmlDeviceGetUUID");
  complete &= find(functions->memory, "nvmlDeviceGetMemoryInfo");
  find(functions->rates, "nvmlDeviceGetUtilizationRates");
  find(functions->power, "nvmlDeviceGetPowerUsage");
  if (!find(functions->processes, "nvmlDeviceGetComputeRunningProcesses_v3") &&
      !find(functions->processes, "nvmlDeviceGetComputeRunningProcesses_v2")) {
    find(functions->processes_v1, "nvmlDeviceGetComputeRunningProcesses");
  }
  find(functions->ancestor, "nvmlDeviceGetTopologyCommonAncestor");
  find(functions->mig_mode, "nvmlDeviceGetMigMode");
  find(functions->most_parts, "nvmlDeviceGetMaxMigDeviceCount");
  find(functions->part, "nvmlDeviceGetMigDeviceHandleByIndex");
  const int status = complete ? functions->init() : -1;
  if (status != kSuccess) {
    why = complete ? "NVML does not start (error " + std::to_string(status) + ")" : "the library is no NVML";
    dlclose(library);
    return nullptr;
  }
  return std::unique_ptr<Nvml>(new Nvml(library, std::move(functions)));
}

Nvml::Device Nvml::look_at(void* handle, std::size_t gpu, bool part) const {
  constexpr std::size_t kUuidLength = 96;
  std::array<char, kUuidLength> uuid{};
  Device device{{}, gpu, part, handle};
  if (handle != nullptr && functions_->uuid(handle, uuid.data(), static_cast<unsigned int>(uuid.size() - 1)) == kSuccess)
    device.uuid = uuid.data();
  return device;
}

/// Of one that did not answer at first: asked for anew.
void* Nvml::handle_of(const Device& device) const {
  if (device.handle != nullptr || device.part) return device.handle;
  void* handle = nullptr;
  return functions_->handle(static_cast<unsigned int>(device.gpu), &handle) == kSuccess ? handle : nullptr;
}

bool Nvml::is_cut_up(const Device& gpu) const {
  unsigned int current = 0;
  unsigned int pending = 0;
  void* handle = handle_of(gpu);
  return handle != nullptr && !gpu.part && functions_->mig_mode != nullptr &&
         functions_->mig_mode(handle, &current, &pending) == kSuccess && current == kMigEnabled;
}

std::vector<Nvml::Device> Nvml::parts(const Device& gpu) const {
  std::vector<Device> found;
  unsigned int most = 0;
  if (!is_cut_up(gpu) || functions_->most_parts == nullptr || functions_->part == nullptr ||
      functions_->most_parts(gpu.handle, &most) != kSuccess) {
    return found;
  }
  for (unsigned int index = 0; index < most; ++index) {  // with gaps
    void* handle = nullptr;
    if (functions_->part(gpu.handle, index, &handle) != kSuccess) continue;
    if (Device part = look_at(handle, gpu.gpu, true); !part.uuid.empty()) found.push_back(std::move(part));
  }
  return found;
}

std::string Nvml::trouble(const Device& device) const {
  Functions::MemoryInfo info;
  void* handle = device.handle;
  int status = kSuccess;
  if (handle == nullptr) status = functions_->handle(static_cast<unsigned int>(device.gpu), &handle);
  if (status == kSuccess) status = functions_->memory(handle, &info);
  for (const auto& [error, text] : kTroubles) {
    if (status == error) return std::string(text) + " (NVML error " + std::to_string(error) + ")";
  }
  return "";
}

std::optional<Nvml::Memory> Nvml::memory(const Device& device) const {
  Functions::MemoryInfo info;
  void* handle = handle_of(device);
  if (handle == nullptr || functions_->memory(handle, &info) != kSuccess) return std::nullopt;
  return Memory{info.used, info.total};
}

std::optional<std::vector<Nvml::Process>> Nvml::processes(const Device& device) const {
  void* handle = handle_of(device);
  if (handle == nullptr) return std::nullopt;
  if (functions_->processes != nullptr) return list_processes<ProcessV2>(functions_->processes, handle);
  if (functions_->processes_v1 != nullptr) return list_processes<ProcessV1>(functions_->processes_v1, handle);
  return std::nullopt;
}

std::optional<double> Nvml::utilization(const Device& device) const {
  constexpr double kPercent = 100.0;
  Functions::Rates rates;
  void* handle = handle_of(device);
  if (handle == nullptr || functions_->rates == nullptr || functions_->rates(handle, &rates) != kSuccess) return std::nullopt;
  return std::min(1.0, rates.gpu / kPercent);
}

std::optional<double> Nvml::power(const Device& device) const {
  constexpr double kMilli = 1e-3;
  unsigned int milliwatts = 0;
  void* handle = handle_of(devices_[device.gpu]);
  if (handle == nullptr || functions_->power == nullptr || functions_->power(handle, &milliwatts) != kSuccess)
    return std::nullopt;
  return milliwatts * kMilli;
}

std::optional<int> Nvml::distance(const Device& one, const Device& other) const {
  if (one.gpu == other.gpu) return 0;
  void* a = handle_of(devices_[one.gpu]);
  void* b = handle_of(devices_[other.gpu]);
  unsigned int level = 0;
  if (a == nullptr || b == nullptr || functions_->ancestor == nullptr || functions_->ancestor(a, b, &level) != kSuccess)
    return std::nullopt;
  return static_cast<int>(level);
}

}  // namespace tune::engine
