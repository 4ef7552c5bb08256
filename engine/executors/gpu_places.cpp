#include "engine/executors/gpu_places.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "engine/executors/gpu_choice.hpp"
#include "engine/executors/process_table.hpp"

namespace tune::engine {
namespace {

constexpr double kShareRounding = 1e-9;  ///< a third three times is one
constexpr int kFarthest = 50;            ///< NVML's level for two GPUs that meet nowhere nearer than in the whole machine
constexpr int kObjectionMemory = 1;      ///< its memory is not free
constexpr int kObjectionForeign = 2;     ///< others compute on it

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

bool is_share(double gpus) { return gpus < 1.0; }

std::string process_text(const Nvml::Process& process) {
  constexpr std::size_t kNameLimit = 64;
  std::string name = read_small_file("/proc/" + std::to_string(process.pid) + "/comm", kNameLimit).value_or("");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return "process " + std::to_string(process.pid) + (name.empty() ? "" : " (" + name + ")") + " is on it" +
         (process.memory ? " with " + mebibytes(*process.memory) : "");
}

}  // namespace

GpuPlaces::GpuPlaces(GpuInventory gpus) : gpus_(std::move(gpus)), state_(gpus_.size()) {
  for (std::size_t gpu = 0; gpu < state_.size(); ++gpu) note_idle_memory(gpu);
}

// ---- places ----

int GpuPlaces::count(double gpus) const {
  int found = 0;
  for (std::size_t gpu = 0; gpu < gpus_.size(); ++gpu) found += gpus > 1.0 && gpus_[gpu].device.part ? 0 : 1;
  return found;
}

bool GpuPlaces::has_place(double gpus, TimePoint now) const {
  if (gpus <= 0.0) return true;
  if (!line_.empty()) return false;
  return holders_.empty() || why_no_place(gpus, now, nullptr).empty();
}

std::string GpuPlaces::take(AttemptId id, double gpus, const std::string& directory, TimePoint now) {
  if (gpus <= 0.0) return "";
  if (const auto held = holders_.find(id); held != holders_.end()) {
    if (std::ranges::all_of(held->second.gpus, [this](std::size_t gpu) { return trouble_of(gpu).empty(); })) return "";
    leave(id);
  }
  line_.insert(id);
  if (*line_.begin() != id) return "trial " + std::to_string(line_.begin()->trial) + " is before it in the line for a GPU";
  std::vector<std::size_t> chosen;
  if (std::string why = why_no_place(gpus, now, &chosen); !why.empty()) {
    if (!too_few_in_order(gpus))
      too_few_since_.reset();
    else if (!too_few_since_)
      too_few_since_ = now;
    return why;
  }
  too_few_since_.reset();
  line_.erase(id);
  occupy(id, std::move(chosen), is_share(gpus) ? gpus : 1.0, directory);
  return "";
}

bool GpuPlaces::too_few_in_order(double gpus) const {
  int sound = 0;
  for (std::size_t gpu = 0; gpu < gpus_.size(); ++gpu) {
    const bool fits = gpus <= 1.0 || !gpus_[gpu].device.part;
    if (fits && trouble_of(gpu).empty()) ++sound;
  }
  return sound < gpus;
}

std::string GpuPlaces::why_given_up(double gpus, TimePoint now) const {
  if (gpus <= 0.0 || !too_few_since_ || now - *too_few_since_ < kGpuLossPatience || !too_few_in_order(gpus)) return "";
  std::string text;
  for (std::size_t gpu = 0; gpu < gpus_.size(); ++gpu) {
    if (const std::string trouble = trouble_of(gpu); !trouble.empty()) text += (text.empty() ? "" : "; ") + trouble;
  }
  return text;
}

void GpuPlaces::take_named(AttemptId id, double gpus, const std::string& directory, const std::vector<std::string>& names) {
  std::vector<std::size_t> found;
  for (std::size_t gpu = 0; gpu < gpus_.size(); ++gpu) {
    const bool free = is_share(gpus) || state_[gpu].holders.empty();
    if (free && std::ranges::find(names, gpus_[gpu].name) != names.end()) found.push_back(gpu);
  }
  if (found.empty()) return;
  occupy(id, found, is_share(gpus) ? gpus : 1.0, directory);
  constexpr std::uint64_t kNothingByGrowth = UINT64_MAX / 2;
  for (const std::size_t gpu : found) {
    // What was in use before it began is what its processes do not hold.
    const auto memory = memory_by_attempt(gpus_.nvml(), gpus_[gpu].device, kNothingByGrowth, {directory});
    if (!memory) continue;
    state_[gpu].before = std::min(state_[gpu].before, memory->of_others);
    state_[gpu].least = std::min(state_[gpu].least, memory->of_others);
  }
}

GpuPlaces::Holder& GpuPlaces::occupy(AttemptId id, std::vector<std::size_t> gpus, double share, const std::string& directory) {
  Holder holder;
  holder.share = share;
  holder.directory = directory;
  for (const std::size_t gpu : gpus) {
    GpuState& state = state_[gpu];
    if (state.holders.empty()) {
      const auto memory = gpus_.nvml().memory(gpus_[gpu].device);
      state.before = memory ? memory->used : 0;
      state.beside = UINT64_MAX;
    }
    state.holders.insert(id);
  }
  holder.gpus = std::move(gpus);
  return holders_[id] = std::move(holder);
}

void GpuPlaces::leave(AttemptId id) {
  const auto found = holders_.find(id);
  if (found == holders_.end()) return;
  for (const std::size_t gpu : found->second.gpus) state_[gpu].holders.erase(id);
  holders_.erase(found);
}

void GpuPlaces::release(AttemptId id) {
  line_.erase(id);
  if (const auto found = holders_.find(id); found != holders_.end()) {
    const Holder& holder = found->second;
    if (holder.runs && (holder.ended_well || holder.peak >= kGpuMemorySeen)) one_has_ended_ = true;
  }
  leave(id);
}

std::string GpuPlaces::why_no_place(double gpus, TimePoint now, std::vector<std::size_t>* chosen) const {
  std::vector<std::size_t> sound;
  std::string broken;
  for (std::size_t gpu = 0; gpu < gpus_.size(); ++gpu) {
    const std::string trouble = trouble_of(gpu);
    if (trouble.empty()) {
      sound.push_back(gpu);
    } else if (broken.empty()) {
      broken = trouble;
    }
  }
  const std::string why = is_share(gpus) ? choose_shared(sound, gpus, now, chosen)
                                         : choose_whole(sound, static_cast<std::size_t>(std::llround(gpus)), chosen);
  return why.empty() || broken.empty() ? why : why + "; " + broken;
}

std::string GpuPlaces::choose_whole(const std::vector<std::size_t>& sound, std::size_t count,
                                    std::vector<std::size_t>* chosen) const {
  std::vector<GpuCandidate> candidates;
  for (const std::size_t gpu : sound) {
    if (state_[gpu].holders.empty() && (count == 1 || !gpus_[gpu].device.part)) candidates.push_back({gpu, 0});
  }
  if (candidates.size() < count) {
    return count == 1 ? "no GPU is free"
                      : "of " + std::to_string(count) + " GPUs " + std::to_string(candidates.size()) + " are free";
  }
  if (chosen == nullptr) return "";
  for (GpuCandidate& candidate : candidates) {
    if (excess(candidate.gpu)) candidate.objection = kObjectionMemory;
    if (!foreign_processes(candidate.gpu).empty()) candidate.objection = kObjectionForeign;
  }
  *chosen = choose_near(candidates, count, [this](std::size_t one, std::size_t other) {
    return gpus_.nvml().distance(gpus_[one].device, gpus_[other].device).value_or(kFarthest);
  });
  return "";
}

/// First those on which no attempt is, those that others use last.
std::string GpuPlaces::choose_shared(const std::vector<std::size_t>& sound, double share, TimePoint now,
                                     std::vector<std::size_t>* chosen) const {
  using Rank = std::tuple<bool, std::size_t, bool, std::size_t>;
  std::vector<Rank> ranked;
  for (const std::size_t gpu : sound) {
    double used = 0.0;
    for (const AttemptId id : state_[gpu].holders) used += holders_.at(id).share;
    if (used + share > 1.0 + kShareRounding) continue;
    const bool empty = used == 0.0;
    ranked.emplace_back(empty && !foreign_processes(gpu).empty(), state_[gpu].holders.size(), empty && excess(gpu), gpu);
  }
  std::sort(ranked.begin(), ranked.end());
  std::string why = "no GPU has a free share";
  for (const Rank& rank : ranked) {
    const std::size_t gpu = std::get<3>(rank);
    std::string no_room = state_[gpu].holders.empty() ? "" : why_no_room(gpu, now);
    if (no_room.empty()) {
      if (chosen != nullptr) *chosen = {gpu};
      return "";
    }
    if (&rank == &ranked.front()) why = std::move(no_room);
  }
  return why;
}

/// Whether one more attempt fits beside those that are there: all are taken to need what the greediest one has needed so far.
std::string GpuPlaces::why_no_room(std::size_t gpu, TimePoint now) const {
  if (!need_is_known(now)) return label(gpu) + " is shared as soon as it is known how much memory a trial takes";
  const auto memory = memory_of(gpu);
  if (!memory) return "";  // the device does not tell
  std::uint64_t bound = memory->of_others;
  for (const std::uint64_t bytes : memory->of_attempt) bound += std::max(bytes, most_seen_);
  bound += most_seen_ * (state_[gpu].holders.size() - memory->of_attempt.size());  // of those that are about to begin
  const auto need = static_cast<std::uint64_t>(static_cast<double>(most_seen_) * (1.0 + kGpuMemoryHeadRoom));
  if (bound + need <= memory->total) return "";
  return label(gpu) + " has no room for one more trial: it takes " + mebibytes(most_seen_) + " and some head-room, and " +
         mebibytes(memory->total - std::min(memory->total, bound)) + " are left";
}

bool GpuPlaces::need_is_known(TimePoint now) const {
  return one_has_ended_ || std::ranges::any_of(holders_, [now](const auto& entry) {
           const Holder& holder = entry.second;
           return holder.runs && holder.peak >= kGpuMemorySeen && now - holder.grown >= kGpuMemorySettles;
         });
}

// ---- is it free? ----

std::string GpuPlaces::trouble_of(std::size_t gpu) const {
  const std::string trouble = gpus_.nvml().trouble(gpus_[gpu].device);
  return trouble.empty() ? "" : label(gpu) + " is out of order: " + trouble;
}

void GpuPlaces::note_idle_memory(std::size_t gpu) {
  if (const auto memory = gpus_.nvml().memory(gpus_[gpu].device)) state_[gpu].least = std::min(state_[gpu].least, memory->used);
}

std::optional<std::uint64_t> GpuPlaces::excess(std::size_t gpu) const {
  const auto memory = gpus_.nvml().memory(gpus_[gpu].device);
  if (!memory) return std::nullopt;  // nothing is known: no reason to wait
  const std::uint64_t least = std::min(state_[gpu].least, memory->used);
  return memory->used > least + kGpuMemorySlack ? std::optional(memory->used - least) : std::nullopt;
}

/// Those that hold something worth a word.
std::vector<Nvml::Process> GpuPlaces::foreign_processes(std::size_t gpu) const {
  auto processes = gpus_.nvml().processes(gpus_[gpu].device).value_or(std::vector<Nvml::Process>{});
  std::erase_if(processes,
                [](const Nvml::Process& process) { return process.memory.value_or(kGpuMemorySlack) < kGpuMemorySlack; });
  return processes;
}

std::vector<AttemptId> GpuPlaces::running_on(std::size_t gpu) const {
  std::vector<AttemptId> running;
  for (const AttemptId id : state_[gpu].holders) {
    if (holders_.at(id).runs) running.push_back(id);
  }
  return running;
}

std::optional<GpuMemory> GpuPlaces::memory_of(std::size_t gpu) const {
  std::vector<std::string> directories;
  for (const AttemptId id : running_on(gpu)) directories.push_back(holders_.at(id).directory);
  return memory_by_attempt(gpus_.nvml(), gpus_[gpu].device, state_[gpu].before, directories);
}

std::string GpuPlaces::not_free(AttemptId id) {
  const auto found = holders_.find(id);
  if (found == holders_.end()) return "";
  for (const std::size_t gpu : found->second.gpus) {
    const GpuState& state = state_[gpu];
    std::optional<std::uint64_t> bytes;
    if (running_on(gpu).empty()) {
      note_idle_memory(gpu);
      for (const Nvml::Process& process : foreign_processes(gpu)) {
        if (!state.tolerated.contains(process.pid)) return label(gpu) + " is in use: " + process_text(process);
      }
      bytes = excess(gpu);
    } else if (const auto memory = memory_of(gpu); memory && state.beside != UINT64_MAX) {
      if (memory->of_others > state.beside + kGpuMemorySlack) bytes = memory->of_others - state.beside;
    }
    if (bytes) return "the memory of " + label(gpu) + " is not free: " + mebibytes(*bytes) + " more than before";
  }
  return "";
}

void GpuPlaces::began(AttemptId id, TimePoint now) {
  const auto found = holders_.find(id);
  if (found == holders_.end()) return;
  for (const std::size_t gpu : found->second.gpus) {
    GpuState& state = state_[gpu];
    if (!running_on(gpu).empty()) continue;
    if (const auto memory = gpus_.nvml().memory(gpus_[gpu].device)) state.before = std::min(state.before, memory->used);
    state.tolerated.clear();
    for (const Nvml::Process& process : foreign_processes(gpu)) state.tolerated.insert(process.pid);
  }
  if (next_sample() == TimePoint::max()) next_sample_ = now + kGpuSampleInterval;
  Holder& holder = found->second;
  holder.runs = true;
  holder.grown = now;
}

void GpuPlaces::over(AttemptId id, ExitRecord& exit) {
  const auto found = holders_.find(id);
  if (found == holders_.end()) return;
  Holder& holder = found->second;
  for (const std::size_t gpu : holder.gpus) {
    if (holder.broken.empty()) holder.broken = trouble_of(gpu);
  }
  holder.ended_well = exit.stop_requested || exit.code == 0;
  exit.broken_gpu = holder.broken;
}

std::vector<std::string> GpuPlaces::names(AttemptId id) const {
  const auto found = holders_.find(id);
  return found == holders_.end() ? std::vector<std::string>() : gpus_.names(found->second.gpus);
}

double GpuPlaces::share(AttemptId id) const {
  const auto found = holders_.find(id);
  return found == holders_.end() ? 1.0 : found->second.share;
}

std::vector<std::pair<std::string, std::string>> GpuPlaces::environment(AttemptId id) const {
  const auto found = holders_.find(id);
  return gpus_.environment(found == holders_.end() ? std::vector<std::size_t>() : found->second.gpus);
}

// ---- what they do ----

TimePoint GpuPlaces::next_sample() const {
  const bool any = std::ranges::any_of(holders_, [](const auto& entry) { return entry.second.runs; });
  return any ? next_sample_ : TimePoint::max();
}

std::vector<std::pair<AttemptId, GpuSampled>> GpuPlaces::sample(TimePoint now) {
  next_sample_ = now + kGpuSampleInterval;
  std::map<AttemptId, GpuSampled> sampled;
  for (std::size_t gpu = 0; gpu < gpus_.size(); ++gpu) sample_gpu(gpu, sampled);
  for (auto& [id, sample] : sampled) {
    Holder& holder = holders_.at(id);
    sample.utilization /= static_cast<double>(holder.gpus.size());
    holder.peak = std::max(holder.peak, sample.memory_bytes);
    if (sample.memory_bytes > holder.level + kGpuMemoryGrowth) {
      holder.level = sample.memory_bytes;
      holder.grown = now;
    }
    most_seen_ = std::max(most_seen_, holder.peak);
  }
  return {sampled.begin(), sampled.end()};
}

/// Adds what the attempts on a GPU do with it: the utilization is that of the GPU, its power is divided equally among them.
void GpuPlaces::sample_gpu(std::size_t gpu, std::map<AttemptId, GpuSampled>& sampled) {
  const std::vector<AttemptId> running = running_on(gpu);
  if (running.empty()) return;
  if (const std::string trouble = trouble_of(gpu); !trouble.empty()) {
    for (const AttemptId id : running) holders_.at(id).broken = trouble;
    return;
  }
  const Nvml::Device& device = gpus_[gpu].device;
  const auto memory = memory_of(gpu);
  const auto utilization = gpus_.nvml().utilization(device);
  auto watts = gpus_.nvml().power(device);
  if (!memory && !utilization && !watts) return;
  if (device.part) {  // of the whole GPU's power what is its part of the memory
    const auto whole = gpus_.nvml().memory(gpus_.nvml().devices()[device.gpu]);
    const bool known = watts && memory && whole && whole->total > 0;
    watts = known ? std::optional(*watts * static_cast<double>(memory->total) / static_cast<double>(whole->total)) : std::nullopt;
  }
  bool all_seen = memory.has_value();
  for (std::size_t i = 0; i < running.size(); ++i) {
    GpuSampled& sample = sampled[running[i]];
    sample.utilization += utilization.value_or(0.0);
    sample.watts += watts.value_or(0.0) / static_cast<double>(running.size());
    if (memory) sample.memory_bytes += memory->of_attempt[i];
    all_seen = all_seen && memory->of_attempt[i] >= kGpuMemorySeen;
  }
  if (all_seen) state_[gpu].beside = std::min(state_[gpu].beside, memory->of_others);
}

}  // namespace tune::engine
