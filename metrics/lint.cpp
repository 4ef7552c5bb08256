#include "metrics/lint.hpp"

#include <re2/re2.h>

#include <cctype>
#include <optional>
#include <string_view>

#include "metrics/number.hpp"
#include "metrics/pattern_parts.hpp"
#include "metrics/regex.hpp"

namespace tune::metrics {
namespace {

constexpr const char* kRobustGroup = R"(([-+.\deE]+|nan|inf))";

std::optional<std::string> captured(const RE2& regex, const std::string& line) {
  std::string group;
  if (!RE2::PartialMatch(line, regex, &group)) return std::nullopt;
  return group;
}

bool accepts(const RE2& group, const char* text) { return group.ok() && RE2::FullMatch(text, group); }

/// `([0-9\.]+)`: 1.2e-05 is read as 1.2.
std::optional<Warning> short_numbers(const PatternParts& parts) {
  const RE2 group(to_re2(parts.group), regex_options());
  const bool numeric = accepts(group, "0.5") || accepts(group, "0.1234") || accepts(group, "12");
  if (!numeric || (accepts(group, "1.2e-05") && accepts(group, "1e-5"))) return std::nullopt;
  std::string missing = "exponents (1.2e-05)";
  if (!accepts(group, "0.1234") && !accepts(group, "0.5")) missing = "fractions (0.5), " + missing;
  if (!accepts(group, "-0.31")) missing += ", signs (-0.31)";
  if (!accepts(group, "nan")) missing += ", nan";
  return Warning{"the group (" + parts.group + ") does not take " + missing + "; a number may be cut short and read wrongly",
                 std::string("write ") + kRobustGroup};
}

/// `loss=(.*?)` captures nothing.
std::optional<Warning> lazy_end(const PatternParts& parts) {
  const std::string_view group = parts.group;
  const bool lazy = group.ends_with("*?") || group.ends_with("+?") || group.ends_with("??") || group.ends_with("}?");
  if (!lazy || !(parts.after.empty() || parts.after == ".*" || parts.after == ".*?")) return std::nullopt;
  const RE2 regex(parts.group, regex_options());
  const bool nothing = regex.ok() && RE2::FullMatch("", regex);
  return Warning{
      "the lazy group (" + parts.group + ") at the end captures " + (nothing ? "nothing" : "as little as it may, one character"),
      std::string("write ") + kRobustGroup + " or (\\S+)"};
}

/// `loss: (\S+)` matches in `val_loss: 0.5`.
std::optional<Warning> inside_longer_name(const RE2& regex, const PatternParts& parts) {
  const auto text = plain_text(parts.before);
  if (!text || text->empty() || std::isalpha(static_cast<unsigned char>((*text)[0])) == 0) return std::nullopt;
  if (text->starts_with("val") || !RE2::FullMatch(*text, R"(\w+\W*)")) return std::nullopt;
  const std::string longer = "val_" + *text;
  if (captured(regex, *text + "0.5") != "0.5" || captured(regex, longer + "0.5") != "0.5") return std::nullopt;
  return Warning{"it would also read '" + longer + "...'",
                 "begin it with '\\b" + *text + "': no letter, digit or _ may stand before"};
}

/// `IoU=0\.5:\s*(\S+)` captures `0.95:` from the line of `IoU=0.5:0.95: 0.37`.
std::optional<Warning> longer_name(const RE2& regex, const PatternParts& parts) {
  const auto text = plain_text(parts.before);
  if (!text || text->size() < 2 || std::isdigit(static_cast<unsigned char>(text->end()[-2])) == 0) return std::nullopt;
  const auto found = captured(regex, *text + "0.95: 0.37");
  if (!found || parse_number(*found)) return std::nullopt;
  return Warning{"it also matches a line with " + *text + "0.95: and captures " + *found + ", which is no number",
                 "require the blank: " + *text + "\\s+"};
}

}  // namespace

std::vector<Warning> lint(const MetricDefinition& definition) {
  std::vector<Warning> warnings;
  const auto parts = split_pattern(definition.regex);
  if (!parts) return warnings;
  const RE2 regex(to_re2(definition.regex), regex_options());
  for (auto& warning : {short_numbers(*parts), lazy_end(*parts), inside_longer_name(regex, *parts), longer_name(regex, *parts)}) {
    if (warning) warnings.push_back(*warning);
  }
  return warnings;
}

}  // namespace tune::metrics
