#include "engine/executors/gpu_inventory.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>

namespace tune::engine {
namespace {

constexpr std::uint64_t kMemorySlack = 256ULL << 20;  ///< bytes; the driver's own use wavers
constexpr const char* kVisibleVariable = "CUDA_VISIBLE_DEVICES";

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const std::size_t first = part.find_first_not_of(' ');
    if (first != std::string::npos) parts.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
  }
  return parts;
}

std::optional<std::size_t> find_device(const std::vector<Nvml::Device>& devices, const std::string& id) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), index);
  if (error == std::errc() && end == id.data() + id.size()) {
    return index < devices.size() ? std::optional(index) : std::nullopt;
  }
  // CUDA takes the beginning of a UUID for the whole of it.
  if (!id.starts_with("GPU-")) return std::nullopt;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (devices[i].uuid.starts_with(id)) return i;
  }
  return std::nullopt;
}

}  // namespace

Result<GpuInventory> GpuInventory::open(const GpuRequest& request) {
  GpuInventory inventory;
  std::string why;
  inventory.nvml_ = Nvml::load(why);
  const std::size_t present = inventory.nvml_ ? inventory.nvml_->devices().size() : 0;
  inventory.hide_ = present > 0 || !request.automatic;
  std::vector<std::string> ids = request.ids;
  if (request.automatic) {
    ids.clear();
    if (const char* visible = std::getenv(kVisibleVariable)) {
      // As CUDA does: what comes after the first name that is not here is not seen either.
      for (const std::string& id : split(visible)) {
        if (!inventory.nvml_ || !find_device(inventory.nvml_->devices(), id)) break;
        ids.push_back(id);
      }
    } else {
      for (std::size_t i = 0; i < present; ++i) ids.push_back(std::to_string(i));
    }
  }
  for (const std::string& id : ids) {
    if (Status status = inventory.add(id, why); !status) return status;
  }
  return inventory;
}

Status GpuInventory::add(const std::string& id, const std::string& why_no_nvml) {
  if (!nvml_)
    return Status::executor("resources.gpus: GPU '" + id + "' is asked for, but no NVIDIA driver is here: " + why_no_nvml);
  const auto index = find_device(nvml_->devices(), id);
  if (!index) {
    std::string here;
    for (std::size_t i = 0; i < nvml_->devices().size(); ++i) {
      here += (i == 0 ? "" : ", ") + std::to_string(i) + " (" + nvml_->devices()[i].uuid + ")";
    }
    return Status::executor("resources.gpus: there is no GPU '" + id + "'; here are: " + (here.empty() ? "none" : here));
  }
  const Nvml::Device& device = nvml_->devices()[*index];
  for (const Gpu& gpu : gpus_) {
    if (gpu.device->handle == device.handle) {
      return Status::executor("resources.gpus: '" + gpu.name + "' and '" + id + "' are the same GPU");
    }
  }
  Gpu gpu;
  gpu.name = id;
  gpu.device = device;
  gpu.base = nvml_->used_memory(device).value_or(0);
  gpus_.push_back(std::move(gpu));
  return {};
}

int GpuInventory::free() const {
  return static_cast<int>(std::count_if(gpus_.begin(), gpus_.end(), [](const Gpu& gpu) { return !gpu.taken; }));
}

std::vector<std::size_t> GpuInventory::acquire(int count) {
  TUNE_CHECK(count <= free());
  std::vector<std::size_t> clean;
  std::vector<std::size_t> dirty;
  for (std::size_t i = 0; i < gpus_.size() && count > 0; ++i) {
    if (!gpus_[i].taken) (excess(gpus_[i]) ? dirty : clean).push_back(i);
  }
  clean.insert(clean.end(), dirty.begin(), dirty.end());
  clean.resize(static_cast<std::size_t>(std::max(0, count)));
  std::sort(clean.begin(), clean.end());
  for (const std::size_t i : clean) gpus_[i].taken = true;
  return clean;
}

std::vector<std::size_t> GpuInventory::acquire_named(const std::vector<std::string>& names) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < gpus_.size(); ++i) {
    if (gpus_[i].taken || std::find(names.begin(), names.end(), gpus_[i].name) == names.end()) continue;
    gpus_[i].taken = true;
    found.push_back(i);
  }
  return found;
}

void GpuInventory::release(const std::vector<std::size_t>& gpus) {
  for (const std::size_t i : gpus) gpus_[i].taken = false;
}

std::optional<std::uint64_t> GpuInventory::excess(Gpu& gpu) const {
  const auto used = gpu.device ? nvml_->used_memory(*gpu.device) : std::nullopt;
  if (!used) return std::nullopt;  // nothing is known: no reason to wait
  gpu.base = std::min(gpu.base, *used);
  return *used > gpu.base + kMemorySlack ? std::optional(*used - gpu.base) : std::nullopt;
}

std::string GpuInventory::memory_in_use(const std::vector<std::size_t>& gpus) {
  for (const std::size_t i : gpus) {
    if (const auto bytes = excess(gpus_[i])) {
      return "the memory of GPU " + gpus_[i].name + " is not free: " + std::to_string(*bytes >> 20) + " MiB more than before";
    }
  }
  return "";
}

std::vector<std::string> GpuInventory::names(const std::vector<std::size_t>& gpus) const {
  std::vector<std::string> result;
  for (const std::size_t i : gpus) result.push_back(gpus_[i].name);
  return result;
}

std::vector<std::pair<std::string, std::string>> GpuInventory::environment(const std::vector<std::size_t>& gpus) const {
  if (gpus.empty() && !hide_) return {};
  std::string visible;
  for (const std::size_t i : gpus) visible += (visible.empty() ? "" : ",") + gpus_[i].name;
  return {{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}, {kVisibleVariable, visible}};
}

}  // namespace tune::engine
