#include "engine/report/format.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace tune::engine {

namespace {

constexpr std::size_t kTextBuffer = 400;  // bytes; a double printed in full has at most 309 digits before the point
constexpr std::string_view kEllipsis = "…";

/// Unicode's combining marks and zero-width characters, and its wide and fullwidth ones (UAX 11), by block.
std::size_t width_of(char32_t code) {
  constexpr std::array<std::pair<char32_t, char32_t>, 7> kZero{
      {{0x300, 0x36F}, {0x483, 0x489}, {0x591, 0x5BD}, {0x200B, 0x200F}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}}};
  constexpr std::array<std::pair<char32_t, char32_t>, 9> kWide{{{0x1100, 0x115F},
                                                                {0x2E80, 0x303E},
                                                                {0x3041, 0xA4CF},
                                                                {0xAC00, 0xD7A3},
                                                                {0xF900, 0xFAFF},
                                                                {0xFE30, 0xFE6F},
                                                                {0xFF00, 0xFF60},
                                                                {0x1F300, 0x1FAFF},
                                                                {0x20000, 0x3FFFD}}};
  if (code == kBadByte) return 1;
  for (const auto& [first, last] : kZero) {
    if (code >= first && code <= last) return 0;
  }
  for (const auto& [first, last] : kWide) {
    if (code >= first && code <= last) return 2;
  }
  return 1;
}

std::string print(const char* format, int precision, double number) {
  std::array<char, kTextBuffer> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, precision, number);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string two_units(std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
  return std::to_string(large) + " " + large_unit + (small < 10 ? " 0" : " ") + std::to_string(small) + " " + small_unit;
}

}  // namespace

std::string fixed(double number, int decimals) {
  return std::isfinite(number) ? print("%.*f", decimals, number) : to_text(number);
}

std::string shortened(double number, int digits) {
  return std::isfinite(number) ? print("%.*g", digits, number) : to_text(number);
}

std::string shortened(const Value& value, int digits) {
  if (const auto* number = std::get_if<double>(&value)) return shortened(*number, digits);
  return printable(to_text(value));
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  if (seconds < 9.95) return fixed(seconds, 1) + " s";
  const std::int64_t whole = std::llround(seconds);
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return two_units(whole / 60, "min", whole % 60, "s");
  const std::int64_t minutes = std::llround(seconds / 60.0);
  if (minutes < 48 * 60) return two_units(minutes / 60, "h", minutes % 60, "min");
  const std::int64_t hours = std::llround(seconds / 3600.0);
  return two_units(hours / 24, "d", hours % 24, "h");
}

std::string hours_text(double seconds) {
  const double hours = seconds / 3600.0;
  return fixed(hours, hours < 0.1 ? 4 : hours < 100.0 ? 3 : 1) + " h";
}

std::string iso_time_short(TimePoint time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<seconds>(time) - day};
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                                   static_cast<int>(clock.seconds().count()));
  return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string iso_time(TimePoint time) {
  using namespace std::chrono;
  const auto micros = (time - floor<seconds>(time)).count();
  const std::string digits = std::to_string(1'000'000 + micros).substr(1);
  std::string text = iso_time_short(time);
  text.insert(text.size() - 1, "." + digits);
  return text;
}

std::string counted(std::int64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += width_of(next_character(text).first);
  return width;
}

std::string clipped(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return "";
  std::string kept;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto [code, bytes] = next_character(text);
    if (used + width_of(code) + 1 > width) break;
    used += width_of(code);
    kept += bytes;
  }
  return kept.append(kEllipsis);
}

std::string padded(std::string_view text, std::size_t width, bool to_the_right) {
  const std::size_t used = display_width(text);
  const std::string space(used < width ? width - used : 0, ' ');
  return to_the_right ? space + std::string(text) : std::string(text) + space;
}

std::string parameters_text(const Space& space, const Configuration& configuration) {
  std::string out;
  for (std::size_t i = 0; i < space.size() && i < configuration.size(); ++i) {
    if (!configuration[i]) continue;
    if (!out.empty()) out += ' ';
    out += printable(space[i].name) + "=" + shortened(*configuration[i]);
  }
  return out;
}

}  // namespace tune::engine
