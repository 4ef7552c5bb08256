#include "engine/api/trial_channel.hpp"
#include "tune/study.hpp"

namespace tune {

Trial::Trial(std::shared_ptr<detail::TrialChannel> channel) : channel_(std::move(channel)) {}
Trial::Trial(Trial&&) noexcept = default;

Trial& Trial::operator=(Trial&& other) noexcept {
  if (this != &other) {
    if (channel_) channel_->dropped();
    channel_ = std::move(other.channel_);
  }
  return *this;
}

Trial::~Trial() {
  if (channel_) channel_->dropped();
}

TrialId Trial::number() const { return channel_->number; }
const Configuration& Trial::configuration() const { return channel_->configuration; }
std::optional<std::int64_t> Trial::max_step() const { return channel_->max_step; }
const std::string& Trial::checkpoint_directory() const { return channel_->checkpoint_directory; }
const std::optional<std::string>& Trial::resume_from() const { return channel_->resume_from; }

double Trial::operator[](Handle<double> parameter) const { return as_number(*channel_->configuration[parameter.index]); }
std::int64_t Trial::operator[](Handle<std::int64_t> parameter) const {
  return std::get<std::int64_t>(*channel_->configuration[parameter.index]);
}
const std::string& Trial::operator[](Handle<std::string> parameter) const {
  return std::get<std::string>(*channel_->configuration[parameter.index]);
}
std::optional<double> Trial::operator[](ConditionalHandle<double> parameter) const {
  const auto& value = channel_->configuration[parameter.index];
  return value ? std::optional(as_number(*value)) : std::nullopt;
}
std::optional<std::int64_t> Trial::operator[](ConditionalHandle<std::int64_t> parameter) const {
  const auto& value = channel_->configuration[parameter.index];
  return value ? std::optional(std::get<std::int64_t>(*value)) : std::nullopt;
}

Verdict Trial::report(std::int64_t step, double value) {
  TUNE_CHECK(step >= 1);
  return Verdict(channel_->report(step, channel_->objective, value));
}

void Trial::report(std::int64_t step, std::string_view metric, double value) {
  TUNE_CHECK(step >= 1);
  // The objective goes through the other report, whose verdict must be seen.
  TUNE_CHECK(metric != channel_->objective);
  channel_->report(step, std::string(metric), value);
}

bool Trial::stop_requested() const { return channel_->stop_requested(); }

}  // namespace tune
