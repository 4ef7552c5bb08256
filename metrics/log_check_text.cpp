#include <algorithm>
#include <string>

#include "metrics/log_check.hpp"
#include "tune/value.hpp"

namespace tune::metrics {
namespace {

std::string many(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

/// "line 12: text"
std::string place(const ShownLine& line) { return "line " + std::to_string(line.number) + ": " + line.text; }

void write(std::string& out, const char* label, const SeenValue& seen) {
  out += std::string("  ") + label + "  " + padded("step " + std::to_string(seen.step), 12) + padded(to_text(seen.value), 14) +
         place(seen.line) + "\n";
}

void write(std::string& out, const std::string& indent, const Warning& warning) {
  out += indent + "warning: " + warning.what + "\n";
  if (!warning.advice.empty()) out += indent + "         " + warning.advice + "\n";
}

void write(std::string& out, const std::string& what, const Examples& examples) {
  if (examples.count == 0) return;
  out += "  " + what + ": " + many(examples.count, "line") + "\n";
  for (const Example& example : examples.shown) {
    out += "    " + place(example.line) + "\n";
    if (!example.detail.empty()) out += "      " + example.detail + "\n";
  }
}

void write(std::string& out, const MetricCheck& metric) {
  out += "\n" + metric.metric + (metric.objective ? "  (the objective)" : "") +
         (metric.definition ? "" : "  (from @tune lines)") + "\n";
  if (metric.definition) {
    out += "  regex " + metric.definition->regex + "\n";
    if (metric.definition->step) {
      out += "  step  " + *metric.definition->step;
      if (metric.definition->step_offset != 0) out += "  and step_offset " + std::to_string(metric.definition->step_offset);
      out += "\n";
    }
  }
  if (metric.observations > 0) {
    const bool one = metric.distinct_steps == 1;
    out += "  " + many(metric.observations, "value") + " at " + many(metric.distinct_steps, "step") + ": " +
           std::to_string(metric.smallest_step) + (one ? "" : " to " + std::to_string(metric.largest_step)) +
           (metric.definition && !metric.definition->step ? ", counted" : "") + "\n";
    write(out, "first", *metric.first);
    if (metric.observations > 1) write(out, "last ", *metric.last);
  }
  for (const Warning& warning : metric.warnings) write(out, "  ", warning);
  Examples unreadable = metric.unreadable;
  for (Example& example : unreadable.shown) example.detail = "captured: '" + example.detail + "'";
  write(out, "unreadable, no number captured", unreadable);
  write(out, "near misses", metric.near_misses);
}

}  // namespace

std::string render(const LogCheck& check) {
  std::string out = many(check.counters.lines, "line") + " read";
  if (check.counters.cut_lines > 0)
    out += ", " + std::to_string(check.counters.cut_lines) + " cut at " + std::to_string(kMaxLineLength) + " bytes";
  if (check.counters.unreadable_captures > 0) out += ", " + many(check.counters.unreadable_captures, "unreadable capture");
  if (check.counters.bad_reports > 0) out += ", " + many(check.counters.bad_reports, "bad @tune line");
  out += "\n";
  for (const Warning& warning : check.warnings) write(out, "", warning);
  for (const MetricCheck& metric : check.metrics) write(out, metric);
  if (check.bad_reports.count > 0) {
    out += "\n";
    write(out, "bad @tune lines, not one flat JSON object of numbers", check.bad_reports);
  }
  return out;
}

}  // namespace tune::metrics
