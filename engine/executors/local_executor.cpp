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

#include "engine/config/paths.hpp"
#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/host_name.hpp"

namespace tune::engine {
namespace {

constexpr std::chrono::milliseconds kPlaceInterval{100};
constexpr int kEndsPerTurn = 64;

std::string name_of(const LaunchSpec& spec) {
  return "trial " + std::to_string(spec.id.trial) + ", attempt " + std::to_string(spec.id.attempt);
}

bool passes(int error) { return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE; }

LaunchSpec with_absolute_directory(LaunchSpec spec) {
  spec.directory = absolute_path(spec.directory);
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

LocalExecutor::Attempt::Attempt(LaunchSpec s, State st)
    : spec(std::move(s)), state(st), log(spec.directory + "/" + kLogFile, spec.log_offset), next_look(TimePoint::max()) {
  for (int rank = 0; rank < spec.resources.processes; ++rank) {
    Rank& one = ranks.emplace_back(Rank{spec});
    one.spec.directory = rank_directory(spec.directory, rank);
  }
}

bool LocalExecutor::can_launch(const Resources& resources) const {
  return slots_.free() > 0 && gpus_.has_place(resources.gpus, clock_.now()) &&
         resources.processes < static_cast<int>(kMostRanks) && resources.nodes == 1;
}

Status LocalExecutor::check_launch(const LaunchSpec& spec) const {
  if (by_id_.contains(spec.id)) return Status::internal(name_of(spec) + " is running already");
  if (spec.argv.empty()) return Status::internal(name_of(spec) + " has no command");
  if (const int here = gpus_.count(spec.resources.gpus); spec.resources.gpus > here) {
    return Status::executor(name_of(spec) + " wants " + to_text(spec.resources.gpus) + " GPUs; here are " + std::to_string(here));
  }
  if (slots_.free() == 0 || spec.resources.processes >= static_cast<int>(kMostRanks) || spec.resources.nodes != 1)
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
    if (const std::string given_up = gpus_.why_given_up(spec.resources.gpus, now); !given_up.empty()) {
      return Status::executor("fewer GPUs than a trial needs, " + to_text(spec.resources.gpus) + ", have been in order for " +
                              std::to_string(kGpuLossPatience.count()) + " minutes: " + given_up +
                              "; when they are back `tune resume` goes on");
    }
    wait_for_place(attempt, why);
    return {};
  }
  if (!std::exchange(attempt.has_gpus, true)) {
    attempt.begun = now;
    attempt.told_waiting = false;
  }
  const Duration waited = now - attempt.begun;
  if (const std::string why = gpus_.not_free(spec.id); !why.empty() && waited < kGpuMemoryPatience) {
    wait_for_place(attempt, why);
    return {};
  }
  const int error = spawn(attempt, 0);
  if (!passes(error)) starved_since_.reset();
  if (error == 0) {
    if (watch(key, 0)) begin_running(attempt, gpus_.names(spec.id));
    start_other_ranks(key);
    return {};
  }
  if (error == ECONNRESET) {  // has a supervisor been started or not? Found out as after a crash of ours
    look_again(attempt);
    return {};
  }
  if (passes(error)) {
    const bool idle = std::ranges::all_of(attempts_, [](const auto& one) { return one.second->state == State::kWaiting; });
    if (!idle || !starved_since_) starved_since_ = now;
    if (now - *starved_since_ >= kProcessPatience) {
      return Status::executor(
          "no process could be started for " + std::to_string(kProcessPatience.count()) + " minutes: " + std::strerror(error) +
          " (limits on processes and open files: ulimit -u, ulimit -n, pids.max); then `tune resume` goes on");
    }
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

/// Starts the supervisor of one process. 0, or the errno that says why not.
int LocalExecutor::spawn(Attempt& attempt, int rank) {
  const int count = attempt.spec.resources.processes;
  auto environment = gpus_.environment(attempt.spec.id);
  if (count > 1) {
    if (!attempt.port) attempt.port = PortReservation::make();
    if (!attempt.port) return EAGAIN;
    const auto meeting = rank_environment(rank, count, attempt.port->port());
    environment.insert(environment.end(), meeting.begin(), meeting.end());
  }
  Rank& one = attempt.ranks[static_cast<std::size_t>(rank)];
  auto [error, shim] = ShimProcess::spawn(options_.shim_path, launcher_, one.spec, environment, options_.outside_grace);
  if (error == 0) one.shim = std::move(shim);
  return error;
}

/// Once process 0 runs.
void LocalExecutor::start_other_ranks(std::uint64_t key) {
  for (int rank = 1; rank < attempts_.at(key)->spec.resources.processes; ++rank) start_rank(key, rank);
}

/// Where the machine has no room for it now, it is tried again for a while. When it cannot be started the others are ended: they
/// would wait for it for ever.
void LocalExecutor::start_rank(std::uint64_t key, int rank) {
  Attempt& attempt = *attempts_.at(key);
  Rank& one = attempt.ranks[static_cast<std::size_t>(rank)];
  one.waits = false;
  const Status made = attempt.first_bad ? Status() : make_rank_directory(attempt.spec.directory, rank);
  const int error = attempt.first_bad ? ECANCELED : made.ok() ? spawn(attempt, rank) : EIO;
  if (error == 0) {
    watch(key, rank);
    return;
  }
  if (passes(error) && clock_.now() - attempt.begun < kRoomPatience) {
    one.waits = true;
    attempt.next_look = clock_.now() + kPlaceInterval;
    return;
  }
  const std::string why = made.ok() ? std::strerror(error) : made.message();
  one.sweep = error == ECONNRESET;
  rank_ended(attempt, rank, Lost{"process " + std::to_string(rank) + " cannot be started: " + why});
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

/// Takes note of the end of a supervisor that lives. False: it cannot, and it will be looked for again.
bool LocalExecutor::watch(std::uint64_t key, int rank) {
  Attempt& attempt = *attempts_.at(key);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key * kMostRanks + static_cast<std::uint64_t>(rank);
  ShimProcess& shim = attempt.ranks[static_cast<std::size_t>(rank)].shim;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, shim.fd(), &event) == 0) return true;
  shim.reset();  // no memory, or no watches left
  look_again(attempt);
  return false;
}

void LocalExecutor::begin_running(Attempt& attempt, std::vector<std::string> gpu_names) {
  attempt.state = State::kRunning;
  attempt.next_look = TimePoint::max();
  if (!std::exchange(attempt.told_started, true)) {
    gpus_.began(attempt.spec.id, clock_.now());
    emit(attempt, Started{host_, std::move(gpu_names), attempt.slot, gpus_.share(attempt.spec.id)});
  }
  send_stops(attempt);
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
    const std::uint64_t data = ready[static_cast<std::size_t>(i)].data.u64;
    if (data != 0) supervisor_ended(data / kMostRanks, static_cast<int>(data % kMostRanks));
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
          // Where nothing can be started any more, the next launch says so; this attempt was not begun.
          emit(attempt, Interrupted{status.message()});
          finish(key);
        }
        break;
      case State::kLooking:
        look(key);
        break;
      case State::kRunning:
        for (int rank = 1; rank < attempt.spec.resources.processes; ++rank) {
          if (attempt.ranks[static_cast<std::size_t>(rank)].waits) start_rank(key, rank);
        }
        send_stops(attempt);
        if (attempt.state == State::kRunning) finish_ranks(attempt);
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
