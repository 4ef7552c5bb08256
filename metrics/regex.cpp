#include "metrics/regex.hpp"

#include <cstdint>

namespace tune::metrics {
namespace {

constexpr std::int64_t kMaxRegexMemory = 64 << 20;  ///< bytes, for RE2's program and its automata

}  // namespace

RE2::Options regex_options() {
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexMemory);
  return options;
}

std::string to_re2(std::string_view pattern) {
  constexpr std::string_view kEscapedTab = "#011";
  std::string out;
  bool in_class = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const std::string_view rest = pattern.substr(at);
    if (rest[0] == '\\' && rest.size() > 1) {
      out += rest.substr(0, 2);
      ++at;
    } else if (!in_class && rest.starts_with(kEscapedTab)) {
      out += "(?:#011|\\t)";
      at += kEscapedTab.size() - 1;
    } else {
      if (rest[0] == '[' && !in_class) {
        in_class = true;
        const std::size_t literal = rest.substr(1).starts_with('^') ? 2 : 1;  // a `]` there is no end
        if (rest.substr(literal).starts_with(']')) {
          out += rest.substr(0, literal + 1);
          at += literal;
          continue;
        }
      } else if (rest[0] == ']') {
        in_class = false;
      }
      out += rest[0];
    }
  }
  return out;
}

}  // namespace tune::metrics
