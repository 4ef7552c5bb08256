#include "engine/config/yaml_scalar.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace tune::engine {

namespace {

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}
constexpr std::string_view kDigits = "0123456789";

/// [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+
bool looks_int(std::string_view text, int& base, bool& negative) {
  base = 10;
  negative = false;
  if (text.starts_with("0x")) return base = 16, all_of(text.substr(2), "0123456789abcdefABCDEF");
  if (text.starts_with("0o")) return base = 8, all_of(text.substr(2), "01234567");
  negative = text.starts_with('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_of(text, kDigits);
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_float(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto digits = [&text] {
    std::size_t count = 0;
    while (count < text.size() && kDigits.find(text[count]) != std::string_view::npos) ++count;
    text.remove_prefix(count);
    return count;
  };
  const std::size_t whole = digits();
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (digits() == 0) return false;
  }
  return text.empty();
}

bool parse_special(YamlNode& node) {
  std::string_view text = node.text;
  const bool negative = text.starts_with('-');
  const bool is_signed = negative || text.starts_with('+');
  if (is_signed) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF") {
    node.number = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return true;
  }
  node.number = std::numeric_limits<double>::quiet_NaN();
  return !is_signed && (text == ".nan" || text == ".NaN" || text == ".NAN");
}

/// Marks a number that does not fit: a float without a value, see unusable_number.
void set_unusable(YamlNode& node) {
  node.kind = YamlNode::Kind::kFloat;
  node.number = std::numeric_limits<double>::quiet_NaN();
}

void read_int(YamlNode& node, int base, bool negative) {
  std::string_view digits = node.text;
  if (base != 10) digits.remove_prefix(2);
  if (base == 10 && (negative || digits.starts_with('+'))) digits.remove_prefix(1);
  const std::string signed_digits = (negative ? "-" : "") + std::string(digits);
  const auto result = std::from_chars(signed_digits.data(), signed_digits.data() + signed_digits.size(), node.whole, base);
  if (result.ec != std::errc{}) return set_unusable(node);
  node.kind = YamlNode::Kind::kInt;
  node.number = static_cast<double>(node.whole);
}

void read_float(YamlNode& node) {
  const std::size_t skip = node.text.starts_with('+') ? 1 : 0;
  const auto result = std::from_chars(node.text.data() + skip, node.text.data() + node.text.size(), node.number);
  if (result.ec != std::errc{}) return set_unusable(node);
  node.kind = YamlNode::Kind::kFloat;
}

}  // namespace

YamlNode plain_scalar(std::string text) {
  YamlNode node;
  node.text = std::move(text);
  node.byte_count = node.text.size();
  int base = 10;
  bool negative = false;
  const std::string& word = node.text;
  if (word.empty() || word == "~" || word == "null" || word == "Null" || word == "NULL") {
    node.kind = YamlNode::Kind::kNull;
  } else if (word == "true" || word == "True" || word == "TRUE" || word == "false" || word == "False" || word == "FALSE") {
    node.kind = YamlNode::Kind::kBool;
    node.flag = word[0] == 't' || word[0] == 'T';
  } else if (looks_int(word, base, negative)) {
    read_int(node, base, negative);
  } else if (looks_float(word)) {
    read_float(node);
  } else {
    node.kind = parse_special(node) ? YamlNode::Kind::kFloat : YamlNode::Kind::kText;
  }
  return node;
}

std::string unusable_number(const YamlNode& node) {
  int base = 10;
  bool negative = false;
  if (node.kind != YamlNode::Kind::kFloat || !std::isnan(node.number)) return "";
  if (looks_int(node.text, base, negative))
    return "given " + node.text + "; allowed: integers of 64 bits; quote it if it is text";
  if (looks_float(node.text)) return "given " + node.text + "; allowed: numbers that a double can hold; quote it if it is text";
  return "";
}

}  // namespace tune::engine
