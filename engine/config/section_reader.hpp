#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/config/diagnostics.hpp"
#include "engine/config/key_table.hpp"
#include "engine/config/located_yaml.hpp"
#include "tune/clock.hpp"

namespace tune::engine {

inline constexpr Duration kMaxDuration = std::chrono::hours(24 * 3650);  ///< ten years

/// Seconds as a number, or 90s, 15m, 4h, 2d (fractions allowed): positive, up to kMaxDuration; none when it is no such thing.
std::optional<Duration> read_duration(const YamlNode& node);

/// The value of a kShare: as text up to `100%`; a number is below 1, for whoever writes 1 or 5 may mean percent.
std::optional<double> read_part(const YamlNode& node);

/// `20%` or a number of [0, 1] that is written as a float; none when it is no such thing.
std::optional<double> read_share(const YamlNode& node);

/// Whether `value` is of the key's type, in its range and among its allowed words; every error is reported.
bool check_value(const YamlNode& value, const KeySpec& key, std::string_view path, Diagnostics& errors);

/// A map checked against a section's table. Making one reports unknown, planned and missing keys and values of the wrong kind;
/// what it then gives has passed those checks. Text stands for {short_key: text} where the section has a short key.
class SectionReader {
 public:
  SectionReader(const YamlNode& map, std::string path, const SectionSpec& spec, Diagnostics& errors);

  SectionReader(const SectionReader&) = delete;
  SectionReader& operator=(const SectionReader&) = delete;

  /// The value of a key that is there and has passed; null otherwise.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
  /// Whether the key was written, right or wrong.
  [[nodiscard]] bool given(std::string_view key) const { return given_.contains(key); }
  [[nodiscard]] std::string path(std::string_view key) const { return below(path_, key); }

  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view key) const;
  [[nodiscard]] std::optional<double> number(std::string_view key) const;
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const;
  [[nodiscard]] std::optional<Duration> duration(std::string_view key) const;
  [[nodiscard]] std::optional<double> share(std::string_view key) const;

 private:
  void read_member(const YamlMember& member, const SectionSpec& spec, Diagnostics& errors);

  std::string path_;
  YamlNode expanded_;  ///< of the short form
  std::set<std::string, std::less<>> given_;
  std::map<std::string, const YamlNode*, std::less<>> values_;
};

}  // namespace tune::engine
