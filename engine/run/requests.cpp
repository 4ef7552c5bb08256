#include "engine/run/requests.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/journal/file_io.hpp"

namespace tune::engine {
namespace fs = std::filesystem;

namespace {

constexpr off_t kMaxRequestBytes = 4096;
constexpr std::size_t kMaxRequestsPerLook = 100;

Request read_request(const fs::path& path) {
  Request request;
  request.path = path.string();
  struct stat found {};
  const bool small = lstat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_size <= kMaxRequestBytes;
  if (small && found.st_uid != 0 && found.st_uid != geteuid()) {
    request.problem = "it is another user's";
    return request;
  }
  const Result<std::string> content = small ? read_whole_file(request.path) : Status::invalid("no small file");
  const auto json = content.ok() ? nlohmann::json::parse(*content, nullptr, false) : nlohmann::json();
  if (!json.is_object() || !json.contains("stop")) {
    request.problem = "it is no {\"stop\": ...}";
    return request;
  }
  const auto& stop = json["stop"];
  if (stop.is_number_integer())
    request.trial = stop.get<TrialId>();
  else if (stop != "study")
    request.problem = "what to stop is neither \"study\" nor a trial's number";
  return request;
}

}  // namespace

std::vector<Request> read_requests(const std::string& study_directory) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator entry(study_directory + "/requests", error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".json") paths.push_back(entry->path());
  }
  std::ranges::sort(paths);
  if (paths.size() > kMaxRequestsPerLook) paths.resize(kMaxRequestsPerLook);
  std::vector<Request> requests;
  for (const fs::path& path : paths) requests.push_back(read_request(path));
  return requests;
}

Status write_stop_request(const std::string& study_directory, std::optional<TrialId> trial) {
  static std::atomic<int> count{0};
  const std::string name = "stop-" + std::to_string(getpid()) + "-" + std::to_string(++count) + ".json";
  TUNE_RETURN_IF_ERROR(make_directories(study_directory + "/requests"));
  return write_file_atomically(study_directory + "/requests/" + name,
                               trial ? "{\"stop\":" + std::to_string(*trial) + "}\n" : "{\"stop\":\"study\"}\n");
}

}  // namespace tune::engine
