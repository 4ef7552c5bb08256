#include "tests/metrics/slow_reader.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "metrics/log_reader.hpp"
#include "tests/support/test_support.hpp"

namespace tune::metrics {
namespace {

/// The quoted text after `key: `, '' and \ as YAML reads them in each kind of quotes.
std::string quoted(const std::string& line, const std::string& key) {
  const auto at = line.find(key + ": ");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + key.size() + 3;
  const char quote = line[begin - 1];
  REQUIRE_MESSAGE((quote == '\'' || quote == '"'), line);
  std::string text;
  for (std::size_t i = begin; i < line.size(); ++i) {
    REQUIRE_MESSAGE((quote != '"' || line[i] != '\\'), line);
    if (line[i] == quote) {
      if (quote == '"' || line[i + 1] != quote) return text;
      ++i;
    }
    text += line[i];
  }
  FAIL("no end of the quotes: ", line);
  return "";
}

std::string bits(double value) {
  if (std::isnan(value)) return "nan";
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(value)));
  return text;
}

}  // namespace

std::vector<MetricDefinition> load_definitions(const std::string& name) {
  std::istringstream file(test::read_file(test::source_dir() / "configs" / "metrics" / (name + ".yaml")));
  std::vector<MetricDefinition> definitions;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#') || line == "metrics:") continue;
    REQUIRE_MESSAGE((line.starts_with("  - {name: \"") && line.ends_with("}")), line);
    MetricDefinition definition{quoted(line, "name"), quoted(line, "regex"), {}, 0};
    if (line.find(", step: ") != std::string::npos) definition.step = quoted(line, "step");
    if (const auto at = line.find("step_offset: "); at != std::string::npos)
      definition.step_offset = std::stoll(line.substr(at + 13));
    definitions.push_back(definition);
  }
  REQUIRE_MESSAGE(!definitions.empty(), name);
  return definitions;
}

Reading read_slowly(const std::vector<MetricDefinition>& definitions, const std::string& log_path) {
  nlohmann::json list = nlohmann::json::array();
  for (const MetricDefinition& definition : definitions) {
    list.push_back({{"name", definition.name}, {"regex", definition.regex}, {"step_offset", definition.step_offset}});
    if (definition.step) list.back()["step"] = *definition.step;
  }
  const test::TempDir files;
  const std::string script = (test::source_dir() / "tests" / "metrics" / "slow_reader.py").string();
  const auto result = test::run_process({"python3", script, files.write("definitions.json", list.dump()), log_path});
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  Reading reading;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) reading.observations.push_back(line);
  REQUIRE_FALSE(reading.observations.empty());
  reading.counters = reading.observations.back();
  reading.observations.pop_back();
  return reading;
}

Reading read_quickly(const std::vector<MetricDefinition>& definitions, std::string_view log, std::size_t chunk) {
  auto compiled = compile(definitions);
  REQUIRE_MESSAGE(compiled.ok(), compiled.status().message());
  LogReader reader(*compiled);
  Reading reading;
  const auto sink = [&](const ParsedObservation& found) {
    reading.observations.push_back(found.metric + "\t" + std::to_string(found.step) + "\t" + bits(found.value));
  };
  for (std::size_t at = 0; at < log.size(); at += chunk) reader.feed(log.substr(at, chunk), sink);
  reader.finish(sink);
  const ReaderCounters& counters = reader.counters();
  reading.counters = std::to_string(counters.lines) + " " + std::to_string(counters.cut_lines) + " " +
                     std::to_string(counters.unreadable_captures) + " " + std::to_string(counters.bad_reports);
  return reading;
}

}  // namespace tune::metrics
