#include "engine/config/key_sections.hpp"

namespace tune::engine {

namespace {

constexpr double kLargestCount = 1e6;
constexpr std::size_t kMaxPathLength = 4096;  // bytes; PATH_MAX

SectionSpec resources() {
  return {
      .name = "resources",
      .doc = "What a trial gets of the machine.",
      .keys = {
          {.name = "gpus",
           .type = KeyType::kIds,
           .default_text = "auto",
           .doc = "The GPUs to use: all that are found, or a list of indexes or UUIDs; `[]` for none."},
          {.name = "gpus_per_trial",
           .type = KeyType::kNumber,
           .default_text = "1 where a GPU is found, else 0",
           .doc = "GPUs for each trial: a whole number, or a share below 1: with 0.5 up to two trials are on one GPU, as far as "
                  "the memory that the first was seen to use allows it.",
           .min = 0.0,
           .max = 1024.0},
          {.name = "cpus_per_trial",
           .type = KeyType::kInt,
           .default_text = "cores / max_parallel, at least 1",
           .doc = "Cores for each trial; its `OMP_NUM_THREADS`, shared out among its processes.",
           .min = 1.0,
           .max = 65536.0},
          {.name = "processes_per_trial",
           .type = KeyType::kInt,
           .default_text = "1",
           .doc = "How often a trial's command is started: as many processes with `RANK` 0, 1, ... that find each other.",
           .min = 1.0,
           .max = 1024.0},
          {.name = "nodes_per_trial",
           .type = KeyType::kInt,
           .default_text = "1",
           .doc = "Machines of one trial; more than 1 is planned, not built yet.",
           .min = 1.0,
           .max = 1.0,
           .planned_numbers = "more than 1"},
      }};
}

SectionSpec executor() {
  return {.name = "executor",
          .doc = "Where trials run.",
          .keys = {{.name = "name",
                    .doc = "`local`: processes on this machine.",
                    .required = true,
                    .allowed = {"local"},
                    .planned_words = {"slurm", "in_process", "simulated", "ssh", "kubernetes"}},
                   {.name = "interrupt",
                    .type = KeyType::kSection,
                    .default_text = "none",
                    .doc = "Takes slots away at random moments, to rehearse capacity that may be taken away.",
                    .section = "executor.interrupt"}},
          .short_key = "name"};
}

SectionSpec interrupt() {
  return {.name = "executor.interrupt",
          .doc = "A simulated spot market: each slot is taken away after a random time, and comes back after another.",
          .keys = {{.name = "every",
                    .type = KeyType::kDuration,
                    .default_text = "10m",
                    .doc = "Mean time that a slot stays; exponentially distributed."},
                   {.name = "notice",
                    .type = KeyType::kDuration,
                    .default_text = "30s",
                    .doc = "Between SIGTERM and SIGKILL of the trial that loses its slot."},
                   {.name = "away",
                    .type = KeyType::kDuration,
                    .default_text = "30s",
                    .doc = "Mean time until the slot is back; exponentially distributed."},
                   {.name = "seed", .type = KeyType::kInt, .default_text = "0", .doc = "Of these moments.", .min = 0.0}}};
}

SectionSpec retry() {
  return {
      .name = "retry",
      .doc = "What infrastructure broke is tried again (class `lost`).",
      .keys = {{.name = "max_attempts",
                .type = KeyType::kInt,
                .default_text = "3",
                .doc = "Attempts of one trial that infrastructure may break without a further step; then it is `Failed`, `lost`. "
                       "Interruptions do not count.",
                .min = 1.0,
                .max = kLargestCount},
               {.name = "backoff",
                .type = KeyType::kDuration,
                .default_text = "1s",
                .doc = "How long a trial waits after the first of them; twice as long after each further one, up to 5m."}}};
}

SectionSpec spot() {
  return {.name = "spot",
          .doc =
              "Capacity that may be taken away: a trial that is ended from outside goes on from its checkpoint. An empty map "
              "stands for the defaults.",
          .keys = {
              {.name = "max_wait",
               .type = KeyType::kDuration,
               .default_text = "none",
               .doc = "How long a trial may take from its first launch on, running and waiting for its next attempt (SageMaker's "
                      "MaxWaitTimeInSeconds); then it is `Stopped`, `max_wait`. At least `limits.trial_runtime`."},
              {.name = "price",
               .type = KeyType::kSection,
               .default_text = "none",
               .doc = "What a GPU-hour costs, to say what was saved.",
               .section = "spot.price"}}};
}

SectionSpec price() {
  return {.name = "spot.price",
          .doc = "What a GPU-hour costs, in any currency.",
          .keys = {{.name = "on_demand",
                    .type = KeyType::kNumber,
                    .doc = "Of capacity that stays.",
                    .required = true,
                    .min = 1e-9,
                    .max = 1e9},
                   {.name = "interruptible",
                    .type = KeyType::kNumber,
                    .doc = "Of capacity that may be taken away; at most `on_demand`.",
                    .required = true,
                    .min = 0.0,
                    .max = 1e9}}};
}

SectionSpec channel() {
  return {
      .name = "channels",
      .doc = "One input of the trials.",
      .keys = {{.name = "path",
                .doc = "A directory or file that exists, relative to the caller's directory.",
                .required = true,
                .like = "a path",
                .max_length = kMaxPathLength},
               {.name = "access",
                .default_text = "read_write",
                .doc =
                    "`read_only`: trials cannot write there, whoever they run as; the kernel sees to it. `read_write`: whatever "
                    "the path's permissions allow; given, it is looked at whether that is possible.",
                .allowed = {"read_only", "read_write"}}},
      .short_key = "path"};
}

SectionSpec output() {
  return {.name = "output",
          .doc = "Where what finished trials leave behind is copied: `model`, `output`, `checkpoints` and logs.",
          .keys = {{.name = "path",
                    .doc = "A directory, relative to the caller's; made when it is needed.",
                    .required = true,
                    .like = "a path",
                    .max_length = kMaxPathLength},
                   {.name = "keep",
                    .default_text = "best",
                    .doc = "`best`: the best trial's, as `PATH/best`; `all`: those of every finished trial that has a value.",
                    .allowed = {"best", "all"}}},
          .short_key = "path"};
}

}  // namespace

std::vector<SectionSpec> execution_sections() {
  return {resources(), executor(), interrupt(), retry(), spot(), price(), channel(), output()};
}

}  // namespace tune::engine
