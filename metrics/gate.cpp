#include "metrics/gate.hpp"

#include <re2/filtered_re2.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "tune/status.hpp"

namespace tune::metrics {
namespace {

constexpr std::size_t kMostTexts = 16;  ///< for one pattern; more say little

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Texts in lower case without all of which `pattern` matches no line; empty when there are none. One that every match needs is
/// best, the longest of those.
std::vector<std::string> needed_texts(const std::string& pattern, const RE2::Options& options) {
  re2::FilteredRE2 filter(static_cast<int>(LiteralSearch::kShortest));
  int id = 0;
  if (filter.Add(pattern, options, &id) != RE2::NoError) return {};
  std::vector<std::string> texts;
  filter.Compile(&texts);
  const auto matches_with = [&](const std::vector<int>& present) {
    std::vector<int> potential;
    filter.AllPotentials(present, &potential);
    return !potential.empty();
  };
  if (texts.empty() || texts.size() > kMostTexts || !std::all_of(texts.begin(), texts.end(), is_ascii) || matches_with({}))
    return {};
  std::string best;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::vector<int> others(texts.size());
    std::iota(others.begin(), others.end(), 0);
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    if (texts[i].size() > best.size() && !matches_with(others)) best = texts[i];
  }
  return best.empty() ? texts : std::vector<std::string>{best};
}

/// The texts of all patterns, each once, and in `users` the patterns of each; in `rest` the patterns that have none.
std::vector<std::string> collect(const std::vector<std::string>& patterns, const RE2::Options& options,
                                 std::vector<std::vector<int>>& users, std::vector<int>& rest) {
  std::map<std::string, std::vector<int>> by_text;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const auto texts = needed_texts(patterns[i], options);
    for (const std::string& text : texts) by_text[text].push_back(static_cast<int>(i));
    if (texts.empty()) rest.push_back(static_cast<int>(i));
  }
  std::vector<std::string> texts;
  for (auto& [text, its_users] : by_text) {
    texts.push_back(text);
    users.push_back(std::move(its_users));
  }
  return texts;
}

}  // namespace

Gate::Gate(const std::vector<std::string>& patterns, const RE2::Options& options)
    : texts_(collect(patterns, options, users_, in_set_)), set_(options, RE2::UNANCHORED) {
  for (const int pattern : in_set_) TUNE_CHECK(set_.Add(patterns[static_cast<std::size_t>(pattern)], nullptr) >= 0);
  set_usable_ = !in_set_.empty() && set_.Compile();
}

void Gate::match_set(std::string_view line, std::vector<int>& found) const {
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  if (set_usable_ && set_.Match({line.data(), line.size()}, &found, &error)) {
    for (int& pattern : found) pattern = in_set_[static_cast<std::size_t>(pattern)];
  } else if (!set_usable_ || error.kind != RE2::Set::kNoError) {
    found = in_set_;
  }
}

void Gate::match(std::string_view line, std::vector<int>& found) const {
  found.clear();
  if (!in_set_.empty()) match_set(line, found);
  texts_.search(line, [&](std::size_t text) { found.insert(found.end(), users_[text].begin(), users_[text].end()); });
  if (found.size() < 2) return;
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

}  // namespace tune::metrics
