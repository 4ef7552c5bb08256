#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tune/clock.hpp"
#include "tune/metric_definition.hpp"
#include "tune/records.hpp"
#include "tune/registry.hpp"
#include "tune/space.hpp"

/// A study as its config says it, every default resolved: what `study_created` records.
namespace tune::engine {

using NamedOptions = Named;  ///< options resolved

struct StoppingSpec {
  NamedOptions policy;
  bool explain_all = false;             ///< journal the `continue` decisions too
  int protect_best = 0;                 ///< the n best so far are never stopped
  std::optional<Duration> min_runtime;  ///< a trial is not judged before it has run that long
  double audit = 0.0;                   ///< share of the trials to be stopped that runs on; 0 to 1
  bool audit_given = false;             ///< not the rule's default; no part of the record
};

/// A health rule with what follows when it finds what it looks for.
struct HealthSpec {
  Named rule;         ///< options resolved
  bool stop = false;  ///< the trial is stopped; else a warning
};

struct Limits {
  std::optional<std::int64_t> max_trials;
  int max_parallel = 1;
  std::optional<Duration> max_runtime;
  std::optional<double> max_gpu_hours;
  std::optional<Duration> trial_runtime;
  std::optional<Duration> stalled;  ///< a trial that says nothing for so long is stopped
  int max_failures = 5;
  Duration grace = std::chrono::seconds(30);  ///< between SIGTERM and SIGKILL
};

struct Completion {
  std::optional<double> target;
  std::optional<int> not_improving;
  bool converged = false;
};

struct ResourceSpec {
  bool gpus_auto = true;
  std::vector<std::string> gpus;         ///< ids when not auto; empty and not auto: none
  std::optional<double> gpus_per_trial;  ///< whole, or a share below 1; none: 1 where a GPU is found, else 0
  std::optional<int> cpus_per_trial;     ///< none: cores / max_parallel, at least 1
  int processes_per_trial = 1;
};

/// What infrastructure broke is tried again.
struct RetrySpec {
  int max_attempts = 3;                        ///< of one trial that may break so before it fails
  Duration backoff = std::chrono::seconds(1);  ///< before the second attempt; doubled for each one after
};

/// Capacity that may be taken away (SageMaker: managed spot training).
struct SpotSpec {
  std::optional<Duration> max_wait;  ///< of a trial from its first launch on: running, and waiting for its next attempt
  std::optional<SpotPrice> price;
};

/// A rehearsal of such capacity: each slot is taken away at random moments.
struct MarketSpec {
  Duration every = std::chrono::minutes(10);   ///< mean time that a slot stays
  Duration notice = std::chrono::seconds(30);  ///< between SIGTERM and SIGKILL
  Duration away = std::chrono::seconds(30);    ///< mean time until it is back
  std::uint64_t seed = 0;
};

/// Input that every trial gets.
struct Channel {
  std::string name;
  std::string path;      ///< absolute
  bool writable = true;  ///< access: read_write
  bool operator==(const Channel&) const = default;
};

/// Where what finished trials leave behind is copied.
struct OutputSpec {
  std::string path;  ///< absolute
  bool all = false;  ///< every finished trial; else the best only
};

/// One word of a command, or a group that is dropped when a placeholder in it is inactive.
struct CommandPart {
  std::vector<std::string> words;
  bool optional = false;  ///< written as a nested list
};

struct StudySpec {
  std::string name;
  Objective objective;
  Space space;
  std::vector<std::pair<std::string, Value>> static_values;
  std::vector<Configuration> initial;  ///< first points; a parameter that one leaves out has no value in it
  NamedOptions strategy;
  std::uint64_t seed = 0;
  int lookahead = 0;  ///< 1: the next proposal is made right after a launch, while trials run
  std::optional<StoppingSpec> stopping;
  std::vector<HealthSpec> rules;  ///< health rules
  Limits limits;
  Completion completion;
  std::optional<WarmStart> warm_start;  ///< absolute directories
  ResourceSpec resources;
  std::string executor = "local";
  std::optional<MarketSpec> market;  ///< `executor.interrupt`
  RetrySpec retry;
  std::optional<SpotSpec> spot;
  std::optional<OutputSpec> output;
  bool deterministic = false;
  std::optional<std::int64_t> max_step;  ///< as given; see declared_max_step
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<Channel> channels;
  std::string trainer;                    ///< empty: `command`
  std::vector<CommandPart> command;       ///< resolved: the trainer's when one is named
  std::vector<MetricDefinition> metrics;  ///< resolved likewise
  std::string working_directory;          ///< the caller's when the study was created
  std::string text;  ///< the config as it was given, which a new study keeps as its config.yaml; no part of its record

  /// `max_step`, else the static value `epochs`, `num_epochs`, `numepochs`, `n_epochs` or `n-epochs`.
  [[nodiscard]] std::optional<std::int64_t> declared_max_step() const;
  /// The rule as reports name it (`shown_name`), or `off`.
  [[nodiscard]] std::string stopping_name() const;
};

}  // namespace tune::engine
