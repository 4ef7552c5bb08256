#include "metrics/report_line.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "metrics/definitions.hpp"
#include "tune/metric_definition.hpp"

namespace tune::metrics {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTag = "@tune";
constexpr double kLargestStep = 9007199254740992.0;  ///< 2^53: above it a double is no exact count

/// Quotes the bare words NaN, Infinity and -Infinity outside strings.
std::string quote_non_finite(std::string_view text) {
  constexpr std::string_view kWords[] = {"NaN", "Infinity", "-Infinity"};
  std::string out;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto word = std::find_if(std::begin(kWords), std::end(kWords),
                                   [&](std::string_view candidate) { return text.substr(at).starts_with(candidate); });
    if (!in_string && word != std::end(kWords)) {
      out.append("\"").append(*word).append("\"");
      at += word->size() - 1;
      continue;
    }
    out += text[at];
    if (text[at] == '"') in_string = !in_string;
    if (in_string && text[at] == '\\' && at + 1 < text.size()) out += text[++at];
  }
  return out;
}

std::optional<double> number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> find_report(std::string_view line) {
  for (auto at = line.find(kTag); at != std::string_view::npos; at = line.find(kTag, at + 1)) {
    const auto brace = line.find_first_not_of(" \t", at + kTag.size());
    if (brace != std::string_view::npos && brace > at + kTag.size() && line[brace] == '{') return line.substr(at);
  }
  return std::nullopt;
}

std::optional<Report> parse_report(std::string_view report) {
  const std::string_view object = report.substr(report.find('{'));
  Json json = Json::parse(object, nullptr, false);
  if (json.is_discarded()) json = Json::parse(quote_non_finite(object), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Report result;
  for (const auto& [name, value] : json.items()) {
    const auto read = number(value);
    if (!read || !check_metric_name(name).ok()) return std::nullopt;
    if (name != "step") {
      result.values.emplace_back(name, *read);
    } else if (*read >= 0 && *read <= kLargestStep && *read == std::floor(*read)) {
      result.step = static_cast<std::int64_t>(*read);
    } else {
      return std::nullopt;
    }
  }
  if (result.values.empty()) return std::nullopt;
  return result;
}

}  // namespace tune::metrics
