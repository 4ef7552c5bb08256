#include "engine/config/located_yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "engine/config/yaml_scalar.hpp"
#include "engine/config/yaml_text.hpp"

namespace tune::engine {

namespace {

constexpr std::string_view kTextTag = "tag:yaml.org,2002:str";

/// yaml-cpp counts columns in bytes, people in characters.
class Places {
 public:
  explicit Places(std::string_view text) {
    const bool ascii = std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80U; });
    if (ascii) return;
    tails_before_.reserve(text.size() + 1);
    std::uint32_t tails = 0;
    line_starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      tails_before_.push_back(tails);
      if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) ++tails;
      if (text[i] == '\n') line_starts_.push_back(i + 1);
    }
    tails_before_.push_back(tails);
  }

  [[nodiscard]] YamlMark operator()(const YAML::Mark& mark) const {
    if (mark.is_null()) return {};
    const YamlMark bytes{mark.line + 1, mark.column + 1};
    const auto line = static_cast<std::size_t>(mark.line);
    if (line >= line_starts_.size()) return bytes;
    const std::size_t start = line_starts_[line];
    const std::size_t at = std::min(start + static_cast<std::size_t>(mark.column), tails_before_.size() - 1);
    return {bytes.line, bytes.column - static_cast<int>(tails_before_[at] - tails_before_[start])};
  }

 private:
  std::vector<std::size_t> line_starts_;     // empty when a byte is a character
  std::vector<std::uint32_t> tails_before_;  // UTF-8 continuation bytes before each byte
};

std::string shown(YamlMark mark) { return std::to_string(mark.line) + ":" + std::to_string(mark.column); }

/// Ends the parse from inside a handler; never leaves parse_yaml.
struct Abandoned {};

/// Builds the tree from yaml-cpp's events, so that a bound is met while reading and not after.
class Builder : public YAML::EventHandler {
 public:
  Builder(YamlDocument& document, const Places& places) : document_(document), places_(places) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.mark = places_(mark);
    finish(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) abandon(places_(mark), "an alias inside its own anchor has no end");
    charge(found->second.node_count, found->second.byte_count, places_(mark));
    YamlNode copy = found->second;
    finish(std::move(copy), YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    YamlNode node;
    node.mark = places_(mark);
    charge(1, value.size(), node.mark);
    // Arguments and environment variables of a process end at such a byte.
    if (value.find('\0') != std::string::npos) problem(node.mark, path(), "a zero byte in a text is not allowed");
    const bool as_key = !stack_.empty() && stack_.back().is_map && !stack_.back().key;
    if (tag == "?" && !as_key) {
      node = plain_scalar(value);
      node.mark = places_(mark);
      if (const std::string wrong = unusable_number(node); !wrong.empty()) problem(node.mark, path(), wrong);
    } else {
      check_tag(tag, node.mark);
      node.kind = YamlNode::Kind::kText;
      node.text = value;
      node.byte_count = value.size();
    }
    finish(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool is_map = false;
    std::optional<std::string> key;  ///< read, its value is still to come
    YamlMark key_mark;
    bool duplicate = false;
    std::unordered_map<std::string, YamlMark> seen;
  };

  [[noreturn]] void abandon(YamlMark mark, std::string message) {
    document_.problems.push_back({mark, path(), std::move(message)});
    throw Abandoned{};
  }
  void problem(YamlMark mark, std::string key, std::string message) {
    if (document_.problems.size() >= kMaxYamlProblems) abandon(mark, "too many errors");
    document_.problems.push_back({mark, std::move(key), std::move(message)});
  }
  void charge(std::size_t nodes, std::size_t bytes, YamlMark mark) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > kMaxYamlNodes) {
      abandon(mark,
              "too large: more than " + std::to_string(kMaxYamlNodes) + " values, aliases counted as often as they are used");
    }
    if (bytes_ > kMaxYamlBytes) {
      abandon(mark, "too large: more than " + std::to_string(kMaxYamlBytes) +
                        " bytes of text, aliases counted as often as they are used");
    }
  }
  void check_tag(const std::string& tag, YamlMark mark) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == kTextTag) return;
    problem(mark, path(), "tag '" + tag + "' is not used here; allowed: none, !!str");
  }
  [[nodiscard]] std::string path() const {
    std::string text;
    for (const Frame& frame : stack_) {
      if (!frame.is_map) {
        text += "[" + std::to_string(frame.node.items.size()) + "]";
      } else if (frame.key) {
        text += (text.empty() ? "" : ".") + *frame.key;
      }
    }
    return text;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    const YamlMark where = places_(mark);
    if (stack_.size() >= kMaxYamlDepth) abandon(where, "nested deeper than " + std::to_string(kMaxYamlDepth) + " levels");
    if (!stack_.empty() && stack_.back().is_map && !stack_.back().key) abandon(where, "a key must be text, not a list or a map");
    charge(1, 0, where);
    check_tag(tag, where);
    Frame frame;
    frame.node.kind = kind;
    frame.node.mark = where;
    frame.anchor = anchor;
    frame.is_map = kind == YamlNode::Kind::kMap;
    stack_.push_back(std::move(frame));
  }
  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    finish(std::move(frame.node), frame.anchor);
  }

  void finish(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      charge(node.node_count, node.byte_count, node.mark);
      anchors_[anchor] = node;
    }
    if (stack_.empty()) {
      document_.root = std::move(node);
      return;
    }
    Frame& parent = stack_.back();
    parent.node.node_count += node.node_count;
    parent.node.byte_count += node.byte_count;
    if (!parent.is_map) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      take_key(parent, node);
    } else {
      if (!parent.duplicate) parent.node.members.push_back({std::move(*parent.key), parent.key_mark, std::move(node)});
      parent.key.reset();
    }
  }
  void take_key(Frame& frame, const YamlNode& node) {
    if (!node.is_scalar()) abandon(node.mark, "a key must be text, not null, a list or a map");
    const auto [first, is_new] = frame.seen.emplace(node.text, node.mark);
    frame.key = node.text;
    frame.key_mark = node.mark;
    frame.duplicate = !is_new;
    if (!is_new) problem(node.mark, path(), "duplicate key, first given at " + shown(first->second));
    const auto control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; };
    if (std::any_of(node.text.begin(), node.text.end(), control))
      problem(node.mark, path(), "a control character in a key is not allowed");
    if (node.text == "<<") problem(node.mark, path(), "merge keys are not supported; write the keys out");
  }

  YamlDocument& document_;
  const Places& places_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

/// A tab in the indentation of the line, or of the one before, is the usual reason for an error there.
std::string tab_hint(std::string_view text, int line) {
  int number = 1;
  std::size_t start = 0;
  while (start <= text.size() && number <= line) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view content = text.substr(start, end - start);
    const std::size_t blank = std::min(content.find_first_not_of(" \t"), content.size());
    if (number >= line - 1 && content.substr(0, blank).find('\t') != std::string_view::npos) {
      return "; line " + std::to_string(number) + " is indented with a tab, allowed: spaces";
    }
    start = end + 1;
    ++number;
  }
  return "";
}

/// yaml-cpp's commonest complaints with what usually is the reason.
std::string in_words(const std::string& message) {
  if (message == "end of sequence flow not found")
    return message + ": a '[' is not closed before this, or a word in the list needs quotes";
  if (message == "end of map flow not found")
    return message + ": a '{' is not closed before this, or a word in the map needs quotes";
  if (message == "end of map not found" || message == "end of sequence not found") return message + ": is the indentation right?";
  return message;
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlMember& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

YamlDocument parse_yaml(std::string_view text) {
  YamlDocument document;
  if (auto wrong = check_yaml_text(text)) {
    document.problems.push_back(std::move(*wrong));
    return document;
  }
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  const Places places(text);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(document, places);
    parser.HandleNextDocument(builder);
    YamlNode first = std::move(document.root);
    document.root = {};
    if (parser.HandleNextDocument(builder)) {
      document.problems.push_back({document.root.mark, "", "a second document begins here; allowed: one"});
      return document;
    }
    document.root = std::move(first);
    document.complete = true;
  } catch (const Abandoned&) {
  } catch (const YAML::Exception& error) {
    const YamlMark mark = places(error.mark);
    document.problems.push_back({mark, "", "not YAML: " + in_words(error.msg) + tab_hint(text, mark.line)});
  }
  return document;
}

}  // namespace tune::engine
