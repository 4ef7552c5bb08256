#include "engine/executors/nvml.hpp"

#include <dlfcn.h>

#include <array>
#include <cstdlib>

namespace tune::engine {

// The prototypes as NVIDIA documents them; 0 is success.
struct Nvml::Functions {
  struct Memory {
    unsigned long long total = 0;
    unsigned long long free = 0;
    unsigned long long used = 0;
  };
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(unsigned int*) = nullptr;
  int (*handle)(unsigned int, void**) = nullptr;
  int (*uuid)(void*, char*, unsigned int) = nullptr;
  int (*memory)(void*, Memory*) = nullptr;
};

Nvml::Nvml(void* library, std::unique_ptr<Functions> functions) : library_(library), functions_(std::move(functions)) {
  constexpr std::size_t kUuidLength = 96;
  unsigned int count = 0;
  if (functions_->count(&count) != 0) return;
  for (unsigned int index = 0; index < count; ++index) {
    Device device;
    std::array<char, kUuidLength> uuid{};
    if (functions_->handle(index, &device.handle) != 0) continue;
    if (functions_->uuid(device.handle, uuid.data(), static_cast<unsigned int>(uuid.size() - 1)) == 0) device.uuid = uuid.data();
    devices_.push_back(device);
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
  bool complete = true;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    complete = complete && function != nullptr;
  };
  find(functions->init, "nvmlInit_v2");
  find(functions->shutdown, "nvmlShutdown");
  find(functions->count, "nvmlDeviceGetCount_v2");
  find(functions->handle, "nvmlDeviceGetHandleByIndex_v2");
  find(functions->uuid, "nvmlDeviceGetUUID");
  find(functions->memory, "nvmlDeviceGetMemoryInfo");
  const int status = complete ? functions->init() : -1;
  if (status != 0) {
    why = complete ? "NVML does not start (error " + std::to_string(status) + ")" : "the library is no NVML";
    dlclose(library);
    return nullptr;
  }
  return std::unique_ptr<Nvml>(new Nvml(library, std::move(functions)));
}

std::optional<std::uint64_t> Nvml::used_memory(const Device& device) const {
  Functions::Memory memory;
  if (functions_->memory(device.handle, &memory) != 0) return std::nullopt;
  return memory.used;
}

}  // namespace tune::engine
