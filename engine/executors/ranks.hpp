#pragma once

#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tune/executor.hpp"

/// The processes of one attempt (docs/distributed.md). Each has a supervisor and a directory of its own: process 0 that of the
/// attempt, process r `ranks/r` in it, to whose log `log.r` points.
namespace tune::engine {

/// Of process `rank` of the attempt in `directory`.
std::string rank_directory(const std::string& directory, int rank);

/// Makes the directory of process `rank` > 0, and the link to its log. Storage errors.
Status make_rank_directory(const std::string& directory, int rank);

/// What tells process `rank` of `count` where the others are: the variables of PyTorch's `env://`, read by torch.distributed,
/// DeepSpeed, Lightning, Accelerate and JAX's and TensorFlow's wrappers of it. All processes are on this machine.
std::vector<std::pair<std::string, std::string>> rank_environment(int rank, int count, int port);

/// How one process of an attempt ended.
using RankEnd = std::variant<ExitRecord, Interrupted, Lost>;

/// Whether the attempt is to end for it: it failed, unless it was asked to stop; or nobody knows.
bool ends_attempt(const RankEnd& end);

/// How the attempt ended, by how its processes did, in the order of their ranks, where nobody saw which was first: whoever is
/// lost, then whoever was interrupted, then the earliest that failed by itself, then process 0. REQUIRES: at least one.
RankEnd joined_end(std::span<const RankEnd> ends);

/// `end` with the processor time of all of them, and the largest memory.
RankEnd with_usage_of(RankEnd end, std::span<const RankEnd> ends);

inline constexpr std::size_t kTailLines = 20;       ///< that are kept of a failed process's log
inline constexpr std::size_t kLongTailLines = 400;  ///< that are looked at for the first cause of a failure of several processes
/// The last lines of a log that nobody reads. Up to kTailBytes for each kTailLines lines.
std::vector<std::string> last_lines_of(const std::string& log, std::size_t lines = kTailLines);

}  // namespace tune::engine
