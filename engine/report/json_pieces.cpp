#include "engine/report/json_pieces.hpp"

namespace tune::engine {

void JsonPieces::open(char bracket, char closing) {
  sink_({&bracket, 1});
  closing_ += closing;
  empty_ = true;
}

void JsonPieces::next(std::string_view key) {
  std::string text = empty_ ? "\n" : ",\n";
  text.append(kJsonIndent * closing_.size(), ' ');
  if (!key.empty()) text.append("\"").append(key).append("\": ");
  sink_(text);
  empty_ = false;
}

void JsonPieces::put(const Json& value) {
  const std::string text = json_tokens(value);
  const std::string indent(kJsonIndent * closing_.size(), ' ');
  std::string out;
  // Line feeds stand between tokens only; in texts they are escaped.
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    out += rest.substr(0, end);
    if (end == std::string_view::npos) break;
    out.append("\n").append(indent);
    rest.remove_prefix(end + 1);
  }
  sink_(out);
}

void JsonPieces::member(std::string_view key, const Json& value) {
  next(key);
  put(value);
}

void JsonPieces::element(const Json& value) {
  next({});
  put(value);
}

void JsonPieces::open_array(std::string_view key) {
  next(key);
  open('[', ']');
}

void JsonPieces::open_object() {
  next({});
  open('{', '}');
}

void JsonPieces::close() {
  const char closing = closing_.back();
  closing_.pop_back();
  std::string text = empty_ ? "" : "\n" + std::string(kJsonIndent * closing_.size(), ' ');
  text += closing;
  if (closing_.empty()) text += '\n';
  sink_(text);
  empty_ = false;
}

}  // namespace tune::engine
