#include "engine/executors/spot_market.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tune::engine {

namespace {

bool is_over(const decltype(ExecutorEvent::body)& body) {
  return std::holds_alternative<Ended>(body) || std::holds_alternative<Interrupted>(body) || std::holds_alternative<Lost>(body);
}

void add_event(std::vector<ExecutorEvent>& events, AttemptId id, decltype(ExecutorEvent::body) body) {
  ExecutorEvent& event = events.emplace_back();
  event.id = id;
  event.body = std::move(body);
}

}  // namespace

SpotMarket::SpotMarket(std::unique_ptr<Executor> inner, const Clock& clock, const SpotMarketOptions& options)
    : inner_(std::move(inner)), clock_(clock), options_(options) {
  TUNE_CHECK(options_.slots > 0 && options_.every > Duration(0) && options_.away > Duration(0));
  for (int i = 0; i < options_.slots; ++i) {
    Slot& slot = slots_.emplace_back(Slot{RandomStream(options_.seed, i + 1, "spot"), true, {}, 0});
    slot.until = clock_.now() + draw(slot, options_.every);
  }
}

/// A time of mean `mean`, at least a microsecond.
Duration SpotMarket::draw(Slot& slot, Duration mean) {
  const double factor = -std::log1p(-slot.random.uniform());
  return std::max(Duration(1), Duration(static_cast<std::int64_t>(factor * static_cast<double>(mean.count()))));
}

/// The first slot that is here and empty; as many as there are: none.
std::size_t SpotMarket::free_slot() const {
  const auto found = std::ranges::find_if(slots_, [](const Slot& slot) { return slot.here && slot.attempts == 0; });
  return static_cast<std::size_t>(found - slots_.begin());
}

bool SpotMarket::can_launch(const Resources& resources) const {
  return free_slot() < slots_.size() && inner_->can_launch(resources);
}

Status SpotMarket::place(const LaunchSpec& spec, std::size_t slot) {
  TUNE_RETURN_IF_ERROR(inner_->launch(spec));
  attempts_[spec.id] = Attempt{slot};
  ++slots_[slot].attempts;
  return {};
}

Status SpotMarket::launch(const LaunchSpec& spec) {
  const std::size_t slot = free_slot();
  if (slot < slots_.size()) return place(spec, slot);
  waiting_.push_back(spec);
  add_event(events_, spec.id, Waiting{"no slot is here (executor.interrupt)"});
  return {};
}

/// Gives slots that are here to attempts that wait for one.
void SpotMarket::place_waiting() {
  while (!waiting_.empty() && free_slot() < slots_.size()) {
    const LaunchSpec spec = waiting_.front();
    waiting_.erase(waiting_.begin());
    const Status status = place(spec, free_slot());
    if (status.ok()) continue;
    // It was not begun; where nothing can be started any more, the next launch says so.
    add_event(events_, spec.id, Interrupted{status.message()});
  }
}

Status SpotMarket::adopt(std::span<const LaunchSpec> specs) {
  TUNE_RETURN_IF_ERROR(inner_->adopt(specs));
  for (const LaunchSpec& spec : specs) {
    const bool known = spec.slot >= 0 && static_cast<std::size_t>(spec.slot) < slots_.size();
    const std::size_t slot = known ? static_cast<std::size_t>(spec.slot) : free_slot() % slots_.size();
    attempts_[spec.id] = Attempt{slot};
    ++slots_[slot].attempts;
  }
  return {};
}

void SpotMarket::stop(AttemptId id, std::chrono::milliseconds grace) {
  if (std::erase_if(waiting_, [id](const LaunchSpec& spec) { return spec.id == id; }) > 0) {
    Ended ended;
    ended.exit.stop_requested = true;
    add_event(events_, id, ended);
    return;
  }
  if (const auto found = attempts_.find(id); found != attempts_.end()) found->second.asked_to_stop = true;
  inner_->stop(id, grace);
}

void SpotMarket::take_away(std::size_t slot) {
  for (auto& [id, attempt] : attempts_) {
    if (attempt.slot != slot || attempt.taken) continue;
    attempt.taken = true;
    inner_->stop(id, options_.notice);
  }
}

/// Lets slots go and come as the clock says. Whether one has come back.
bool SpotMarket::pass_time() {
  bool came_back = false;
  const TimePoint now = clock_.now();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    while (slot.until <= now) {
      slot.here = !slot.here;
      slot.until += draw(slot, slot.here ? options_.every : options_.away);
      if (!slot.here) take_away(i);
      came_back = came_back || slot.here;
    }
  }
  return came_back;
}

/// An event of the executor inside as it is seen from outside.
void SpotMarket::translate(ExecutorEvent& event) {
  const auto found = attempts_.find(event.id);
  if (found == attempts_.end()) return;
  const Attempt attempt = found->second;
  if (auto* started = std::get_if<Started>(&event.body)) started->slot = static_cast<int>(attempt.slot);
  if (!is_over(event.body)) return;
  // One that had ended before it heard of it has ended.
  const auto* ended = std::get_if<Ended>(&event.body);
  const bool heard = ended != nullptr && ended->exit.stop_requested;
  if (heard && attempt.taken && !attempt.asked_to_stop) event.body = Interrupted{"its slot was taken away (executor.interrupt)"};
  --slots_[attempt.slot].attempts;
  attempts_.erase(found);
}

std::vector<ExecutorEvent> SpotMarket::wait(TimePoint deadline) {
  while (true) {
    const TimePoint next = std::ranges::min_element(slots_, {}, &Slot::until)->until;
    const TimePoint until = events_.empty() ? std::min(deadline, next) : clock_.now();
    std::vector<ExecutorEvent> events = inner_->wait(until);
    for (ExecutorEvent& event : events) translate(event);
    const bool came_back = pass_time();
    place_waiting();
    events.insert(events.begin(), std::make_move_iterator(events_.begin()), std::make_move_iterator(events_.end()));
    events_.clear();
    if (!events.empty() || came_back || next > deadline || clock_.now() < next) return events;
  }
}

}  // namespace tune::engine
