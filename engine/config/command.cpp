#include "engine/config/command.hpp"

#include <nlohmann/json.hpp>
#include <optional>

namespace tune::engine {

namespace {

using StaticValues = std::vector<std::pair<std::string, Value>>;

std::optional<Value> find_value(std::string_view name, const Space& space, const Configuration& configuration,
                                const StaticValues& fixed) {
  if (const auto index = space.index_of(name)) return configuration[*index];
  for (const auto& [key, value] : fixed) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<std::vector<WordPiece>> split_word(std::string_view word) {
  std::vector<WordPiece> pieces;
  std::string text;
  const auto flush = [&] {
    if (!text.empty()) pieces.push_back({std::exchange(text, {}), false});
  };
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    const bool doubled = i + 1 < word.size() && word[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      text += c;
      ++i;
    } else if (c == '}') {
      return Status::invalid("a lone '}'; a brace is written '}}'");
    } else if (c == '{') {
      const std::size_t end = word.find_first_of("{}", i + 1);
      if (end == std::string_view::npos || word[end] == '{')
        return Status::invalid("a '{' without its '}'; a brace is written '{{'");
      if (end == i + 1) return Status::invalid("'{}' names no parameter; a brace is written '{{'");
      flush();
      pieces.push_back({std::string(word.substr(i + 1, end - i - 1)), true});
      i = end;
    } else {
      text += c;
    }
  }
  flush();
  return pieces;
}

std::vector<std::string> build_argv(const std::vector<CommandPart>& command, const Space& space,
                                    const Configuration& configuration, const StaticValues& static_values) {
  std::vector<std::string> argv;
  for (const CommandPart& part : command) {
    std::vector<std::string> words;
    bool complete = true;
    for (const std::string& word : part.words) {
      const auto pieces = split_word(word);
      TUNE_CHECK(pieces.ok());
      std::string text;
      for (const WordPiece& piece : *pieces) {
        const auto value = piece.placeholder ? find_value(piece.text, space, configuration, static_values) : Value(piece.text);
        complete = complete && value.has_value();
        if (value) text += to_text(*value);
      }
      words.push_back(std::move(text));
    }
    TUNE_CHECK(complete || part.optional);
    if (complete) argv.insert(argv.end(), words.begin(), words.end());
  }
  return argv;
}

std::string value_json(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return json_text(*text);
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return to_text(value);
  if (std::isnan(*number)) return "\"NaN\"";
  if (std::isinf(*number)) return *number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  const std::string text = to_text(*number);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string params_json(const Space& space, const Configuration& configuration, const StaticValues& static_values) {
  std::string text;
  const auto add = [&text](const std::string& name, const Value& value) {
    text += (text.empty() ? "" : ",") + json_text(name) + ":" + value_json(value);
  };
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (configuration[i]) add(space[i].name, *configuration[i]);
  }
  for (const auto& [name, value] : static_values) add(name, value);
  return "{" + text + "}";
}

}  // namespace tune::engine
