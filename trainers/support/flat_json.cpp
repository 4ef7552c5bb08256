#include "trainers/support/flat_json.hpp"

#include <algorithm>
#include <cstdint>

#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Fallible<FlatObject> object() {
    FlatObject result;
    skip_space();
    if (!take('{')) return fail("expected {");
    skip_space();
    if (!take('}')) {
      do {
        std::string name;
        std::string value;
        bool is_null = false;
        skip_space();
        if (!string(name)) return fail("expected a name in quotes");
        skip_space();
        if (!take(':')) return fail("expected :");
        skip_space();
        if (!scalar(value, is_null)) return fail("expected a number, a string, true, false or null as the value of " + name);
        const auto same = [&](const auto& member) { return member.first == name; };
        if (std::any_of(result.begin(), result.end(), same)) return fail("the name " + name + " is there twice");
        if (!is_null) result.emplace_back(std::move(name), std::move(value));
        skip_space();
      } while (take(','));
      if (!take('}')) return fail("expected , or }");
    }
    skip_space();
    if (at_ != text_.size()) return fail("expected nothing after the object");
    return result;
  }

 private:
  Failure fail(const std::string& what) const { return {"not a flat JSON object: byte " + std::to_string(at_) + ": " + what}; }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  bool scalar(std::string& out, bool& is_null) {
    if (at_ < text_.size() && text_[at_] == '"') return string(out);
    const std::size_t start = at_;
    while (at_ < text_.size() && std::string_view(",} \t\r\n").find(text_[at_]) == std::string_view::npos) ++at_;
    out = text_.substr(start, at_ - start);
    is_null = out == "null";
    if (is_null || out == "true" || out == "false") return true;
    const bool starts_well = !out.empty() && (out[0] == '-' || (out[0] >= '0' && out[0] <= '9'));
    if (starts_well && parse_number<double>(out)) return true;
    at_ = start;
    return false;
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_++];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\')
        out += c;
      else if (!escape(out))
        return false;
    }
    return take('"');
  }

  bool escape(std::string& out) {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (const auto place = kLetters.find(c); place != std::string_view::npos) {
      out += kMeanings[place];
      return true;
    }
    std::uint32_t code = 0;
    if (c != 'u' || !hex(code)) return false;
    if (code >= 0xD800 && code < 0xDC00) {  // the first half of a surrogate pair
      std::uint32_t low = 0;
      if (!take('\\') || !take('u') || !hex(low) || low < 0xDC00 || low >= 0xE000) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
    return true;
  }

  bool hex(std::uint32_t& code) {
    if (text_.size() - at_ < 4) return false;
    const char* first = text_.data() + at_;
    at_ += 4;
    return std::from_chars(first, first + 4, code, 16).ptr == first + 4;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
      return;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr std::uint32_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
    out += static_cast<char>(kLead[more] | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

Fallible<FlatObject> parse_flat_json(std::string_view text) { return Reader(text).object(); }

std::string write_flat_json(const FlatObject& object) {
  std::string out = "{";
  for (const auto& [name, value] : object) {
    if (out.size() > 1) out += ", ";
    out += quoted(name) + ": " + quoted(value);
  }
  return out + "}";
}

}  // namespace tune::trainer
