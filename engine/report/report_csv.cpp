#include "engine/report/report_csv.hpp"

#include <algorithm>
#include <charconv>

#include "engine/report/format.hpp"
#include "engine/report/ledger.hpp"

namespace tune::engine {

namespace {

/// Where a spreadsheet would take a text for a formula an apostrophe is put before it.
std::string no_formula(const std::string& text) {
  constexpr std::string_view kFirst = "=+-@\t\r";
  if (text.empty() || kFirst.find(text.front()) == std::string_view::npos) return text;
  double number = 0.0;
  const bool plus = text.front() == '+' && text.compare(1, 1, "-") != 0;  // "+-1" is none
  const char* begin = text.data() + (plus ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, number);
  return error == std::errc() && stopped == end ? text : "'" + text;
}

std::string field(const std::string& given) {
  const std::string text = no_formula(given);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string line(const std::vector<std::string>& fields) {
  std::string out;
  for (const std::string& one : fields) {
    if (!out.empty() || &one != &fields.front()) out += ',';
    out += field(one);
  }
  return out + "\n";
}

template <typename T>
std::string text_or_empty(const std::optional<T>& value) {
  return value ? to_text(*value) : "";
}

/// Those with a value first, in the order of the ranking; then the rest by number.
std::vector<const TrialRecord*> best_first(const StudyRecord& study) {
  std::vector<const TrialRecord*> trials = ranking(study);
  std::vector<bool> ranked(study.trials.size());
  for (const TrialRecord* trial : trials) ranked[static_cast<std::size_t>(trial->id - 1)] = true;
  for (const TrialRecord& trial : study.trials) {
    if (!ranked[static_cast<std::size_t>(trial.id - 1)]) trials.push_back(&trial);
  }
  return trials;
}

}  // namespace

std::string report_csv(const std::vector<const StudyRecord*>& studies) {
  std::vector<std::string> names;
  for (const StudyRecord* study : studies) {
    for (const Parameter& parameter : study->space.parameters()) {
      if (std::find(names.begin(), names.end(), parameter.name) == names.end()) names.push_back(parameter.name);
    }
  }
  std::vector<std::string> header = names;
  for (const char* column : {"TrainingJobName", "TrainingJobStatus", "FinalObjectiveValue", "TrainingStartTime",
                             "TrainingEndTime", "TrainingElapsedTimeSeconds"}) {
    header.emplace_back(column);
  }
  std::string out = line(header);
  for (const StudyRecord* study : studies) {
    for (const TrialRecord* trial : best_first(*study)) {
      std::vector<std::string> fields;
      for (const std::string& name : names) {
        const auto index = study->space.index_of(name);
        fields.push_back(index ? text_or_empty(trial->configuration[*index]) : "");
      }
      const auto start = first_start(*trial);
      const auto end = last_end(*trial);
      fields.push_back(trial->name);
      fields.emplace_back(to_string(trial->status));
      fields.push_back(text_or_empty(trial->value));
      fields.push_back(start ? iso_time(*start) : "");
      fields.push_back(end ? iso_time(*end) : "");
      fields.push_back(text_or_empty(elapsed_seconds(*trial)));
      out += line(fields);
    }
  }
  return out;
}

}  // namespace tune::engine
