#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/located_yaml.hpp"
#include "tune/status.hpp"

namespace tune::engine {

inline constexpr std::size_t kMaxShownErrors = 50;    ///< the rest is counted
inline constexpr std::size_t kMaxHintedErrors = 500;  ///< nearest words are not looked for beyond that many errors

/// The known word nearest to `word` by edits (insert, delete, replace, swap neighbours; upper and lower case alike), empty when
/// none is near.
std::string nearest(std::string_view word, std::span<const std::string> known);

/// A value as a message shows it: text in quotes and cut to a line, `a list`, `a map`, `nothing`.
std::string shown(const YamlNode& node);

/// Whether the value at that path of a config may be a password: no message shows it.
bool may_be_secret(std::string_view path);

std::string join(std::span<const std::string> words, std::string_view between = ", ");

/// `a.b` and `b`, or `b` alone when `path` is empty.
std::string below(std::string_view path, std::string_view key);

/// Collects every error of a config. Not thread-safe.
class Diagnostics {
 public:
  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  void add(YamlMark mark, std::string_view key, std::string_view message);
  /// `KEY: given VALUE; allowed: ALLOWED`, and the nearest of `known` when the value is a word that is near one.
  void refuse(const YamlNode& node, std::string_view key, std::string_view allowed, std::span<const std::string> known = {});
  /// `KEY: unknown key; allowed: ...; did you mean 'X'?`; `elsewhere` are paths whose last word may be meant when no known key is
  /// near.
  void unknown(YamlMark mark, std::string_view path, std::string_view key, std::span<const std::string> known,
               std::span<const std::string> elsewhere = {});
  /// `KEY: planned, not built yet`
  void planned(YamlMark mark, std::string_view key, std::string_view detail = "");

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t count() const { return entries_.size(); }
  /// One line an error, in the order of the file: FILE:LINE:COLUMN: KEY: ... REQUIRES: !empty().
  [[nodiscard]] Status status() const;
  /// The same without places, for what was no file.
  [[nodiscard]] Status plain_status() const;

 private:
  struct Entry {
    YamlMark mark;
    std::string text;
  };
  std::string file_;
  std::vector<Entry> entries_;
};

}  // namespace tune::engine
