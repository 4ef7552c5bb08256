#include "metrics/number.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <system_error>

namespace tune::metrics {
namespace {

constexpr std::size_t kGroup = 3;                    ///< digits after a thousands comma
constexpr double kLargestStep = 9007199254740992.0;  ///< 2^53: above it a double is no exact count

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// `1,234,567` at the start of `text` as plain digits in `out`; returns the length read, 0 when the commas are in wrong places.
std::size_t read_grouped(std::string_view text, std::string& out) {
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) out += text[at++];
  if (at == 0 || at > kGroup) return 0;
  while (at < text.size() && text[at] == ',') {
    std::size_t digits = 0;
    for (++at; at < text.size() && is_digit(text[at]); ++at, ++digits) out += text[at];
    if (digits != kGroup) return 0;
  }
  return at;
}

/// What a number outside the range of double is: its first significant digit tells whether it is huge or tiny.
double out_of_range(std::string_view text) {
  const auto e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  const auto significant = std::min(mantissa.find_first_of("123456789"), mantissa.size());
  bool huge = significant < point;
  if (e != std::string_view::npos) huge = text[e + 1] != '-';
  return huge ? std::numeric_limits<double>::infinity() : 0.0;
}

/// An unsigned decimal number that is the whole of `text`.
std::optional<double> parse_decimal(std::string_view text) {
  std::string plain;
  if (text.find(',') != std::string_view::npos) {
    const std::size_t length = read_grouped(text, plain);
    if (length == 0) return std::nullopt;
    plain += text.substr(length);
    text = plain;
  }
  if (text.empty() || (!is_digit(text[0]) && (text[0] != '.' || text.size() < 2 || !is_digit(text[1])))) return std::nullopt;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  return error == std::errc::result_out_of_range ? out_of_range(text) : value;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = trimmed(text);
  double sign = 1.0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    if (text[0] == '-') sign = -1.0;
    text.remove_prefix(1);
  }
  if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    return sign * std::numeric_limits<double>::infinity();
  }
  if (!text.empty() && text.back() == '%') text.remove_suffix(1);
  const auto value = parse_decimal(text);
  return value ? std::optional(sign * *value) : std::nullopt;
}

std::optional<std::int64_t> parse_step(std::string_view text) {
  if (text.find('%') != std::string_view::npos) return std::nullopt;
  const auto value = parse_number(text);
  if (!value || !(std::fabs(*value) <= kLargestStep) || *value != std::floor(*value)) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

}  // namespace tune::metrics
