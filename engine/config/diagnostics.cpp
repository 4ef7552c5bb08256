#include "engine/config/diagnostics.hpp"

#include <algorithm>
#include <cctype>

#include "engine/text/printable.hpp"

namespace tune::engine {

namespace {

constexpr std::size_t kMaxShownValue = 60;   // bytes
constexpr std::size_t kMaxHintedWord = 100;  // bytes; nobody misspells longer ones

/// Optimal string alignment distance: Levenshtein's with swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      table[i][j] = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
  if (word.empty() || word.size() > kMaxHintedWord) return "";
  std::string best;
  // A third of the letters may be wrong; a word of which nothing is left is no hint.
  std::size_t best_distance = std::max<std::size_t>(1, (word.size() + 1) / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t edits = distance(lower(word), lower(candidate));
    if (edits < best_distance && edits < candidate.size()) {
      best_distance = edits;
      best = candidate;
    }
  }
  return best;
}

std::string shown(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    default:
      break;
  }
  std::string text;
  for (const char c : node.text.substr(0, kMaxShownValue)) text += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  if (node.text.size() > kMaxShownValue) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0x80U) text.pop_back();
    text += "...";
  }
  return node.kind == YamlNode::Kind::kText ? "'" + text + "'" : text;
}

bool may_be_secret(std::string_view path) {
  constexpr std::string_view kSection = "environment";
  return path.starts_with(kSection) &&
         (path.size() == kSection.size() || path[kSection.size()] == '.' || path[kSection.size()] == '[');
}

std::string join(std::span<const std::string> words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

std::string below(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
}

void Diagnostics::add(YamlMark mark, std::string_view key, std::string_view message) {
  std::string entry = (key.empty() ? "" : std::string(key) + ": ") + std::string(message);
  // What is quoted must neither steer a terminal nor pass for another error.
  entries_.push_back({mark, printable(entry)});
}

void Diagnostics::refuse(const YamlNode& node, std::string_view key, std::string_view allowed,
                         std::span<const std::string> known) {
  const bool hidden = may_be_secret(key) && node.is_scalar();
  std::string message = "given " + (hidden ? "a value that is not shown" : shown(node)) + "; allowed: " + std::string(allowed);
  if (node.is_scalar() && !hidden && count() < kMaxHintedErrors) {
    if (const std::string near = nearest(node.text, known); !near.empty()) message += "; did you mean '" + near + "'?";
  }
  add(node.mark, key, message);
}

void Diagnostics::unknown(YamlMark mark, std::string_view path, std::string_view key, std::span<const std::string> known,
                          std::span<const std::string> elsewhere) {
  const bool hinted = count() < kMaxHintedErrors;
  std::string near = hinted ? nearest(key, known) : "";
  if (hinted && near.empty() && !elsewhere.empty()) {
    std::vector<std::string> last_words;
    for (const std::string& one : elsewhere) last_words.push_back(one.substr(one.rfind('.') + 1));
    const auto found = std::find(last_words.begin(), last_words.end(), nearest(key, last_words));
    if (found != last_words.end()) near = elsewhere[static_cast<std::size_t>(found - last_words.begin())];
  }
  const std::string hint = near.empty() ? "" : "; did you mean '" + near + "'?";
  if (!hinted) return add(mark, below(path, key), "unknown key");
  add(mark, below(path, key), "unknown key; allowed: " + (known.empty() ? "none" : join(known)) + hint);
}

void Diagnostics::planned(YamlMark mark, std::string_view key, std::string_view detail) {
  add(mark, key, "planned, not built yet" + (detail.empty() ? "" : "; " + std::string(detail)));
}

Status Diagnostics::status() const {
  TUNE_CHECK(!entries_.empty());
  std::vector<Entry> sorted = entries_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) { return a.mark < b.mark; });
  std::string text;
  for (std::size_t i = 0; i < sorted.size() && i < kMaxShownErrors; ++i) {
    if (i > 0) text += "\n";
    text +=
        file_ + ":" + std::to_string(sorted[i].mark.line) + ":" + std::to_string(sorted[i].mark.column) + ": " + sorted[i].text;
  }
  if (sorted.size() > kMaxShownErrors)
    text += "\n" + file_ + ": " + std::to_string(sorted.size() - kMaxShownErrors) + " more errors";
  return Status::invalid(text);
}

Status Diagnostics::plain_status() const {
  TUNE_CHECK(!entries_.empty());
  std::string text;
  for (const Entry& entry : entries_) text += (text.empty() ? "" : "\n") + entry.text;
  return Status::invalid(text);
}

}  // namespace tune::engine
