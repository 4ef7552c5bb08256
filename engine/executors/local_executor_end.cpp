#include <algorithm>
#include <limits>
#include <type_traits>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/local_executor.hpp"

/// How attempts are adopted and asked to stop, and how they end.
namespace tune::engine {

namespace {
constexpr std::chrono::milliseconds kLookInterval{20};
}

// ---- adoption ----

/// It is found again as an attempt of an earlier executor would be.
void LocalExecutor::look_again(Attempt& attempt) {
  attempt.state = State::kLooking;
  attempt.begun = clock_.now();
  attempt.next_look = attempt.begun + kLookInterval;
}

/// What has become of an attempt of an earlier executor?
void LocalExecutor::look(std::uint64_t key) {
  Attempt& attempt = *attempts_.at(key);
  bool known = true;
  for (std::size_t rank = 0; rank < attempt.ranks.size(); ++rank) known = look_at(key, static_cast<int>(rank)) && known;
  if (!known) {
    attempt.next_look = clock_.now() + kLookInterval;
    return;
  }
  const auto was_there = [](const Rank& rank) {
    return !rank.end || !std::holds_alternative<Lost>(*rank.end) || look_at_log(rank.spec.directory).has_value();
  };
  if (std::ranges::any_of(attempt.ranks, was_there))
    begin_running(attempt, attempt.has_gpus ? gpus_.names(attempt.spec.id) : attempt.spec.gpus);
  finish_ranks(attempt);
}

/// The same of one process. False: that cannot be told yet.
bool LocalExecutor::look_at(std::uint64_t key, int number) {
  Attempt& attempt = *attempts_.at(key);
  Rank& rank = attempt.ranks[static_cast<std::size_t>(number)];
  if (rank.runs() || rank.end || rank.waits) return true;
  const std::string& directory = rank.spec.directory;
  const bool held = lock_is_held(directory);
  // The record is written before the lock is let go: read it after having looked at the lock.
  auto [file, readable] = read_exit_file(rank.spec);
  if (file) {
    rank_ended(attempt, number, end_by_record(rank, std::move(*file)));
    return true;
  }
  if (held) {
    const auto pid = read_pid_file(directory);
    auto shim = pid ? ShimProcess::attach(*pid) : std::nullopt;
    if (shim) {
      rank.shim = std::move(*shim);
      return watch(key, number);
    }
  }
  const Duration waited = clock_.now() - attempt.begun;
  if (waited < (!readable ? Duration{kReadPatience} : held ? Duration{kStartPatience} : Duration{kAdoptPatience})) return false;
  rank.sweep = true;
  rank_ended(attempt, number, Lost{"its supervisor is gone and left no record"});
  return true;
}

// ---- stopping ----

void LocalExecutor::stop(AttemptId id, std::chrono::milliseconds grace) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  Attempt& attempt = *attempts_.at(found->second);
  if (attempt.state == State::kWaiting) {
    ExitRecord exit;
    exit.stop_requested = true;
    end_unstarted(found->second, exit);
    if (std::ranges::none_of(attempts_, [](const auto& one) { return one.second->state == State::kWaiting; })) {
      starved_since_.reset();
      gpus_.forget_shortage();
    }
  } else if (attempt.state == State::kLooking || attempt.state == State::kRunning) {
    for (Rank& rank : attempt.ranks) rank.unsent_stop = rank.unsent_stop ? std::min(*rank.unsent_stop, grace) : grace;
    send_stops(attempt);
    if (attempt.state == State::kRunning) finish_ranks(attempt);
  }
}

void LocalExecutor::send_stops(Attempt& attempt) {
  bool all_sent = true;
  for (Rank& rank : attempt.ranks) {
    if (rank.waits && rank.unsent_stop) {
      ExitRecord exit;
      exit.stop_requested = true;
      exit.rank = static_cast<int>(&rank - attempt.ranks.data());
      exit.started = exit.ended = clock_.now();
      rank.waits = false;
      rank.end = std::move(exit);
    }
    all_sent = all_sent && !rank.waits;
    if (!rank.unsent_stop) continue;
    if (rank.end || (rank.runs() && rank.shim.request_stop(*rank.unsent_stop)))
      rank.unsent_stop.reset();
    else
      all_sent = false;
  }
  if (attempt.state != State::kRunning) return;  // which of its processes run is being found out
  attempt.next_look = all_sent ? TimePoint::max() : clock_.now() + kLookInterval;
}

/// One of its processes ended so that the attempt does: the others have the grace period of a stop.
void LocalExecutor::stop_others(Attempt& attempt) {
  for (Rank& rank : attempt.ranks) {
    if (!rank.end) rank.unsent_stop = std::min(rank.unsent_stop.value_or(options_.outside_grace), options_.outside_grace);
  }
  if (attempt.state == State::kRunning || attempt.state == State::kLooking) send_stops(attempt);
}

// ---- ends ----

void LocalExecutor::supervisor_ended(std::uint64_t key, int number) {
  const auto found = attempts_.find(key);
  if (found == attempts_.end()) return;
  Attempt& attempt = *found->second;
  Rank& rank = attempt.ranks[static_cast<std::size_t>(number)];
  const ShimProcess::End end = rank.shim.wait_for_end();
  rank.shim.reset();  // leaves the epoll set with it
  auto [file, readable] = read_exit_file(rank.spec);
  if (!file && !readable) return look_again(attempt);
  rank_ended(attempt, number, file ? end_by_record(rank, std::move(*file)) : end_without_record(rank, end));
  if (attempt.state == State::kRunning) finish_ranks(attempt);
}

RankEnd LocalExecutor::end_by_record(const Rank& rank, ExitFile file) {
  if (file.machine_failed && !file.exit.stop_requested) {
    remove_unfinished_files(rank.spec.directory);
    return Lost{file.exit.launch_error};
  }
  const auto log = look_at_log(rank.spec.directory);
  if (file.log_bytes > (log ? log->size : 0) && !file.exit.stop_requested)
    return Lost{"its log is shorter than when it ended (was there a loss of power?)"};
  if (file.interrupted_by != 0 && !file.exit.stop_requested && file.exit.launch_error.empty())
    return Interrupted{"its supervisor was asked to end from outside by signal " + std::to_string(file.interrupted_by)};
  return std::move(file.exit);
}

/// How a process ended whose supervisor is gone without a record; notes whether something may be left of it.
RankEnd LocalExecutor::end_without_record(Rank& rank, const ShimProcess::End& end) {
  if (end.code == kShimBusy || end.code == kShimStartedBefore)  // whose processes are not ours to kill
    return Lost{"its directory belongs to an earlier start of the same attempt"};
  rank.sweep = true;
  if (end.signal) return Interrupted{"its supervisor was ended from outside by signal " + std::to_string(*end.signal)};
  if (end.code == kShimNotRecorded) return Lost{"its supervisor could not write exit.json (is the disk full?)"};
  if (end.code == kShimNoDirectory) return Lost{"its supervisor could not use the directory '" + rank.spec.directory + "'"};
  return Lost{"its supervisor is gone and left no record"};
}

void LocalExecutor::rank_ended(Attempt& attempt, int number, RankEnd end) {
  Rank& rank = attempt.ranks[static_cast<std::size_t>(number)];
  if (auto* exit = std::get_if<ExitRecord>(&end)) {
    exit->rank = number;
    if (number > 0 && ends_attempt(end)) exit->last_lines = last_lines_of(rank.spec.directory + "/" + kLogFile);
  }
  rank.end = std::move(end);
  if (attempt.ranks.size() == 1 || !ends_attempt(*rank.end)) return;
  // What is found on adoption may have ended in any order.
  if (!attempt.first_bad && attempt.state == State::kRunning) attempt.first_bad = rank.end;
  stop_others(attempt);
}

/// When all processes of an attempt are over.
void LocalExecutor::finish_ranks(Attempt& attempt) {
  if (!std::ranges::all_of(attempt.ranks, [](const Rank& rank) { return rank.end.has_value(); })) return;
  std::vector<RankEnd> ends;
  for (const Rank& rank : attempt.ranks) ends.push_back(*rank.end);
  RankEnd joined = with_usage_of(attempt.first_bad ? *attempt.first_bad : joined_end(ends), ends);
  if (auto* exit = std::get_if<ExitRecord>(&joined)) gpus_.over(attempt.spec.id, *exit);
  decltype(ExecutorEvent::body) last = std::visit(
      [](auto&& body) -> decltype(ExecutorEvent::body) {
        if constexpr (std::is_same_v<std::decay_t<decltype(body)>, ExitRecord>)
          return Ended{std::forward<decltype(body)>(body)};
        else
          return std::forward<decltype(body)>(body);
      },
      std::move(joined));
  if (std::ranges::none_of(attempt.ranks, &Rank::sweep)) return drain(attempt, std::move(last));
  // A supervisor that was only just started finds this and ends.
  for (const Rank& rank : attempt.ranks) {
    if (rank.sweep) forbid_start(rank.spec.directory);
  }
  attempt.state = State::kSweeping;
  attempt.begun = clock_.now();
  attempt.last = std::move(last);
  sweep(attempt);
}

void LocalExecutor::sweep(Attempt& attempt) {
  int found = 0;
  for (const Rank& rank : attempt.ranks) {
    if (rank.sweep) found += sweep_attempt(rank.spec.directory);
  }
  if (found > 0 && clock_.now() - attempt.begun < kSweepPatience) {
    attempt.next_look = clock_.now() + kLookInterval;
    return;
  }
  for (const Rank& rank : attempt.ranks) {
    if (rank.sweep) remove_unfinished_files(rank.spec.directory);
  }
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

}  // namespace tune::engine
