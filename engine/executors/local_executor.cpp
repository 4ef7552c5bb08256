#include "engine/executors/local_executor.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/host_name.hpp"

namespace tune::engine {
namespace {

constexpr std::chrono::milliseconds kLookInterval{20};
constexpr std::chrono::milliseconds kPlaceInterval{100};
constexpr int kEndsPerTurn = 64;

std::string name_of(const LaunchSpec& spec) {
  return "trial " + std::to_string(spec.id.trial) + ", attempt " + std::to_string(spec.id.attempt);
}

bool passes(int error) { return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE; }

LaunchSpec with_absolute_directory(LaunchSpec spec) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(spec.directory, error);
  if (!error) spec.directory = absolute.lexically_normal().string();
  return spec;
}

}  // namespace

Result<std::unique_ptr<LocalExecutor>> make_local_executor(Clock& clock, const LocalOptions& options) {
  if (access(options.shim_path.c_str(), X_OK) != 0) {
    return Status::executor("the supervisor program '" + options.shim_path + "' cannot be run: " + std::strerror(errno));
  }
  Result<GpuInventory> gpus = GpuInventory::open(options.gpus);
  if (!gpus) return gpus.status();
  auto executor = std::make_unique<LocalExecutor>(clock, options, std::move(*gpus));
  TUNE_RETURN_IF_ERROR(executor->ready());
  return executor;
}

LocalExecutor::LocalExecutor(Clock& clock, LocalOptions options, GpuInventory gpus)
    : clock_(clock),
      options_(std::move(options)),
      gpus_(std::move(gpus)),
      slots_(options_.slots),
      launcher_(options_.shim_path),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      host_(host_name()) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0;
  if (epoll_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_.fd(), &event) != 0)
    ready_ = Status::executor(std::string("cannot wait for processes: ") + std::strerror(errno));
}

LocalExecutor::~LocalExecutor() {
  if (epoll_ >= 0) close(epoll_);
}

bool LocalExecutor::can_launch(const Resources& resources) const {
  return slots_.free() > 0 && gpus_.has_place(resources.gpus, clock_.now()) && resources.processes == 1 && resources.nodes == 1;
}

Status LocalExecutor::check_launch(const LaunchSpec& spec) const {
  if (by_id_.contains(spec.id)) return Status::internal(name_of(spec) + " is running already");
  if (spec.argv.empty()) return Status::internal(name_of(spec) + " has no command");
  if (const int here = gpus_.count(spec.resources.gpus); spec.resources.gpus > here) {
    return Status::executor(name_of(spec) + " wants " + to_text(spec.resources.gpus) + " GPUs; here are " + std::to_string(here));
  }
  if (slots_.free() == 0 || spec.resources.processes != 1 || spec.resources.nodes != 1)
    return Status::executor("no place is free for " + name_of(spec));
  std::error_code error;
  std::filesystem::create_directories(spec.directory, error);
  if (error) return Status::storage("cannot make the directory '" + spec.directory + "': " + error.message());
  for (const char* sign : {kExitFile, kPidFile, kLostFile}) {
    if (std::filesystem::exists(spec.directory + "/" + sign, error)) {
      return Status::storage(name_of(spec) + " has been started before: '" + spec.directory + "/" + sign + "' exists");
    }
  }
  return {};
}

Status LocalExecutor::launch(const LaunchSpec& given) {
  const LaunchSpec spec = with_absolute_directory(given);
  if (Status status = check_launch(spec); !status) return status;
  Attempt& attempt = add(spec, State::kWaiting);
  attempt.slot = slots_.acquire();
  const std::uint64_t key = by_id_.at(spec.id);
  Status status = start(key);
  if (!status) finish(key);
  return status;
}

LocalExecutor::Attempt& LocalExecutor::add(const LaunchSpec& spec, State state) {
  const std::uint64_t key = next_key_++;
  by_id_[spec.id] = key;
  auto attempt = std::make_unique<Attempt>(spec, state);
  attempt->begun = clock_.now();
  return *(attempts_[key] = std::move(attempt));
}

void LocalExecutor::finish(std::uint64_t key) {
  const auto found = attempts_.find(key);
  const Attempt& attempt = *found->second;
  slots_.release(attempt.slot);
  gpus_.release(attempt.spec.id);
  by_id_.erase(attempt.spec.id);
  attempts_.erase(found);
  for (const auto& [other, waiting] : attempts_) {
    if (waiting->state == State::kWaiting) waiting->next_look = clock_.now();
  }
}

/// Starts an attempt that has its place, or leaves it waiting, or ends it. An error: the supervisor itself cannot be started.
Status LocalExecutor::start(std::uint64_t key) {
  Attempt& attempt = *attempts_.at(key);
  const LaunchSpec& spec = attempt.spec;
  const TimePoint now = clock_.now();
  if (const std::string why = gpus_.take(spec.id, spec.resources.gpus, spec.directory, now); !why.empty()) {
    attempt.has_gpus = false;
    wait_for_place(attempt, why);
    return {};
  }
  if (!std::exchange(attempt.has_gpus, true)) attempt.begun = now;
  const Duration waited = now - attempt.begun;
  if (const std::string why = gpus_.not_free(spec.id); !why.empty() && waited < kGpuMemoryPatience) {
    wait_for_place(attempt, why);
    return {};
  }
  auto [error, shim] =
      ShimProcess::spawn(options_.shim_path, launcher_, spec, gpus_.environment(spec.id), options_.outside_grace);
  if (error == 0) {
    run(key, std::move(shim), gpus_.names(spec.id));
    return {};
  }
  if (error == ECONNRESET) {  // has a supervisor been started or not? Found out as after a crash of ours
    look_again(attempt);
    return {};
  }
  if (passes(error)) {
    wait_for_place(attempt, std::string("no process can be started now: ") + std::strerror(error));
    return {};
  }
  if (error == E2BIG) {
    ExitRecord exit;
    exit.launch_error = "cannot run '" + attempt.spec.argv.front() + "': command and environment are too long";
    end_unstarted(key, exit);
    return {};
  }
  return Status::executor("cannot start the supervisor '" + options_.shim_path + "': " + std::strerror(error));
}

void LocalExecutor::wait_for_place(Attempt& attempt, const std::string& why) {
  if (!attempt.told_waiting) emit(attempt, Waiting{why});
  attempt.told_waiting = true;
  attempt.next_look = clock_.now() + kPlaceInterval;
}

void LocalExecutor::end_unstarted(std::uint64_t key, ExitRecord exit) {
  exit.started = exit.ended = clock_.now();
  emit(*attempts_.at(key), Ended{std::move(exit)});
  finish(key);
}

void LocalExecutor::run(std::uint64_t key, ShimProcess shim, std::vector<std::string> gpu_names) {
  Attempt& attempt = *attempts_.at(key);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, shim.fd(), &event) != 0) {  // no memory, or no watches left
    look_again(attempt);
    return;
  }
  attempt.state = State::kRunning;
  attempt.next_look = TimePoint::max();
  attempt.shim = std::move(shim);
  gpus_.began(attempt.spec.id, clock_.now());
  emit(attempt, Started{host_, std::move(gpu_names), attempt.slot, gpus_.share(attempt.spec.id)});
  send_stop(attempt);
}

Status LocalExecutor::adopt(std::span<const LaunchSpec> specs) {
  for (const LaunchSpec& given : specs) {
    const LaunchSpec spec = with_absolute_directory(given);
    if (by_id_.contains(spec.id)) return Status::internal(name_of(spec) + " is running already");
    Attempt& attempt = add(spec, State::kLooking);
    attempt.slot = slots_.acquire_at(spec.slot);
    gpus_.take_named(spec.id, spec.resources.gpus, spec.directory, spec.gpus);
    attempt.next_look = attempt.begun;
  }
  return {};
}

/// It is found again as an attempt of an earlier executor would be.
void LocalExecutor::look_again(Attempt& attempt) {
  attempt.state = State::kLooking;
  attempt.begun = clock_.now();
  attempt.next_look = attempt.begun + kLookInterval;
}

/// What has become of an attempt of an earlier executor?
void LocalExecutor::look(std::uint64_t key) {
  Attempt& attempt = *attempts_.at(key);
  const std::string& directory = attempt.spec.directory;
  const bool held = lock_is_held(directory);
  // The record is written before the lock is let go: read it after having looked at the lock.
  auto [file, readable] = read_exit_file(attempt.spec);
  if (file) {
    emit(attempt, Started{host_, attempt.spec.gpus, attempt.slot, gpus_.share(attempt.spec.id)});
    end_by_record(attempt, std::move(*file));
    return;
  }
  if (held) {
    const auto pid = read_pid_file(directory);
    auto shim = pid ? ShimProcess::attach(*pid) : std::nullopt;
    if (shim) {
      run(key, std::move(*shim), attempt.spec.gpus);
      return;
    }
  }
  const Duration waited = clock_.now() - attempt.begun;
  if (waited < (!readable ? Duration{kReadPatience} : held ? Duration{kStartPatience} : Duration{kAdoptPatience})) {
    attempt.next_look = clock_.now() + kLookInterval;
    return;
  }
  begin_sweep(attempt, Lost{"its supervisor is gone and left no record"});
}

void LocalExecutor::stop(AttemptId id, std::chrono::milliseconds grace) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  Attempt& attempt = *attempts_.at(found->second);
  if (attempt.state == State::kWaiting) {
    ExitRecord exit;
    exit.stop_requested = true;
    end_unstarted(found->second, exit);
  } else if (attempt.state == State::kLooking || attempt.state == State::kRunning) {
    attempt.unsent_stop = attempt.unsent_stop ? std::min(*attempt.unsent_stop, grace) : grace;
    if (attempt.state == State::kRunning) send_stop(attempt);
  }
}

void LocalExecutor::send_stop(Attempt& attempt) {
  if (!attempt.unsent_stop) return;
  if (attempt.shim.request_stop(*attempt.unsent_stop)) {
    attempt.unsent_stop.reset();
    attempt.next_look = TimePoint::max();
  } else {
    attempt.next_look = clock_.now() + kLookInterval;
  }
}

void LocalExecutor::supervisor_ended(std::uint64_t key) {
  const auto found = attempts_.find(key);
  if (found == attempts_.end()) return;
  Attempt& attempt = *found->second;
  const ShimProcess::End end = attempt.shim.wait_for_end();
  attempt.shim.reset();  // leaves the epoll set with it
  auto [file, readable] = read_exit_file(attempt.spec);
  if (file) {
    end_by_record(attempt, std::move(*file));
  } else if (!readable) {
    look_again(attempt);
  } else if (end.code == kShimBusy || end.code == kShimStartedBefore) {
    drain(attempt,
          Lost{"its directory belongs to an earlier start of the same attempt"});  // whose processes are not ours to kill
  } else if (end.signal) {
    begin_sweep(attempt, Interrupted{"its supervisor was ended from outside by signal " + std::to_string(*end.signal)});
  } else if (end.code == kShimNotRecorded) {
    begin_sweep(attempt, Lost{"its supervisor could not write exit.json (is the disk full?)"});
  } else if (end.code == kShimNoDirectory) {
    begin_sweep(attempt, Lost{"its supervisor could not use the directory '" + attempt.spec.directory + "'"});
  } else {
    begin_sweep(attempt, Lost{"its supervisor is gone and left no record"});
  }
}

void LocalExecutor::end_by_record(Attempt& attempt, ExitFile file) {
  gpus_.over(attempt.spec.id, file.exit);
  if (file.machine_failed && !file.exit.stop_requested) {
    remove_unfinished_files(attempt.spec.directory);
    drain(attempt, Lost{file.exit.launch_error});
  } else if (file.interrupted_by != 0 && !file.exit.stop_requested && file.exit.launch_error.empty()) {
    drain(attempt, Interrupted{"its supervisor was asked to end from outside by signal " + std::to_string(file.interrupted_by)});
  } else {
    drain(attempt, Ended{std::move(file.exit)});
  }
}

void LocalExecutor::begin_sweep(Attempt& attempt, decltype(ExecutorEvent::body) last) {
  forbid_start(attempt.spec.directory);  // a supervisor that was only just started finds this and ends
  attempt.state = State::kSweeping;
  attempt.begun = clock_.now();
  attempt.last = std::move(last);
  sweep(attempt);
}

void LocalExecutor::sweep(Attempt& attempt) {
  if (sweep_attempt(attempt.spec.directory) > 0 && clock_.now() - attempt.begun < kSweepPatience) {
    attempt.next_look = clock_.now() + kLookInterval;
    return;
  }
  remove_unfinished_files(attempt.spec.directory);
  drain(attempt, std::move(attempt.last));
}

void LocalExecutor::drain(Attempt& attempt, decltype(ExecutorEvent::body) last) {
  attempt.state = State::kDraining;
  attempt.next_look = TimePoint::max();
  attempt.last = std::move(last);
  attempt.begun = clock_.now();
  attempt.drain_to = attempt.log.size();
  if (attempt.log.problem() != 0) attempt.drain_to = std::numeric_limits<std::uint64_t>::max();
  backlog_ = true;
}

std::vector<ExecutorEvent> LocalExecutor::wait(TimePoint deadline) {
  collect_ends(clock_.now());
  while (true) {
    wake_.drain();
    const bool woken = wake_.take_wake();
    run_timers();
    look_at_gpus();
    read_logs();
    if (!events_.empty() || woken || clock_.now() >= deadline) return std::exchange(events_, {});
    collect_ends(std::min(deadline, next_timer()));
  }
}

/// Blocks until then, or until a supervisor has ended or somebody wakes us.
void LocalExecutor::collect_ends(TimePoint until) {
  std::array<epoll_event, kEndsPerTurn> ready{};
  const int count = epoll_wait(epoll_, ready.data(), kEndsPerTurn, poll_timeout(clock_, until));
  for (int i = 0; i < count; ++i) {
    if (const std::uint64_t key = ready[static_cast<std::size_t>(i)].data.u64; key != 0) supervisor_ended(key);
  }
}

TimePoint LocalExecutor::next_timer() const {
  TimePoint next = TimePoint::max();
  bool logs = false;
  for (const auto& [key, attempt] : attempts_) {
    next = std::min(next, attempt->next_look);
    logs = logs || attempt->state == State::kRunning || attempt->state == State::kDraining;
  }
  if (backlog_) return clock_.now();
  next = std::min(next, gpus_.next_sample());
  return logs ? std::min(next, next_log_poll_) : next;
}

void LocalExecutor::run_timers() {
  const TimePoint now = clock_.now();
  std::vector<std::uint64_t> due;
  for (const auto& [key, attempt] : attempts_) {
    if (attempt->next_look <= now) due.push_back(key);
  }
  for (const std::uint64_t key : due) {
    Attempt& attempt = *attempts_.at(key);
    switch (attempt.state) {
      case State::kWaiting:
        if (Status status = start(key); !status) {
          emit(attempt, Lost{status.message()});
          finish(key);
        }
        break;
      case State::kLooking:
        look(key);
        break;
      case State::kRunning:
        send_stop(attempt);
        break;
      case State::kSweeping:
        sweep(attempt);
        break;
      case State::kDraining:
        break;
    }
  }
}

void LocalExecutor::look_at_gpus() {
  const TimePoint now = clock_.now();
  if (now < gpus_.next_sample()) return;
  for (const auto& [id, sampled] : gpus_.sample(now)) emit(*attempts_.at(by_id_.at(id)), sampled);
}

/// Turn by turn one chunk of each log, until there is no more or the limit of one wait() is reached; the next one goes on there.
void LocalExecutor::read_logs() {
  if (!backlog_ && clock_.now() < next_log_poll_) return;
  next_log_poll_ = clock_.now() + kLogPollInterval;
  backlog_ = false;
  std::vector<std::uint64_t> turn;
  for (const auto& [key, attempt] : attempts_) {
    if (attempt->state == State::kRunning || attempt->state == State::kDraining) turn.push_back(key);
  }
  const auto first = std::lower_bound(turn.begin(), turn.end(), log_cursor_);
  std::rotate(turn.begin(), first, turn.end());
  std::size_t left = kLogBytesPerWait;
  while (!turn.empty()) {
    std::vector<std::uint64_t> more;
    for (const std::uint64_t key : turn) {
      if (left == 0) {
        backlog_ = true;
        log_cursor_ = key;
        return;
      }
      Attempt& attempt = *attempts_.at(key);
      const std::size_t limit = std::min(kLogChunk, left);
      const std::uint64_t offset = attempt.log.offset();
      std::string bytes = attempt.log.read(limit);
      const std::size_t got = bytes.size();
      left -= got;
      if (got > 0) emit(attempt, Output{std::move(bytes), offset});
      const bool draining = attempt.state == State::kDraining;
      if (draining && attempt.log.problem() != 0) {
        if (clock_.now() - attempt.begun < kReadPatience) continue;  // its values are in there
        emit(attempt, Lost{std::string("its log cannot be read: ") + std::strerror(attempt.log.problem())});
        finish(key);
      } else if (draining && (got == 0 || attempt.log.offset() >= attempt.drain_to)) {
        emit(attempt, std::move(attempt.last));
        finish(key);
      } else if (got == limit || draining) {
        more.push_back(key);
      }
    }
    turn = std::move(more);
  }
}

}  // namespace tune::engine
