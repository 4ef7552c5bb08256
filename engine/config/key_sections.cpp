#include "engine/config/key_sections.hpp"

#include "tune/metric_definition.hpp"

namespace tune::engine {

namespace {

SectionSpec limits() {
  return {.name = "limits",
          .doc =
              "When to end, how much at once. A study needs an end: `max_trials`, `max_runtime`, `max_gpu_hours` where trials "
              "are sure to have GPUs, something in `completion`, or the strategy `grid`.",
          .keys = {
              {.name = "max_trials", .type = KeyType::kInt, .default_text = "none", .doc = "Trials in all.", .min = 1.0},
              {.name = "max_parallel",
               .type = KeyType::kInt,
               .default_text = "1",
               .doc = "Trials at once.",
               .min = 1.0,
               .max = 4096.0},
              {.name = "max_runtime",
               .type = KeyType::kDuration,
               .default_text = "none",
               .doc = "Wall time of the study while a process owns it."},
              {.name = "max_gpu_hours",
               .type = KeyType::kNumber,
               .default_text = "none",
               .doc = "GPUs x running time of all attempts, running ones included. Trials without GPUs count nothing.",
               .min = kMinGpuHours,
               .max = kMaxGpuHours},
              {.name = "trial_runtime",
               .type = KeyType::kDuration,
               .default_text = "none",
               .doc = "Running time of a trial over all its attempts; then it is `Stopped`, `time_limit`."},
              {.name = "stalled",
               .type = KeyType::kDuration,
               .default_text = "none",
               .doc = "How long a trial may print nothing; then it is `Stopped`, `stalled`."},
              {.name = "max_failures",
               .type = KeyType::kInt,
               .default_text = "5",
               .doc = "Trials in a row that end `Failed` (class `lost` aside) before the study does.",
               .min = 1.0,
               .max = 1e6},
              {.name = "grace", .type = KeyType::kDuration, .default_text = "30s", .doc = "Between SIGTERM and SIGKILL."},
          }};
}

SectionSpec completion() {
  return {.name = "completion",
          .doc = "Reasons to end the study early.",
          .keys = {
              {.name = "target",
               .type = KeyType::kNumber,
               .default_text = "none",
               .doc = "End when a trial's value is at least as good."},
              {.name = "not_improving",
               .type = KeyType::kInt,
               .default_text = "none",
               .doc = "End after that many trials without a better best.",
               .min = 1.0,
               .max = 1e9},
              {.name = "converged",
               .type = KeyType::kFlag,
               .default_text = "false",
               .doc = "End when further trials are not expected to improve."},
          }};
}

SectionSpec warm_start() {
  return {.name = "warm_start",
          .doc = "Earlier studies to begin with.",
          .keys = {
              {.name = "studies",
               .type = KeyType::kTexts,
               .doc = "Their directories, relative to the caller's.",
               .required = true,
               .max_entries = kMaxEarlierStudies},
              {.name = "type",
               .doc = "`identical`: the same program and data, whose values are this study's; `transfer`: something like it.",
               .required = true,
               .allowed = {"identical", "transfer"}},
          }};
}

SectionSpec metrics() {
  return {.name = "metrics",
          .doc = "How one metric is read from the log; at most 40.",
          .keys = {
              {.name = "name",
               .doc = "The metric's name.",
               .required = true,
               .like = kMetricLike,
               .max_length = kMaxMetricNameLength,
               .alias = "Name"},
              {.name = "regex",
               .doc = "RE2 syntax, up to 500 bytes; in a line the leftmost match counts, its first group is the value.",
               .required = true,
               .alias = "Regex"},
              {.name = "step",
               .default_text = "the count of the metric's observations",
               .doc = "A regex whose first group is the step, in the same line or else in an earlier one."},
              {.name = "step_offset",
               .type = KeyType::kInt,
               .default_text = "0",
               .doc = "Added to what `step` captured: 1 for logs that count from 0.",
               .min = -1e9,
               .max = 1e9},
          }};
}

}  // namespace

std::vector<SectionSpec> study_sections() { return {limits(), completion(), warm_start(), metrics()}; }

}  // namespace tune::engine
