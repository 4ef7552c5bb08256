#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/executors/gpu_inventory.hpp"
#include "engine/executors/gpu_memory.hpp"
#include "tune/clock.hpp"
#include "tune/executor.hpp"

namespace tune::engine {

/// With fewer GPUs in order than one attempt needs; then nobody waits for them any more.
inline constexpr std::chrono::minutes kGpuLossPatience{10};
inline constexpr std::chrono::seconds kGpuSampleInterval{2};  ///< between two looks at the GPUs of running attempts
/// So long an attempt's memory must not have grown to be taken for what it needs.
inline constexpr std::chrono::seconds kGpuMemorySettles{20};
inline constexpr std::uint64_t kGpuMemoryGrowth = 32ULL << 20;  ///< bytes; less is no growth
inline constexpr std::uint64_t kGpuMemorySeen = 64ULL << 20;    ///< bytes; less is no CUDA program, which takes more by beginning
inline constexpr double kGpuMemoryHeadRoom = 0.15;              ///< of what was measured, left free beside it on a shared GPU
inline constexpr std::uint64_t kGpuMemorySlack = 256ULL << 20;  ///< bytes; the driver's own use wavers

/// Who has which GPU of the study: whole ones, or shares of one; and what they do with them. A GPU that is lost is given to
/// nobody until it answers again. The rules: docs/gpus.md. Thread safety: none.
class GpuPlaces {
 public:
  explicit GpuPlaces(GpuInventory gpus);

  /// How many GPUs attempts that get `gpus` can have: of several for one attempt none may be a part, for CUDA sees one part only.
  [[nodiscard]] int count(double gpus) const;
  /// Whether take() would give a place at once, or the attempt must get in line so that somebody says what is missing.
  [[nodiscard]] bool has_place(double gpus, TimePoint now) const;
  /// Gives the attempt its GPUs, unless it has them. Empty: it has them, and they are in order. Else why not, and its turn is
  /// kept: no attempt behind it in the order of their numbers gets a place before.
  std::string take(AttemptId id, double gpus, const std::string& directory, TimePoint now);
  /// Not empty: for kGpuLossPatience take() has found fewer GPUs in order than such an attempt needs; a sentence that says which
  /// are not, and why.
  [[nodiscard]] std::string why_given_up(double gpus, TimePoint now) const;
  /// Nobody waits any more: a later shortage is a new one.
  void forget_shortage() { too_few_since_.reset(); }
  /// Those with these names, for an adopted attempt; names that are not known (any more) are left out.
  void take_named(AttemptId id, double gpus, const std::string& directory, const std::vector<std::string>& names);
  /// Before it is started: empty when nobody else uses its GPUs and their memory is back where it was; else a sentence.
  std::string not_free(AttemptId id);
  /// It runs.
  void began(AttemptId id, TimePoint now);
  /// Its command has ended: says in the record when a GPU of its own is out of order.
  void over(AttemptId id, ExitRecord& exit);
  /// It leaves its place, or the line.
  void release(AttemptId id);

  [[nodiscard]] std::vector<std::string> names(AttemptId id) const;
  [[nodiscard]] double share(AttemptId id) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment(AttemptId id) const;

  /// When sample() is due; TimePoint::max(): no attempt has a GPU.
  [[nodiscard]] TimePoint next_sample() const;
  /// What the running attempts do with their GPUs.
  std::vector<std::pair<AttemptId, GpuSampled>> sample(TimePoint now);

 private:
  struct Holder {
    std::vector<std::size_t> gpus;
    double share = 1.0;     ///< of each
    std::string directory;  ///< the attempt's
    bool runs = false;
    TimePoint grown;           ///< when its memory was last seen to grow, its start at least
    std::uint64_t level = 0;   ///< bytes, then
    std::uint64_t memory = 0;  ///< bytes, sum over its GPUs, now
    std::uint64_t peak = 0;    ///< bytes, the same
    bool ended_well = false;
    std::string broken = {};  ///< not empty: a GPU of its own was seen to be out of order
  };
  struct GpuState {
    std::set<AttemptId> holders;
    std::uint64_t least = UINT64_MAX;   ///< bytes in use when no attempt was on it: the least ever seen
    std::uint64_t before = 0;           ///< bytes in use just before the first of its holders began
    std::uint64_t beside = UINT64_MAX;  ///< bytes in use beside its holders' since then: the least seen
    std::set<pid_t> tolerated = {};     ///< processes of others that were waited for in vain
  };

  /// Empty: there is one, and `chosen`, unless null, holds it.
  [[nodiscard]] std::string why_no_place(double gpus, TimePoint now, std::vector<std::size_t>* chosen) const;
  [[nodiscard]] std::string choose_whole(const std::vector<std::size_t>& sound, std::size_t count,
                                         std::vector<std::size_t>* chosen) const;
  [[nodiscard]] std::string choose_shared(const std::vector<std::size_t>& sound, double share, TimePoint now,
                                          std::vector<std::size_t>* chosen) const;
  [[nodiscard]] std::string why_no_room(std::size_t gpu, TimePoint now) const;
  [[nodiscard]] bool need_is_known(TimePoint now) const;
  /// How much more is in use on a GPU of ours that no attempt uses than at the best of times; none: nothing, or it cannot be
  /// told.
  [[nodiscard]] std::optional<std::uint64_t> excess(std::size_t gpu) const;
  [[nodiscard]] std::vector<Nvml::Process> foreign_processes(std::size_t gpu) const;
  [[nodiscard]] std::vector<AttemptId> running_on(std::size_t gpu) const;
  [[nodiscard]] std::optional<GpuMemory> memory_of(std::size_t gpu) const;
  [[nodiscard]] std::string trouble_of(std::size_t gpu) const;
  [[nodiscard]] bool too_few_in_order(double gpus) const;
  [[nodiscard]] std::string label(std::size_t gpu) const { return "GPU " + gpus_[gpu].name; }
  void note_idle_memory(std::size_t gpu);
  Holder& occupy(AttemptId id, std::vector<std::size_t> gpus, double share, const std::string& directory);
  void leave(AttemptId id);
  void sample_gpu(std::size_t gpu, std::map<AttemptId, GpuSampled>& sampled);

  GpuInventory gpus_;
  std::vector<GpuState> state_;
  std::map<AttemptId, Holder> holders_;
  std::set<AttemptId> line_;                ///< attempts that wait for a place
  std::optional<TimePoint> too_few_since_;  ///< that many of them are out of order
  std::uint64_t most_seen_ = 0;             ///< bytes: the most that an attempt of the study held
  bool one_has_ended_ = false;              ///< whose memory was seen
  TimePoint next_sample_;
};

}  // namespace tune::engine
