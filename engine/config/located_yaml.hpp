#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// YAML text as a tree that knows where each node was written, made under fixed bounds of memory and time.
namespace tune::engine {

inline constexpr std::size_t kMaxConfigBytes = 1024 * 1024;    ///< of a config file
inline constexpr std::size_t kMaxYamlNodes = 100'000;          ///< aliases counted as often as they are used
inline constexpr std::size_t kMaxYamlBytes = 4 * 1024 * 1024;  ///< of all scalars and keys, aliases counted likewise
inline constexpr std::size_t kMaxYamlDepth = 64;
inline constexpr std::size_t kMaxYamlProblems = 1000;  ///< then reading ends

/// A place in a text, both counted from 1; columns count characters.
struct YamlMark {
  int line = 1;
  int column = 1;
  auto operator<=>(const YamlMark&) const = default;
};

struct YamlMember;

/// A node by the rules of YAML 1.2's core schema: `1e-5` is a float, `010` the decimal int 10, `0x1F` and `0o17` are ints, `yes`,
/// `no`, `on` and `off` are text, `~` and nothing are null. What is quoted is text.
struct YamlNode {
  enum class Kind { kNull, kBool, kInt, kFloat, kText, kList, kMap };
  Kind kind = Kind::kNull;
  YamlMark mark;
  std::string text;                 ///< a scalar as written, quotes and escapes resolved
  bool flag = false;                ///< kBool
  std::int64_t whole = 0;           ///< kInt
  double number = 0.0;              ///< kInt, kFloat; finite or what `.inf` and `.nan` say
  std::vector<YamlNode> items;      ///< kList
  std::vector<YamlMember> members;  ///< kMap, in the order of the file, keys all different
  std::size_t node_count = 1;       ///< this one and all below it
  std::size_t byte_count = 0;       ///< of their text

  [[nodiscard]] bool is_scalar() const { return kind != Kind::kList && kind != Kind::kMap && kind != Kind::kNull; }
  [[nodiscard]] bool is_number() const { return kind == Kind::kInt || kind == Kind::kFloat; }
  /// The value of `key`, null when this is no map or has no such key.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

struct YamlMember {
  std::string key;
  YamlMark mark;  ///< of the key
  YamlNode value;
};

struct YamlProblem {
  YamlMark mark;
  std::string key;      ///< path of the key it belongs to; may be empty
  std::string message;  ///< one sentence
};

struct YamlDocument {
  YamlNode root;
  std::vector<YamlProblem> problems;  ///< empty: all is well
  bool complete = false;              ///< false: the last problem ended the reading, `root` is not to be used
};

/// Reads one document of at most kMaxConfigBytes bytes of UTF-8 (a byte order mark is skipped). Refused: duplicate keys, merge
/// keys
/// (`<<`), tags other than `!!str`, keys that are no scalars, control characters, a second document, and whatever exceeds the
/// bounds above.
YamlDocument parse_yaml(std::string_view text);

/// The node a single unquoted scalar makes.
YamlNode plain_scalar(std::string text);

}  // namespace tune::engine
