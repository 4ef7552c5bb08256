#include <algorithm>
#include <array>
#include <cctype>

#include "engine/config/init_config.hpp"

namespace tune::engine {

namespace {

constexpr std::size_t kMaxMetrics = 10;
constexpr std::size_t kMaxLabel = 60;  // bytes
constexpr std::string_view kNumber = R"(([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)))";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string escaped(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (!is_word(c) && c != ' ' && c != '-' && c != '/' && c != ':' && c != '=' && c != ',') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

/// The words in front of a number: `val acc: ` of `epoch 3, val acc: 0.5`.
struct Label {
  std::string name;       ///< val_acc
  std::string written;    ///< `val acc`
  std::string separator;  ///< what stands between it and the number
};

std::string last_word(std::string_view text) {
  std::size_t start = text.size();
  while (start > 0 && (is_word(text[start - 1]) || text[start - 1] == '/')) --start;
  return std::string(text.substr(start));
}

std::optional<Label> label_before(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" =:#[(") + 1;
  if (end == 0) return std::nullopt;
  Label label;
  label.written = last_word(text.substr(0, end));
  label.separator = text.substr(end);
  const bool has_letter =
      std::any_of(label.written.begin(), label.written.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
  if (!has_letter || label.separator.empty() || label.written.size() > kMaxLabel) return std::nullopt;
  constexpr std::array<std::string_view, 7> kSets{"val", "valid", "validation", "train", "training", "test", "eval"};
  const std::string_view before = text.substr(0, end - label.written.size());
  if (before.ends_with(' ')) {
    const std::string set = last_word(before.substr(0, before.size() - 1));
    if (std::find(kSets.begin(), kSets.end(), lower(set)) != kSets.end()) label.written = set + " " + label.written;
  }
  label.name = lower(label.written);
  std::replace(label.name.begin(), label.name.end(), ' ', '_');
  return label;
}

bool is_step(const Label& label) {
  constexpr std::array<std::string_view, 6> kSteps{"epoch", "step", "iter", "iteration", "epochs", "round"};
  return std::find(kSteps.begin(), kSteps.end(), label.name) != kSteps.end();
}

/// `\b` keeps `loss` from matching in `val_loss`.
std::string pattern_of(const Label& label, std::string_view number) {
  const std::size_t blanks = label.separator.find_last_not_of(' ') + 1;
  return "\\b" + escaped(label.written) + escaped(label.separator.substr(0, blanks)) + "\\s*" + std::string(number);
}

class Scanner {
 public:
  explicit Scanner(std::string_view script) : script_(script) {
    output_.reports = script.find("@tune") != std::string_view::npos;
  }

  ScriptOutput scan() {
    for (std::size_t start = 0; start < script_.size();) {
      const std::size_t end = std::min(script_.find('\n', start), script_.size());
      scan_line(script_.substr(start, end - start));
      start = end + 1;
    }
    return std::move(output_);
  }

 private:
  void scan_line(std::string_view line) {
    const bool prints = line.find("print") != std::string_view::npos || line.find("log") != std::string_view::npos ||
                        line.find("write(") != std::string_view::npos || line.find("echo") != std::string_view::npos ||
                        line.find("cout") != std::string_view::npos;
    if (!prints) return;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '#') return;
      if (line[i] != '"' && line[i] != '\'') continue;
      const std::size_t end = std::min(line.find(line[i], i + 1), line.size());
      scan_literal(line.substr(i + 1, end - i - 1), line.substr(std::min(end + 1, line.size())));
      i = end;
    }
  }

  /// A number stands at `{...}`, `%...` or after the literal when that ends with a separator.
  void scan_literal(std::string_view text, std::string_view after) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '{') {
        const std::size_t end = std::min(text.find('}', i), text.size());
        add(text.substr(from, i - from), text.substr(i + 1, end - i - 1));
        i = end;
        from = end + 1;
      } else if (text[i] == '%' && i + 1 < text.size() && text[i + 1] != '%') {
        add(text.substr(from, i - from), "");
        from = i + 2;
      } else if (text[i] == '$' || text[i] == '\\') {
        add(text.substr(from, i - from), text[i] == '$' ? "" : "\\");
        from = i + (text[i] == '\\' ? 2 : 1);
      }
    }
    const std::size_t next = after.find_first_not_of(' ');
    const bool goes_on = next != std::string_view::npos && (after[next] == ',' || after[next] == '+' || after[next] == '<');
    if (goes_on && from < text.size()) add(text.substr(from), trim_name(after.substr(next + 1)));
  }

  static std::string_view trim_name(std::string_view text) {
    const std::size_t start = std::min(text.find_first_not_of(" <("), text.size());
    std::size_t end = start;
    while (end < text.size() && is_word(text[end])) ++end;
    return text.substr(start, end - start);
  }

  void add(std::string_view before, std::string_view expression) {
    if (expression == "\\") return;
    auto label = label_before(before);
    if (!label) return;
    if (is_step(*label)) {
      if (output_.step) return;
      output_.step = pattern_of(*label, "(\\d+)");
      output_.from_zero = counts_from_zero(expression);
      return;
    }
    const bool plain_words = label->separator.find_first_not_of(' ') == std::string::npos;
    if (plain_words && !looks_like_metric(label->name)) return;
    const auto same = [&](const ScriptMetric& one) { return one.name == label->name; };
    if (output_.metrics.size() >= kMaxMetrics || std::any_of(output_.metrics.begin(), output_.metrics.end(), same)) return;
    output_.metrics.push_back({label->name, pattern_of(*label, kNumber)});
  }

  static bool looks_like_metric(const std::string& name) {
    constexpr std::array<std::string_view, 10> kParts{"acc",   "loss", "err", "f1",   "auc",
                                                      "score", "rmse", "mae", "bleu", "perplexity"};
    return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) { return name.find(part) != std::string::npos; });
  }

  /// `epoch` of `for epoch in range(n)`.
  [[nodiscard]] bool counts_from_zero(std::string_view expression) const {
    const std::string_view name = expression.substr(0, expression.find(':'));
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_word)) return false;
    const std::string loop = "for " + std::string(name) + " in range(";
    const std::size_t found = script_.find(loop);
    if (found == std::string_view::npos) return false;
    const std::string_view range = script_.substr(found + loop.size(), 200);
    return range.substr(0, range.find(':')).find(',') == std::string_view::npos;
  }

  std::string_view script_;
  ScriptOutput output_;
};

}  // namespace

ScriptOutput find_output(std::string_view script) { return Scanner(script).scan(); }

}  // namespace tune::engine
