#include "tune/study.hpp"

#include <filesystem>

#include "engine/api/ask_tell.hpp"
#include "engine/api/trial_channel.hpp"
#include "engine/clock/system_clock.hpp"
#include "engine/config/paths.hpp"
#include "engine/config/resolve_options.hpp"
#include "engine/executors/in_process_executor.hpp"
#include "engine/run/local_run.hpp"
#include "engine/run/run_loop.hpp"

namespace tune {

namespace {

namespace fs = std::filesystem;
using engine::AskTell;

/// A trial that its user asked for.
class AskedChannel final : public detail::TrialChannel {
 public:
  AskedChannel(std::shared_ptr<AskTell> study, AskTell::Given given, std::string metric) : study_(std::move(study)) {
    number = given.trial;
    configuration = std::move(given.configuration);
    max_step = given.max_step;
    checkpoint_directory = std::move(given.checkpoint_directory);
    resume_from = std::move(given.resume_from);
    objective = std::move(metric);
  }

  Decision report(std::optional<std::int64_t> step, const std::string& metric, double value) override {
    Result<Decision> decision = study_->report(number, step, {{metric, value}});
    if (decision.ok()) {
      stopped_ = stopped_ || decision->kind != Decision::Kind::kContinue;
      return *std::move(decision);
    }
    // The journal cannot be written any more: nothing this trial does can count.
    stopped_ = true;
    return {Decision::Kind::kStop, "storage", decision.status().message(), {}, {}};
  }
  [[nodiscard]] bool stop_requested() const override { return stopped_; }
  void dropped() override {
    if (told) return;
    Outcome outcome{TrialStatus::kFailed, FailureClass::kAbandoned, "its handle was destroyed without tell"};
    (void)study_->tell(number, std::nullopt, outcome);
  }

  bool told = false;

 private:
  std::shared_ptr<AskTell> study_;
  bool stopped_ = false;
};

/// A trial that run() calls a function for.
class CalledChannel final : public detail::TrialChannel {
 public:
  CalledChannel(engine::InProcessTrial& trial, std::string metric, std::optional<std::int64_t> known_max_step) : trial_(trial) {
    const LaunchSpec& spec = trial.spec();
    number = spec.id.trial;
    configuration = spec.configuration;
    max_step = known_max_step;
    checkpoint_directory = spec.checkpoint_directory;
    resume_from = spec.resume_from;
    objective = std::move(metric);
  }

  Decision report(std::optional<std::int64_t> step, const std::string& metric, double value) override {
    if (trial_.report(metric, step, value)) return {};
    return {Decision::Kind::kStop, "", "the study asked this trial to stop; its journal says why", {}, {}};
  }
  [[nodiscard]] bool stop_requested() const override { return trial_.stop_requested(); }

 private:
  engine::InProcessTrial& trial_;
};

Result<engine::StudySpec> make_spec(const std::string& directory, const Space& space, const StudyOptions& options) {
  TUNE_RETURN_IF_ERROR(space.status());
  if (options.objective.metric.empty())
    return Status::invalid("a study needs an objective: tune::maximize(\"validation:accuracy\")");
  engine::StudySpec spec;
  spec.name = engine::plain_directory(directory).filename().string();
  spec.objective = options.objective;
  spec.space = space;
  Result<std::vector<Configuration>> initial = engine::resolve_initial(space, options.initial);
  if (!initial.ok()) return initial.status();
  spec.initial = *std::move(initial);
  const Entry<Strategy>* strategy = options.registry.find_strategy(options.strategy.name);
  if (strategy == nullptr) return Status::invalid("there is no strategy '" + options.strategy.name + "'");
  Result<Options> resolved =
      engine::resolve_options("strategy '" + strategy->name + "'", strategy->options, options.strategy.options);
  if (!resolved.ok()) return resolved.status();
  spec.strategy = {strategy->name, *std::move(resolved)};
  if (options.stopping) {
    Result<Named> policy = engine::resolve_policy(options.registry, *options.stopping);
    if (!policy.ok()) return policy.status();
    spec.stopping.emplace();
    const double standard = options.registry.find_policy(policy->name, policy->options)->audit_share;
    spec.stopping->audit = options.audit.value_or(standard);
    if (!(spec.stopping->audit >= 0.0 && spec.stopping->audit <= 1.0))
      return Status::invalid("audit: given " + to_text(spec.stopping->audit) + "; allowed: 0 to 1");
    spec.stopping->policy = *std::move(policy);
    const auto made = options.registry.make_policy(space, spec.stopping->policy);
    if (!made.ok()) return made.status();
    if ((*made)->pauses() && !options.checkpoints) {
      return Status::invalid("the rule " + spec.stopping_name() +
                             " pauses trials: StudyOptions::checkpoints must say that they save and go on later");
    }
  }
  if (options.warm_start) {
    Result<WarmStart> warm_start = engine::resolve_warm_start(*options.warm_start);
    if (!warm_start.ok()) return warm_start.status();
    spec.warm_start = *std::move(warm_start);
  }
  spec.seed = options.seed;
  if (options.lookahead < 0 || options.lookahead > 1)
    return Status::invalid("lookahead: given " + std::to_string(options.lookahead) + "; allowed: 0 or 1");
  spec.lookahead = options.lookahead;
  spec.limits.max_trials = options.max_trials;
  spec.limits.max_failures = options.max_failures;
  if (options.trial_runtime) spec.limits.trial_runtime = *options.trial_runtime;
  spec.executor = "in_process";
  spec.deterministic = options.deterministic;
  spec.max_step = options.max_step;
  spec.working_directory = fs::current_path().string();
  return spec;
}

/// As many at once as a config may have.
Status check_parallel(int parallel) {
  constexpr int kMost = engine::InProcessExecutor::kMaxThreads;
  if (parallel <= kMost) return {};
  return Status::invalid("parallel: given " + std::to_string(parallel) + "; allowed: 1 to " + std::to_string(kMost));
}

}  // namespace

class Study::Impl {
 public:
  explicit Impl(const StudyOptions& options) : checkpoints(options.checkpoints), registry(options.registry) {}

  /// Runs the loop over `executor`; everybody else waits.
  Summary loop(Executor& executor, engine::RunLoopOptions options) {
    engine::Interrupts interrupts;
    engine::StudyCore& core = asked->core();
    Summary summary;
    {
      const std::lock_guard lock(asked->mutex());
      engine::RunLoop run(core, executor, *clock, std::move(options), interrupts, nullptr);
      if (core.record().status == StudyStatus::kInProgress) summary.status = run.run();
    }
    return with_status(keep(summary.status));
  }

  /// How the study stands, with how the last call went.
  [[nodiscard]] Summary with_status(Status status) const {
    Summary summary = asked->summary();
    summary.status = std::move(status);
    return summary;
  }
  /// Remembers an error for status().
  Status keep(Status status) {
    const std::lock_guard lock(last_mutex);
    if (!status.ok()) last = status;
    return status;
  }

  /// Whether the rule's pauses can be carried out when a function is called for each trial.
  [[nodiscard]] Status check_function() const {
    if (!asked->core().pauses() || !asked->core().spec().deterministic) return {};
    return Status::invalid("the rule " + asked->core().record().stopping +
                           " pauses trials, and a deterministic study can pause commands only: their logs hold what they said "
                           "after the pause was decided");
  }

  bool checkpoints = false;
  std::shared_ptr<engine::SystemClock> clock = std::make_shared<engine::SystemClock>();
  Registry registry;
  std::string directory;
  std::shared_ptr<AskTell> asked;
  mutable std::mutex last_mutex;
  Status last;
};

Study::Study(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Study::Study(Study&&) noexcept = default;
Study& Study::operator=(Study&&) noexcept = default;
Study::~Study() = default;

Result<Study> Study::open(const std::string& directory, const Space& space, const StudyOptions& options) {
  const Result<engine::StudySpec> spec = make_spec(directory, space, options);
  if (!spec.ok()) return spec.status();
  auto impl = std::make_unique<Impl>(options);
  impl->directory = engine::absolute_path(directory);
  auto asked = AskTell::open(impl->directory, *spec, impl->registry, engine::OpenMode::kCreateOrResume, AskTell::Orphans::kFirst,
                             impl->clock);
  if (!asked.ok()) return asked.status();
  impl->asked = *std::move(asked);
  return Study(std::move(impl));
}

Summary Study::run(const std::function<void(Trial&)>& train, const RunOptions& options) {
  const int parallel = std::max(1, options.parallel);
  if (Status possible = check_parallel(parallel); !possible.ok()) return impl_->with_status(impl_->keep(possible));
  if (Status possible = impl_->check_function(); !possible.ok()) return impl_->with_status(impl_->keep(possible));
  const engine::StudySpec& spec = impl_->asked->core().spec();
  const std::string metric = spec.objective.metric;
  const auto max_step = spec.declared_max_step();
  if (Status limited = impl_->asked->limit_runtime(options.max_runtime); !limited.ok()) return impl_->with_status(limited);
  engine::InProcessExecutor executor(*impl_->clock, parallel, [&](engine::InProcessTrial& called) {
    Trial trial = detail::TrialChannel::handle(std::make_shared<CalledChannel>(called, metric, max_step));
    train(trial);
  });
  if (!executor.status().ok()) return impl_->with_status(impl_->keep(executor.status()));
  engine::RunLoopOptions loop;
  loop.parallel = parallel;
  return impl_->loop(executor, std::move(loop));
}

Summary Study::run(const Command& command, const RunOptions& options) {
  if (Status possible = check_parallel(options.parallel); !possible.ok()) return impl_->with_status(impl_->keep(possible));
  if (Status limited = impl_->asked->limit_runtime(options.max_runtime); !limited.ok()) return impl_->with_status(limited);
  const engine::StudyCore& core = impl_->asked->core();
  auto prepared = engine::prepare_command_run(core.spec(), command, core.pauses(), std::max(1, options.parallel), *impl_->clock);
  if (!prepared.ok()) return impl_->with_status(prepared.status());
  return impl_->loop(*prepared->executor, std::move(prepared->options));
}

std::optional<Trial> Study::ask() {
  Result<AskTell::Answer> answer = impl_->asked->ask(impl_->checkpoints);
  if (!answer.ok()) (void)impl_->keep(answer.status());
  if (!answer.ok() || !answer->given) return std::nullopt;
  return detail::TrialChannel::handle(
      std::make_shared<AskedChannel>(impl_->asked, *std::move(answer->given), impl_->asked->core().spec().objective.metric));
}

Status Study::tell(Trial trial, std::optional<double> value, const Outcome& outcome) {
  auto* channel = dynamic_cast<AskedChannel*>(detail::TrialChannel::of(trial).get());
  TUNE_CHECK(channel != nullptr);  // a trial inside run() ends by returning
  channel->told = true;
  return impl_->keep(impl_->asked->tell(trial.number(), value, outcome));
}

Result<TrialId> Study::add(const Configuration& configuration, double value) { return impl_->asked->add(configuration, value); }

bool Study::ended() const { return impl_->asked->ended(); }
Status Study::status() const {
  const std::lock_guard lock(impl_->last_mutex);
  return impl_->last;
}
Summary Study::summary() const { return impl_->asked->summary(); }
const Space& Study::space() const { return impl_->asked->core().spec().space; }
StudyRecord Study::record() const { return impl_->asked->record(); }

}  // namespace tune
