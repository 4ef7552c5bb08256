#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

/// NVML's few functions over a text file that is read anew by each call: one line per GPU,
///   UUID used-MiB [key=value...]
/// with the keys total (MiB), util (percent), watts, switch (a name: GPUs under the same one are near), pids (pid:MiB,..., `-`
/// for an amount that is not told), mig (UUID:total:used,... of its instances). A negative number in place of used-MiB is the
/// error that the device answers. Built as fake_nvml_old it is a driver that has the oldest functions only.
namespace {

struct Process {
  unsigned int pid = 0;
  unsigned long long bytes = 0;
};
struct Device {
  std::string uuid;
  int error = 0;
  unsigned long long used = 0;   // bytes
  unsigned long long total = 0;  // bytes
  std::map<std::string, std::string> more;
};

constexpr int kSuccess = 0;
constexpr int kInvalidArgument = 2;
constexpr int kNotSupported = 3;
constexpr int kNotFound = 6;
constexpr int kInsufficientSize = 7;
constexpr int kNoDriver = 9;
constexpr unsigned int kPartShift = 16;
constexpr unsigned int kMostParts = 7;
constexpr unsigned int kOneSwitch = 10;
constexpr unsigned int kWholeMachine = 50;

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) parts.push_back(part);
  return parts;
}

unsigned long long mebibytes(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10) << 20; }

std::vector<Device> gpus() {
  std::vector<Device> result;
  const char* path = std::getenv("TUNE_FAKE_NVML");
  std::ifstream in(path != nullptr ? path : "");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    Device gpu;
    long long used = 0;
    if (!(words >> gpu.uuid >> used)) continue;
    if (used < 0) {
      gpu.error = static_cast<int>(-used);
    } else {
      gpu.used = static_cast<unsigned long long>(used) << 20;
    }
    gpu.total = 80ULL << 30;
    for (std::string word; words >> word;) gpu.more[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
    if (gpu.more.contains("total")) gpu.total = mebibytes(gpu.more["total"]);
    result.push_back(std::move(gpu));
  }
  return result;
}

std::vector<Device> parts_of(Device& gpu) {
  std::vector<Device> parts;
  for (const std::string& text : split(gpu.more["mig"], ',')) {
    const auto fields = split(text, ':');
    if (fields.size() != 3) continue;
    Device& part = parts.emplace_back();
    part.uuid = fields[0];
    part.error = gpu.error;
    part.total = mebibytes(fields[1]);
    part.used = mebibytes(fields[2]);
  }
  return parts;
}

void* handle_for(std::size_t gpu, std::size_t part) { return reinterpret_cast<void*>((part << kPartShift) | (gpu + 1)); }

/// What a handle means now; an error when it means nothing.
int find(void* handle, Device& device) {
  const auto number = reinterpret_cast<std::uintptr_t>(handle);
  const std::size_t gpu = (number & ((1U << kPartShift) - 1)) - 1;
  const std::size_t part = number >> kPartShift;
  auto all = gpus();
  if (gpu >= all.size()) return kInvalidArgument;
  device = all[gpu];
  if (part > 0) {
    const auto parts = parts_of(all[gpu]);
    if (part > parts.size()) return kInvalidArgument;
    device = parts[part - 1];
  }
  return device.error;
}

std::vector<Process> processes_of(Device& device) {
  std::vector<Process> found;
  for (const std::string& text : split(device.more["pids"], ',')) {
    const auto fields = split(text, ':');
    if (fields.size() != 2) continue;
    found.push_back({static_cast<unsigned int>(std::strtoul(fields[0].c_str(), nullptr, 10)),
                     fields[1] == "-" ? ~0ULL : mebibytes(fields[1])});
  }
  return found;
}

template <typename Info>
int list_processes(void* handle, unsigned int* count, Info* infos) {
  Device device;
  if (const int error = find(handle, device); error != kSuccess) return error;
  const auto processes = processes_of(device);
  const unsigned int room = *count;
  *count = static_cast<unsigned int>(processes.size());
  if (room < processes.size()) return kInsufficientSize;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    infos[i] = Info{};
    infos[i].pid = processes[i].pid;
    infos[i].memory = processes[i].bytes;
  }
  return kSuccess;
}

struct Memory {
  unsigned long long total, free, used;
};
struct ProcessV1 {
  unsigned int pid;
  unsigned long long memory;
};
struct ProcessV2 {
  unsigned int pid;
  unsigned long long memory;
  unsigned int gpu_instance, compute_instance;
};
struct Rates {
  unsigned int gpu, memory;
};

}  // namespace

extern "C" {
int nvmlInit_v2() { return std::getenv("TUNE_FAKE_NVML") != nullptr ? kSuccess : kNoDriver; }
int nvmlShutdown() { return kSuccess; }
int nvmlDeviceGetCount_v2(unsigned int* count) {
  *count = static_cast<unsigned int>(gpus().size());
  return kSuccess;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void** handle) {
  const auto all = gpus();
  if (index >= all.size()) return kInvalidArgument;
  *handle = handle_for(index, 0);
  return all[index].error == 15 ? all[index].error : kSuccess;
}
int nvmlDeviceGetUUID(void* handle, char* uuid, unsigned int length) {
  Device device;
  const int error = find(handle, device);
  if (error == kInvalidArgument || device.uuid.size() >= length) return kInvalidArgument;
  std::strcpy(uuid, device.uuid.c_str());
  return kSuccess;
}
int nvmlDeviceGetMemoryInfo(void* handle, Memory* memory) {
  Device device;
  if (const int error = find(handle, device); error != kSuccess) return error;
  memory->total = device.total;
  memory->used = device.used;
  memory->free = device.total - device.used;
  return kSuccess;
}
#ifdef TUNE_FAKE_NVML_OLD
int nvmlDeviceGetComputeRunningProcesses(void* handle, unsigned int* count, ProcessV1* infos) {
  return list_processes(handle, count, infos);
}
#else
int nvmlDeviceGetComputeRunningProcesses_v3(void* handle, unsigned int* count, ProcessV2* infos) {
  return list_processes(handle, count, infos);
}
int nvmlDeviceGetUtilizationRates(void* handle, Rates* rates) {
  Device device;
  if (const int error = find(handle, device); error != kSuccess) return error;
  if (!device.more.contains("util")) return kNotSupported;
  *rates = {static_cast<unsigned int>(std::strtoul(device.more["util"].c_str(), nullptr, 10)), 0};
  return kSuccess;
}
int nvmlDeviceGetPowerUsage(void* handle, unsigned int* milliwatts) {
  Device device;
  if (const int error = find(handle, device); error != kSuccess) return error;
  if (!device.more.contains("watts")) return kNotSupported;
  *milliwatts = static_cast<unsigned int>(1000 * std::strtoul(device.more["watts"].c_str(), nullptr, 10));
  return kSuccess;
}
int nvmlDeviceGetTopologyCommonAncestor(void* one, void* other, unsigned int* level) {
  Device a;
  Device b;
  if (const int error = find(one, a); error != kSuccess) return error;
  if (const int error = find(other, b); error != kSuccess) return error;
  *level = a.more["switch"] == b.more["switch"] ? kOneSwitch : kWholeMachine;
  return kSuccess;
}
int nvmlDeviceGetMigMode(void* handle, unsigned int* current, unsigned int* pending) {
  Device device;
  if (const int error = find(handle, device); error != kSuccess) return error;
  *current = *pending = device.more.contains("mig") ? 1 : 0;
  return kSuccess;
}
int nvmlDeviceGetMaxMigDeviceCount(void* handle, unsigned int* count) {
  Device device;
  *count = kMostParts;
  return find(handle, device);
}
/// The instances have gaps between them, as real ones may.
int nvmlDeviceGetMigDeviceHandleByIndex(void* handle, unsigned int index, void** part) {
  Device device;
  if (const int error = find(handle, device); error != kSuccess) return error;
  if (index % 2 == 1 || index / 2 >= parts_of(device).size()) return kNotFound;
  *part = handle_for(reinterpret_cast<std::uintptr_t>(handle) - 1, index / 2 + 1);
  return kSuccess;
}
#endif
}
