#include "engine/executors/gpu_inventory.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>

namespace tune::engine {
namespace {

constexpr const char* kVisibleVariable = "CUDA_VISIBLE_DEVICES";
constexpr const char* kPartPrefix = "MIG-";

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const std::size_t first = part.find_first_not_of(' ');
    if (first != std::string::npos) parts.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
  }
  return parts;
}

/// The GPU with this number, or the GPU or part whose UUID begins with it: CUDA takes the beginning of a UUID for the whole of
/// it.
std::optional<Nvml::Device> find_device(const Nvml& nvml, const std::string& id) {
  const std::vector<Nvml::Device>& gpus = nvml.devices();
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), index);
  if (error == std::errc() && end == id.data() + id.size()) {
    return index < gpus.size() ? std::optional(gpus[index]) : std::nullopt;
  }
  const bool part = id.starts_with(kPartPrefix);
  if (!part && !id.starts_with("GPU-")) return std::nullopt;
  for (const Nvml::Device& gpu : gpus) {
    if (!part && gpu.uuid.starts_with(id)) return gpu;
    if (!part) continue;
    for (const Nvml::Device& one : nvml.parts(gpu)) {
      if (one.uuid.starts_with(id)) return one;
    }
  }
  return std::nullopt;
}

std::string all_that_are_here(const Nvml& nvml) {
  std::string here;
  for (const Nvml::Device& gpu : nvml.devices()) {
    here += (here.empty() ? "" : ", ") + std::to_string(gpu.gpu) + " (" + gpu.uuid + ")";
    for (const Nvml::Device& part : nvml.parts(gpu)) here += ", " + part.uuid;
  }
  return here.empty() ? "none" : here;
}

bool same(const Nvml::Device& one, const Nvml::Device& other) {
  return one.gpu == other.gpu && one.part == other.part && (!one.part || one.uuid == other.uuid);
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
        if (!inventory.nvml_ || !find_device(*inventory.nvml_, id)) break;
        ids.push_back(id);
      }
    } else {
      for (std::size_t i = 0; i < present; ++i) {
        const Nvml::Device& gpu = inventory.nvml_->devices()[i];
        const bool of_no_use = inventory.nvml_->is_cut_up(gpu) && inventory.nvml_->parts(gpu).empty();
        if (!of_no_use) ids.push_back(std::to_string(i));
      }
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
  const auto device = find_device(*nvml_, id);
  if (!device) {
    return Status::executor("resources.gpus: there is no GPU '" + id + "'; here are: " + all_that_are_here(*nvml_));
  }
  if (!nvml_->is_cut_up(*device)) return add(id, *device);
  const std::vector<Nvml::Device> parts = nvml_->parts(*device);
  if (parts.empty()) return Status::executor("resources.gpus: GPU '" + id + "' is in MIG mode and has no instance");
  for (const Nvml::Device& part : parts) TUNE_RETURN_IF_ERROR(add(part.uuid, part));
  return {};
}

Status GpuInventory::add(std::string name, const Nvml::Device& device) {
  for (const Gpu& gpu : gpus_) {
    if (same(gpu.device, device)) {
      return Status::executor("resources.gpus: '" + gpu.name + "' and '" + name + "' are the same GPU");
    }
  }
  gpus_.push_back({std::move(name), device});
  return {};
}

std::vector<std::string> GpuInventory::names(const std::vector<std::size_t>& gpus) const {
  std::vector<std::string> result;
  for (const std::size_t i : gpus) result.push_back(gpus_[i].name);
  return result;
}

std::vector<std::pair<std::string, std::string>> GpuInventory::environment(const std::vector<std::size_t>& gpus) const {
  if (gpus.empty() && !hide_) return {};
  // CUDA does not count a GPU that is lost: the numbers of those behind it would mean others.
  const bool by_uuid = nvml_ && std::ranges::any_of(nvml_->devices(), [this](const Nvml::Device& device) {
                         return !nvml_->trouble(device).empty();
                       });
  std::string visible;
  for (const std::size_t i : gpus) {
    const Gpu& gpu = gpus_[i];
    visible += (visible.empty() ? "" : ",") + (by_uuid && !gpu.device.uuid.empty() ? gpu.device.uuid : gpu.name);
  }
  return {{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}, {kVisibleVariable, visible}};
}

}  // namespace tune::engine
