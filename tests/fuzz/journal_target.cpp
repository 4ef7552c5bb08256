#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/config/config.hpp"
#include "engine/config/spec_json.hpp"
#include "engine/journal/crc32c.hpp"
#include "engine/journal/event_json.hpp"
#include "engine/journal/journal_file.hpp"
#include "engine/report/live_view.hpp"
#include "engine/report/report_csv.hpp"
#include "engine/report/report_text.hpp"
#include "engine/report/why.hpp"
#include "engine/state/study_state.hpp"
#include "tests/engine/report/json_report.hpp"
#include "tests/fuzz/targets.hpp"
#include "tune/registry.hpp"

namespace tune::fuzz {

namespace {

using namespace engine;

constexpr TrialId kMostExplained = 20;  // trials

void report(const StudyState& state) {
  const StudyRecord& study = state.record();
  const TimePoint now = study.created + std::chrono::hours(1);
  const Until until = study.seq % 2 == 0 ? Until() : Until(now);
  require_plain(report_text(study, until));
  const std::string json = test::json_report(study, until);
  require(nlohmann::json::accept(json), "a JSON report is JSON");
  require_plain(json);
  require_plain(status_text(study, until.has_value(), until));
  static_cast<void>(report_csv({&study}));
  for (const TrialRecord& trial : study.trials) {
    if (trial.id <= kMostExplained) require_plain(why_text(study, trial.id));
  }
  for (const StyledLine& line : live_view(study, LiveOptions{}, now)) {
    const std::string text = plain_text(line);
    require(text.find('\n') == std::string::npos, "a line of the table is one");
    require_plain(text);
  }
}

void read(std::string_view content, bool write_again) {
  StudyState state;
  bool begun = false;
  JournalReader reader("journal.jsonl", [&](const Event& event) {
    if (write_again) {
      const std::string line = to_line(event);
      const auto again = from_line(std::string_view(line).substr(0, line.size() - 1));
      require(again.ok() && to_line(*again) == line, "an event reads back as it was written");
    }
    const Status applied = state.apply(event);
    begun = begun || applied.ok();
    return applied;
  });
  // The first half comes alone: where the pieces end must not matter.
  const std::string_view first = content.substr(0, content.size() / 2);
  Status taken = reader.take(first);
  if (taken.ok()) taken = reader.take(content.substr(first.size()));
  if (taken.ok()) {
    const JournalReading reading = reader.finish();
    require(reading.good_length + reading.torn_bytes == content.size(), "every byte is good, torn or an error");
  }
  if (begun) report(state);
}

/// The recorded config of the seeds' studies, so that they need not change with what a config holds.
const std::string& spec() {
  constexpr const char* kConfig = R"(
name: small
objective: {metric: loss, goal: minimize}
strategy: {name: random, seed: 1}
early_stopping: {name: median, min_trials: 2, explain: all, audit: 50%}
max_step: 4
limits: {max_trials: 6, max_parallel: 2}
parameters: {lr: {type: float, min: 1e-5, max: 1.0}, kind: {type: categorical, values: [a, 2, true]}}
environment: {TOKEN: secret}
command: [python3, train.py, "{lr}"]
metrics: [{name: loss, regex: 'loss=(\S+)', step: 'epoch (\d+)'}]
)";
  static const std::string kSpec = [&] {
    const ConfigContext context{.working_directory = "/nowhere", .program_directory = "/nowhere"};
    const auto loaded = parse_config(kConfig, "small.yaml", builtin(), context);
    require(loaded.ok(), "the fuzzer's own config is good: " + (loaded.ok() ? "" : loaded.status().message()));
    return spec_to_json(loaded->spec);
  }();
  return kSpec;
}

/// A line with the sequence number that is due and the checksum of what it says; SPEC in it is the config above.
std::string mended(std::string_view line, std::int64_t seq) {
  constexpr std::string_view kSeq = "\"seq\":";
  constexpr std::string_view kSpec = "\"config\":SPEC";
  std::string out(line.substr(0, line.rfind(",\"crc\"")));
  if (out.size() == line.size() && out.ends_with('}')) out.pop_back();
  if (const std::size_t at = out.find(kSeq); at != std::string::npos) {
    const std::size_t digits = at + kSeq.size();
    const std::size_t end = std::min(out.find_first_not_of("0123456789", digits), out.size());
    out.replace(digits, end - digits, std::to_string(seq));
  }
  if (const std::size_t at = out.find(kSpec); at != std::string::npos) out.replace(at + kSpec.size() - 4, 4, spec());
  std::array<char, 9> crc{};
  std::snprintf(crc.data(), crc.size(), "%08x", crc32c(out));
  return out.append(",\"crc\":\"").append(crc.data()).append("\"}\n");
}

}  // namespace

void run_journal(std::string_view input) {
  read(input, false);
  std::string whole;
  const std::size_t cut = input.empty() ? 0 : static_cast<unsigned char>(input.back());  // bytes that a crash has cost
  std::int64_t seq = 0;
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    whole += mended(line, ++seq);
    input.remove_prefix(std::min(line.size() + 1, input.size()));
  }
  read(whole, true);
  if (cut > 0 && cut < whole.size()) read(std::string_view(whole).substr(0, whole.size() - cut), false);
}

}  // namespace tune::fuzz
