#include "engine/run/outputs.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/core/completion.hpp"
#include "engine/executors/attempt_layout.hpp"
#include "engine/journal/file_io.hpp"
#include "engine/report/json_value.hpp"
#include "engine/run/launch_plan.hpp"

namespace tune::engine {
namespace fs = std::filesystem;

namespace {

constexpr const char* kAboutFile = "trial.json";
constexpr const char* kBestName = "best";

bool is_supervisors(const fs::path& name) {
  constexpr std::array kNames{kLockFile, kPidFile, kExitFile, kLostFile, kRanksFolder};
  return std::ranges::find(kNames, name.string()) != kNames.end();
}

Status failed(const std::string& what, const fs::path& path, const std::error_code& error) {
  return Status::storage("output: cannot " + what + " '" + path.string() + "': " + error.message());
}

/// Whether what `link` leads to lies in `home`: what does not is none of the trial's output.
bool leads_home(const fs::path& link, const fs::path& home) {
  std::error_code error;
  const fs::path target = fs::canonical(link, error);
  if (error) return false;
  const fs::path base = fs::canonical(home, error);
  return !error && std::mismatch(base.begin(), base.end(), target.begin(), target.end()).first == base.end();
}

/// One entry of the directory, with all that is in it. A link to a file at home becomes the file.
Status copy_entry(const fs::path& from, const fs::path& to, const fs::path& home) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(from, error);
  if (error) return failed("look at", from, error);
  if (fs::is_symlink(status)) {
    if (!leads_home(from, home) || !fs::is_regular_file(from, error)) return {};
  } else if (fs::is_directory(status)) {
    fs::create_directory(to, error);
    if (error) return failed("make", to, error);
    fs::directory_iterator entry(from, error);
    for (const fs::directory_iterator end; !error && entry != end; entry.increment(error))
      TUNE_RETURN_IF_ERROR(copy_entry(entry->path(), to / entry->path().filename(), home));
    return error ? failed("read", from, error) : Status();
  } else if (!fs::is_regular_file(status)) {
    return {};
  }
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  return error ? failed("copy to", to, error) : Status();
}

Status sync_file_system(const fs::path& path) {
  const FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid() || syncfs(directory.get()) != 0) return storage_error("output: cannot sync", path.string());
  return {};
}

/// Puts `from` in the place of `to`, which then is gone.
Status replace(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(to, error)) {
    fs::rename(from, to, error);
    return error ? failed("rename to", to, error) : Status();
  }
  fs::path old = from;
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) != 0) {
    // Some network file systems cannot exchange names.
    old = from.string() + ".old";
    fs::remove_all(old, error);
    fs::rename(to, old, error);
    if (!error) fs::rename(from, to, error);
    if (error) return failed("rename to", to, error);
  }
  fs::remove_all(old, error);
  return error ? failed("remove", old, error) : Status();
}

}  // namespace

namespace {

/// Whether what is at `to` is an output of the study that `about` names: anything else is none of ours to remove.
Status may_replace(const std::string& about, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(to, error))) return {};
  const Result<std::string> there = read_whole_file((to / kAboutFile).string());
  const Json theirs = there.ok() ? Json::parse(*there, nullptr, false) : Json();
  const Json own = Json::parse(about, nullptr, false);
  for (const char* key : {"study", "study_created"}) {
    if (!theirs.is_object() || !theirs.contains(key) || theirs[key] != own[key])
      return Status::storage("output: '" + to.string() + "' is there and no output of this study; it is left as it is");
  }
  return {};
}

}  // namespace

Status copy_output(const std::vector<std::string>& attempt_directories, const std::string& about, const std::string& to,
                   const std::string& temporary_name) {
  const fs::path target(to);
  TUNE_RETURN_IF_ERROR(may_replace(about, target));
  TUNE_RETURN_IF_ERROR(make_directories(target.parent_path().string()));
  const fs::path temporary = target.parent_path() / temporary_name;
  std::error_code error;
  fs::remove_all(temporary, error);
  fs::create_directory(temporary, error);
  if (error) return failed("make", temporary, error);
  const auto copy = [&]() -> Status {
    const fs::path home(attempt_directories.back());
    fs::directory_iterator entry(home, error);
    for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
      const fs::path name = entry->path().filename();
      if (!is_supervisors(name)) TUNE_RETURN_IF_ERROR(copy_entry(entry->path(), temporary / name, home));
    }
    if (error) return failed("read", home, error);
    for (std::size_t i = 0; i + 1 < attempt_directories.size(); ++i) {
      const fs::path log = fs::path(attempt_directories[i]) / kLogFile;
      const fs::path name = std::string(kLogFile) + ".attempt-" + fs::path(attempt_directories[i]).filename().string();
      if (fs::is_regular_file(log, error)) TUNE_RETURN_IF_ERROR(copy_entry(log, temporary / name, attempt_directories[i]));
    }
    TUNE_RETURN_IF_ERROR(write_file_atomically((temporary / kAboutFile).string(), about));
    TUNE_RETURN_IF_ERROR(sync_file_system(temporary));
    TUNE_RETURN_IF_ERROR(may_replace(about, target));  // the copy may have taken long
    TUNE_RETURN_IF_ERROR(replace(temporary, target));
    return sync_directory(target.parent_path().string());
  };
  Status status = copy();
  if (!status.ok()) fs::remove_all(temporary, error);  // a full disk needs the room
  return status;
}

namespace {

Json identity(const StudyRecord& study) { return {{"study", study.name}, {"study_created", iso_time(study.created)}}; }

std::string about(const StudyRecord& study, const TrialRecord& trial) {
  Json json = identity(study);
  json["trial"] = trial.id;
  json["name"] = trial.name;
  json["status"] = to_string(trial.status);
  json["metric"] = study.objective.metric;
  json["value"] = json_number(trial.value);
  json["parameters"] = json_parameters(study.space, trial.configuration);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Outputs::Outputs(OutputSpec spec, std::string study_directory)
    : spec_(std::move(spec)), study_directory_(std::move(study_directory)), worker_([this] { work(); }) {}

Outputs::~Outputs() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

void Outputs::catch_up(const StudyRecord& study) {
  forget_failed();
  if (spec_.all) {
    for (; seen_ < study.finished_order.size(); ++seen_) {
      const TrialRecord& trial = study.trial(study.finished_order[seen_]);
      if (trial.value) request(study, trial, trial.name);
    }
  } else if (const auto best = best_trial(study)) {
    request(study, study.trial(*best), kBestName);
  }
}

/// What could not be copied is asked for again.
void Outputs::forget_failed() {
  const std::lock_guard lock(mutex_);
  if (!failed_.empty()) seen_ = 0;
  for (const std::string& to : failed_) asked_.erase(to);
  failed_.clear();
}

void Outputs::request(const StudyRecord& study, const TrialRecord& trial, const std::string& name) {
  const std::string to = spec_.path + "/" + name;
  if (trial.attempts.empty()) return;  // it came from elsewhere
  const auto asked = asked_.find(to);
  if (asked != asked_.end() && asked->second == trial.id) return;
  asked_[to] = trial.id;
  Job job;
  job.about = about(study, trial);
  if (const Result<std::string> there = read_whole_file(to + "/" + kAboutFile); there.ok() && *there == job.about) return;
  for (const AttemptRecord& attempt : trial.attempts)
    job.from.push_back(attempt_directory(study_directory_, {trial.id, attempt.number}));
  job.to = to;
  // The study's own: two studies with one output must not write into one another's copy.
  job.temporary = "." + name + "." + study.trial(1).name + ".tmp";
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(jobs_, [&](const Job& earlier) { return earlier.to == to; });  // not begun, and out of date
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
}

void Outputs::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return over_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    busy_ = true;
    lock.unlock();
    Status status = copy_output(job.from, job.about, job.to, job.temporary);
    lock.lock();
    busy_ = false;
    if (!status.ok()) {
      problems_.push_back(status.message());
      failed_.push_back(job.to);
    }
    changed_.notify_all();
  }
}

void Outputs::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.empty() && !busy_; });
}

std::vector<std::string> Outputs::take_problems() {
  const std::lock_guard lock(mutex_);
  return std::exchange(problems_, {});
}

}  // namespace tune::engine
