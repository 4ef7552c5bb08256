#include "engine/executors/ranks.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "engine/executors/attempt_layout.hpp"

namespace tune::engine {
namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kTailBytes = 16 * 1024;

bool failed(const ExitRecord& exit) { return exit.signal || exit.code.value_or(0) != 0 || !exit.launch_error.empty(); }

}  // namespace

std::string rank_directory(const std::string& directory, int rank) {
  return rank == 0 ? directory : directory + "/" + kRanksFolder + "/" + std::to_string(rank);
}

Status make_rank_directory(const std::string& directory, int rank) {
  const std::string own = rank_directory(directory, rank);
  std::error_code error;
  fs::create_directories(own, error);
  if (error) return Status::storage("cannot make the directory '" + own + "': " + error.message());
  const std::string number = std::to_string(rank);
  const std::string link = directory + "/" + kLogFile + "." + number;
  fs::create_symlink(std::string(kRanksFolder) + "/" + number + "/" + kLogFile, link, error);
  if (error && !fs::is_symlink(link)) return Status::storage("cannot make the link '" + link + "': " + error.message());
  return {};
}

std::vector<std::pair<std::string, std::string>> rank_environment(int rank, int count, int port) {
  const std::string self = std::to_string(rank);
  const std::string all = std::to_string(count);
  return {{"RANK", self},      {"LOCAL_RANK", self}, {"WORLD_SIZE", all},          {"LOCAL_WORLD_SIZE", all},
          {"GROUP_RANK", "0"}, {"NODE_RANK", "0"},   {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", std::to_string(port)}};
}

bool ends_attempt(const RankEnd& end) {
  const auto* exit = std::get_if<ExitRecord>(&end);
  return exit == nullptr || (failed(*exit) && !exit->stop_requested);
}

RankEnd joined_end(std::span<const RankEnd> ends) {
  for (const RankEnd& end : ends) {
    if (std::holds_alternative<Lost>(end)) return end;
  }
  for (const RankEnd& end : ends) {
    if (std::holds_alternative<Interrupted>(end)) return end;
  }
  const ExitRecord* first = nullptr;
  for (const RankEnd& end : ends) {
    const auto& exit = std::get<ExitRecord>(end);
    if (ends_attempt(end) && (first == nullptr || exit.ended < first->ended)) first = &exit;
  }
  if (first != nullptr) return *first;
  // Of those that were asked to stop, one that was cut off says more than one that was through.
  for (const RankEnd& end : ends) {
    const auto& exit = std::get<ExitRecord>(end);
    if (exit.stop_requested && (failed(exit) || exit.killed)) return exit;
  }
  return ends.front();
}

RankEnd with_usage_of(RankEnd end, std::span<const RankEnd> ends) {
  auto* joined = std::get_if<ExitRecord>(&end);
  if (joined == nullptr || ends.size() == 1) return end;
  joined->user_seconds = joined->system_seconds = 0.0;
  for (const RankEnd& one : ends) {
    const auto* exit = std::get_if<ExitRecord>(&one);
    if (exit == nullptr) continue;
    joined->user_seconds += exit->user_seconds;
    joined->system_seconds += exit->system_seconds;
    joined->max_rss_bytes = std::max(joined->max_rss_bytes, exit->max_rss_bytes);
    joined->started = std::min(joined->started, exit->started);
    joined->ended = std::max(joined->ended, exit->ended);
  }
  return end;
}

std::vector<std::string> last_lines_of(const std::string& log, std::size_t most) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(log, error))) return {};  // a trial may have put a pipe there
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<std::uintmax_t>(std::max<std::streamoff>(0, file.tellg()));
  const std::uintmax_t bytes = kTailBytes * std::max<std::size_t>(1, most / kTailLines);
  const std::uintmax_t from = size > bytes ? size - bytes : 0;
  file.seekg(static_cast<std::streamoff>(from));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
  if (from > 0 && !lines.empty()) lines.erase(lines.begin());  // its beginning is missing
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most));
  return lines;
}

}  // namespace tune::engine
