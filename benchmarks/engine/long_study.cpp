// Writes the journal of a long study, as a run of it would have: for long_study.py.
//
//   bench_long_study CONFIG DIR TRIALS STEPS     all trials but the last have ended; each has reported STEPS values of the
//   objective
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/config/config.hpp"
#include "engine/config/spec_json.hpp"
#include "engine/journal/file_io.hpp"
#include "engine/journal/journal_file.hpp"
#include "tune/registry.hpp"

namespace {

using namespace tune;
using namespace tune::engine;

constexpr int kPerCommit = 1000;
constexpr std::int64_t kStart = 1'763'725'138'000'000;
constexpr std::int64_t kStepMicroseconds = 1'000'000;

struct Writer {
  JournalWriter journal;
  std::int64_t seq = 0;
  TimePoint time{Duration(kStart)};

  void add(event::Body body) { journal.append({++seq, 1, time += Duration(1), std::move(body)}); }
};

/// A trial whose objective rises to a height of its own, in one attempt.
void add_trial(Writer& writer, TrialId trial, int steps, bool ends) {
  const double x = static_cast<double>(trial * 7919 % 10007) / 10007.0;
  const double y = static_cast<double>(trial * 104729 % 10007) / 10007.0;
  const AttemptId id{trial, 1};
  const TimePoint begun = writer.time;
  writer.add(
      event::Proposed{trial, "long-" + std::to_string(trial), {{"x", x}, {"y", y}}, writer.seq, "random-1", 0, std::nullopt});
  writer.add(event::Launched{id, std::nullopt, 0});
  event::Started started;
  started.id = id;
  started.host = "host";
  started.slot = static_cast<int>(trial % 8);
  writer.add(started);
  double value = 0.0;
  for (int step = 1; step <= steps; ++step) {
    writer.time += Duration(kStepMicroseconds);
    value = (x + 0.1 * y) * step / (step + 1.0);
    event::Observed observed{id, "score", step, value, std::nullopt};
    observed.position = event::LogPosition{static_cast<std::uint64_t>(step) * 40, 0, {}};
    writer.add(observed);
  }
  if (!ends) return;
  event::Ended ended;
  ended.id = id;
  ended.value = value;
  ended.exit_code = 0;
  ended.attempt_started = begun;
  ended.attempt_ended = writer.time;
  writer.add(ended);
}

Status write_study(const std::string& config_path, const std::string& directory, int trials, int steps) {
  const Registry registry = builtin();
  ConfigContext context;
  context.working_directory = absolute_path(directory + "/..");
  const auto config = load_config(config_path, registry, context);
  if (!config.ok()) return config.status();
  TUNE_RETURN_IF_ERROR(make_directories(directory + "/trials"));
  auto journal = JournalWriter::open(directory + "/journal.jsonl", 0);
  if (!journal.ok()) return journal.status();
  Writer writer{*std::move(journal)};
  writer.add(event::StudyCreated{spec_to_json(config->spec)});
  for (TrialId trial = 1; trial <= trials; ++trial) {
    add_trial(writer, trial, steps, trial < trials);
    if (trial % kPerCommit == 0) TUNE_RETURN_IF_ERROR(writer.journal.commit(false));
  }
  return writer.journal.commit(true);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_long_study CONFIG DIR TRIALS STEPS\n");
    return 2;
  }
  const Status written = write_study(argv[1], argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
  if (!written.ok()) std::fprintf(stderr, "bench_long_study: %s\n", written.message().c_str());
  return written.ok() ? 0 : 1;
}
