#include <algorithm>
#include <array>

#include "engine/config/init_config.hpp"

namespace tune::engine {

namespace {

constexpr std::size_t kMaxCallLength = 4000;  // bytes between the parentheses
constexpr std::size_t kMaxArguments = 200;
constexpr std::size_t kMaxFlagLength = 100;  // bytes

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Walks Python source by bracket depth; comments and quotes are skipped over.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] int depth() const { return depth_; }
  /// The character here, and past it; what stands in quotes or a comment counts as one step and gives a blank.
  char step() {
    const char c = text_[at_];
    if (c == '"' || c == '\'') return skip_quoted(c);
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return ' ';
    }
    if (c == '(' || c == '[' || c == '{') ++depth_;
    if (c == ')' || c == ']' || c == '}') --depth_;
    ++at_;
    return c;
  }

 private:
  char skip_quoted(char quote) {
    for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
    return ' ';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

/// What stands between the commas of a call or list whose opening bracket is before `text`.
std::vector<std::string_view> split_items(std::string_view text) {
  std::vector<std::string_view> items;
  Walker walker(text.substr(0, kMaxCallLength));
  std::size_t start = 0;
  while (!walker.at_end()) {
    const std::size_t at = walker.position();
    const char c = walker.step();
    const bool closed = walker.depth() < 0;
    if (closed || (c == ',' && walker.depth() == 0)) {
      if (const auto item = trim(text.substr(start, at - start)); !item.empty()) items.push_back(item);
      start = walker.position();
    }
    if (closed) return items;
  }
  return {};  // the call does not end here
}

bool is_quoted(std::string_view text) {
  return text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
}

std::string unquoted(std::string_view text) { return std::string(is_quoted(text) ? text.substr(1, text.size() - 2) : text); }

void read_keyword(std::string_view key, std::string_view value, ScriptArgument& argument) {
  if (key == "type") argument.type = value;
  if (key == "default" && value != "None") argument.default_text = unquoted(value);
  if (key == "required") argument.required = value == "True";
  if (key == "is_flag") argument.is_switch = value == "True";
  if (key == "action")
    argument.is_switch = argument.is_switch || value.find("store_") != std::string_view::npos ||
                         value.find("count") != std::string_view::npos || value.find("Boolean") != std::string_view::npos;
  if (key == "nargs") argument.is_switch = true;  // more than one value: no parameter of ours
  if (key == "choices" && (value.starts_with('[') || value.starts_with('('))) {
    for (const std::string_view item : split_items(value.substr(1))) argument.choices.push_back(unquoted(item));
  }
  constexpr std::string_view kClickChoice = "click.Choice([";
  if (key == "type" && value.starts_with(kClickChoice)) {
    argument.type = "str";
    for (const std::string_view item : split_items(value.substr(kClickChoice.size()))) argument.choices.push_back(unquoted(item));
  }
}

std::optional<ScriptArgument> read_call(std::string_view text) {
  ScriptArgument argument;
  for (const std::string_view item : split_items(text)) {
    const std::size_t equals = item.find('=');
    if (is_quoted(item)) {
      const std::string flag = unquoted(item);
      if (flag.starts_with("--") && flag.size() > 2 && flag.find('/') == std::string::npos) argument.flag = flag;
    } else if (equals != std::string_view::npos) {
      read_keyword(trim(item.substr(0, equals)), trim(item.substr(equals + 1)), argument);
    }
  }
  const bool plain =
      argument.flag.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == std::string::npos;
  if (argument.flag.empty() || argument.flag.size() > kMaxFlagLength || !plain) return std::nullopt;
  argument.name = argument.flag.substr(2);
  std::replace(argument.name.begin(), argument.name.end(), '-', '_');
  return argument;
}

}  // namespace

std::vector<ScriptArgument> find_arguments(std::string_view script) {
  constexpr std::array<std::string_view, 2> kCalls{"add_argument(", "click.option("};
  std::vector<ScriptArgument> arguments;
  std::size_t at = 0;
  while (arguments.size() < kMaxArguments) {
    std::size_t next = std::string_view::npos;
    std::size_t length = 0;
    for (const std::string_view call : kCalls) {
      const std::size_t found = script.find(call, at);
      if (found < next) {
        next = found;
        length = call.size();
      }
    }
    if (next == std::string_view::npos) break;
    at = next + length;
    auto argument = read_call(script.substr(at));
    const auto same = [&](const ScriptArgument& one) { return one.name == argument->name; };
    if (argument && std::none_of(arguments.begin(), arguments.end(), same)) arguments.push_back(std::move(*argument));
  }
  return arguments;
}

}  // namespace tune::engine
