#include "engine/config/section_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <regex>

namespace tune::engine {

namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kMaxMatchedText = 1024;  // bytes; std::regex recurses with the length

/// `pattern` is one of the key table's: each is compiled once.
bool matches(const std::string& text, const std::string& pattern) {
  thread_local std::map<std::string, std::regex> compiled;
  return text.size() <= kMaxMatchedText && std::regex_match(text, compiled.try_emplace(pattern, pattern).first->second);
}

std::optional<double> leading_number(std::string_view text, std::string_view& rest) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number)) return std::nullopt;
  rest = text.substr(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool short_enough(const std::string& text, const KeySpec& key) {
  return key.max_length == 0 || (!text.empty() && text.size() <= key.max_length);
}

bool check_names(const YamlNode& map, const KeySpec& key, std::string_view path, Diagnostics& errors) {
  if (key.pattern.empty()) return true;
  bool good = true;
  for (const YamlMember& member : map.members) {
    if (short_enough(member.key, key) && matches(member.key, key.pattern)) continue;
    errors.add(member.mark, below(path, member.key), "given a name that is not allowed; allowed: " + key.like);
    good = false;
  }
  return good;
}

bool check_text(const YamlNode& value, const KeySpec& key, std::string_view path, Diagnostics& errors) {
  if (value.kind != Kind::kText) {
    const std::string quote = value.is_scalar() ? "; quote it" : "";
    errors.refuse(value, path, allowed_text(key) + (key.allowed.empty() ? quote : ""), key.allowed);
    return false;
  }
  if (std::find(key.planned_words.begin(), key.planned_words.end(), value.text) != key.planned_words.end()) {
    errors.planned(value.mark, path, "given " + shown(value) + "; allowed: " + join(key.allowed));
    return false;
  }
  const bool listed = key.allowed.empty() || std::find(key.allowed.begin(), key.allowed.end(), value.text) != key.allowed.end();
  const bool good = short_enough(value.text, key) && (key.pattern.empty() ? listed : matches(value.text, key.pattern));
  if (!good) errors.refuse(value, path, allowed_text(key), key.allowed);
  return good;
}

bool in_range(double number, const KeySpec& key) {
  return std::isfinite(number) && number >= key.min.value_or(number) && number <= key.max.value_or(number);
}

bool is_int_or_map(const YamlNode& value, const KeySpec& key) {
  if (value.kind == Kind::kInt) return in_range(value.number, key);
  return value.kind == Kind::kMap && std::all_of(value.members.begin(), value.members.end(), [&](const YamlMember& member) {
           return member.value.kind == Kind::kInt && in_range(member.value.number, key);
         });
}

bool finite_scalar(const YamlNode& node) { return node.is_scalar() && (node.kind != Kind::kFloat || std::isfinite(node.number)); }

bool check_scalars(const YamlNode& map, std::string_view path, Diagnostics& errors) {
  bool good = true;
  for (const YamlMember& member : map.members) {
    if (finite_scalar(member.value)) continue;
    errors.refuse(member.value, below(path, member.key), "text, a finite number, true or false");
    good = false;
  }
  return good;
}

bool check_scalar_list(const YamlNode& list, std::string_view path, Diagnostics& errors) {
  bool good = true;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (finite_scalar(list.items[i])) continue;
    errors.refuse(list.items[i], std::string(path) + "[" + std::to_string(i) + "]", "text, a finite number, true or false");
    good = false;
  }
  return good;
}

bool check_points(const YamlNode& list, std::string_view path, Diagnostics& errors) {
  bool good = true;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const YamlNode& item = list.items[i];
    const std::string where = std::string(path) + "[" + std::to_string(i) + "]";
    const bool map = item.kind == Kind::kMap && !item.members.empty() && item.members.size() <= kMaxConfigEntries;
    if (!map) errors.refuse(item, where, "a map from at least one parameter to its value");
    good = map && check_scalars(item, where, errors) && good;
  }
  return good;
}

bool check_ids(const YamlNode& value) {
  if (value.kind == Kind::kText) return value.text == "auto";
  return value.kind == Kind::kList && std::all_of(value.items.begin(), value.items.end(), [](const YamlNode& id) {
           return (id.kind == Kind::kInt && id.whole >= 0) || (id.kind == Kind::kText && !id.text.empty());
         });
}

/// `{name}` without quotes is a map in YAML, which is what a nearly right command most often holds.
bool check_words(const YamlNode& list, const std::string& path, bool nested, Diagnostics& errors) {
  bool good = true;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const YamlNode& item = list.items[i];
    const std::string where = path + "[" + std::to_string(i) + "]";
    if (item.is_scalar()) continue;
    if (!nested && item.kind == Kind::kList && !item.items.empty() && item.items.size() <= kMaxConfigEntries) {
      good = check_words(item, where, true, errors) && good;
      continue;
    }
    const bool placeholder = item.kind == Kind::kMap && item.members.size() == 1 && item.members[0].value.kind == Kind::kNull;
    const std::string hint = placeholder ? "; quote it: \"{" + item.members[0].key + "}\"" : "";
    errors.refuse(item, where, (nested ? "a word" : "a word, or a list of words that is not empty") + hint);
    good = false;
  }
  return good;
}

std::string bound_text(double number) {
  const bool whole = number == std::floor(number) && std::abs(number) < kMaxExactInteger;
  return whole ? std::to_string(static_cast<std::int64_t>(number)) : to_text(number);
}

/// The types whose check is one question.
bool fits(const YamlNode& value, const KeySpec& key) {
  switch (key.type) {
    case KeyType::kFlag:
      return value.kind == Kind::kBool;
    case KeyType::kInt:
      return value.kind == Kind::kInt && in_range(value.number, key);
    case KeyType::kNumber:
      return value.is_number() && in_range(value.number, key);
    case KeyType::kDuration:
      return read_duration(value).has_value();
    case KeyType::kIntOrShare:
      return (value.kind == Kind::kInt && in_range(value.number, key)) || read_share(value).has_value();
    case KeyType::kShare:
      return read_part(value).has_value();
    case KeyType::kIntOrMap:
      return is_int_or_map(value, key);
    case KeyType::kIds:
      return check_ids(value);
    case KeyType::kWords:
      return value.kind == Kind::kList && !value.items.empty();
    case KeyType::kValue:
      return finite_scalar(value);
    case KeyType::kTexts:
      return value.kind == Kind::kList && !value.items.empty() &&
             std::ranges::all_of(value.items, [](const YamlNode& one) { return one.kind == Kind::kText && !one.text.empty(); });
    case KeyType::kValues:
    case KeyType::kRules:
      return value.kind == Kind::kList && !value.items.empty();
    case KeyType::kCondition:
      return value.kind == Kind::kMap && value.members.size() == 1;
    case KeyType::kParameters:
      return value.kind == Kind::kMap && !value.members.empty();
    case KeyType::kValueMap:
    case KeyType::kTextMap:
    case KeyType::kSectionMap:
      return value.kind == Kind::kMap || value.kind == Kind::kNull;
    case KeyType::kSectionList:
    case KeyType::kPoints:
    case KeyType::kHealthRules:
      return value.kind == Kind::kList || value.kind == Kind::kNull;
    default:
      return true;
  }
}

}  // namespace

std::optional<Duration> read_duration(const YamlNode& node) {
  double seconds = node.number;
  if (node.kind == Kind::kText) {
    std::string_view unit;
    const auto number = leading_number(node.text, unit);
    if (!number) return std::nullopt;
    const double scale = unit == "s" ? 1.0 : unit == "m" ? 60.0 : unit == "h" ? 3600.0 : unit == "d" ? 86400.0 : 0.0;
    seconds = *number * scale;
  } else if (!node.is_number()) {
    return std::nullopt;
  }
  if (!(seconds > 0.0 && seconds <= to_seconds(kMaxDuration))) return std::nullopt;
  const Duration duration(std::llround(seconds * 1e6));
  return duration.count() > 0 ? std::optional(duration) : std::nullopt;
}

std::optional<double> read_share(const YamlNode& node) {
  double share = node.number;
  if (node.kind == Kind::kText) {
    std::string_view unit;
    const auto number = leading_number(node.text, unit);
    if (!number || unit != "%") return std::nullopt;
    share = *number / 100.0;
  } else if (node.kind != Kind::kFloat) {
    return std::nullopt;
  }
  return share >= 0.0 && share <= 1.0 ? std::optional(share) : std::nullopt;
}

std::optional<double> read_part(const YamlNode& node) {
  if (node.kind == Kind::kText) return read_share(node);
  return node.is_number() && node.number >= 0.0 && node.number < 1.0 ? std::optional(node.number) : std::nullopt;
}

std::string allowed_text(const KeySpec& key) {
  const auto range = [&key](std::string kind) {
    if (key.min && key.max && *key.min == *key.max) return bound_text(*key.min);
    if (key.min && key.max) return kind + " of " + bound_text(*key.min) + " to " + bound_text(*key.max);
    if (key.min) return kind + " >= " + bound_text(*key.min);
    if (key.max) return kind + " <= " + bound_text(*key.max);
    return kind;
  };
  switch (key.type) {
    case KeyType::kText:
      if (!key.allowed.empty()) return join(key.allowed, " | ");
      return key.like.empty() ? "text" : key.like;
    case KeyType::kFlag:
      return "true | false";
    case KeyType::kInt:
      return range("int");
    case KeyType::kNumber:
      return range("number");
    case KeyType::kDuration:
      return "seconds, or 90s, 15m, 4h, 2d; above 0, up to 3650d";
    case KeyType::kIntOrShare:
      return range("int") + ", or a share as 20% or 0.2";
    case KeyType::kShare:
      return "a share as 5% or 0.05";
    case KeyType::kIntOrMap:
      return range("int") + ", or a map from parameters to such";
    case KeyType::kValue:
      return "text, a finite number, true or false";
    case KeyType::kValues:
      return "a list of at least one value";
    case KeyType::kCondition:
      return "a map with one parameter and its value or list of values";
    case KeyType::kIds:
      return "auto | a list of indexes or UUIDs";
    case KeyType::kWords:
      return "a list of words and of lists of words, none of them empty";
    case KeyType::kTexts:
      return "a list of 1 to " + std::to_string(key.max_entries) + " texts";
    case KeyType::kValueMap:
      return "a map from names to text, numbers, true or false";
    case KeyType::kTextMap:
      return "a map from names to text";
    case KeyType::kSection: {
      const SectionSpec& spec = section(key.section);
      const KeySpec* alone = spec.find(spec.short_key);
      return alone == nullptr ? "a map" : alone->type == KeyType::kText ? "text, or a map" : "a value, or a map";
    }
    case KeyType::kSectionMap:
      return "a map";
    case KeyType::kSectionList:
      return "a list of maps";
    case KeyType::kPoints:
      return "a list of maps from parameters to values";
    case KeyType::kHealthRules:
      return "a list of maps, each with a health rule's name, metrics and options";
    case KeyType::kParameters:
      return "a map with at least one parameter";
    case KeyType::kStrategy:
      return "a name, or a map with a name and options";
    case KeyType::kStopping:
      return "a name, off, or a map with a name and options";
    case KeyType::kRules:
      return "a list of at least one rule, each a name, or a map with a name and options";
  }
  return "";
}

bool check_value(const YamlNode& value, const KeySpec& key, std::string_view path, Diagnostics& errors) {
  if (key.type == KeyType::kText) return check_text(value, key, path, errors);
  if (value.items.size() > key.max_entries || value.members.size() > key.max_entries) {
    errors.refuse(value, path,
                  "up to " + std::to_string(key.max_entries) + " entries, given " +
                      std::to_string(value.items.size() + value.members.size()));
    return false;
  }
  if (!fits(value, key)) {
    const bool beyond =
        value.is_number() && value.number > 0.0 && (value.kind == Kind::kFloat || value.number > key.max.value_or(value.number));
    if (!key.planned_numbers.empty() && beyond) {
      errors.planned(value.mark, path, key.planned_numbers + ": given " + shown(value) + "; allowed: " + allowed_text(key));
      return false;
    }
    errors.refuse(value, path, allowed_text(key), key.allowed);
    return false;
  }
  switch (key.type) {
    case KeyType::kValueMap:
    case KeyType::kTextMap: {
      const bool names = check_names(value, key, path, errors);
      return check_scalars(value, path, errors) && names;
    }
    case KeyType::kSectionMap:
    case KeyType::kParameters:
      check_names(value, key, path, errors);
      return true;
    case KeyType::kValues:
      return check_scalar_list(value, path, errors);
    case KeyType::kPoints:
      return check_points(value, path, errors);
    case KeyType::kWords:
      return check_words(value, std::string(path), false, errors);
    default:
      return true;
  }
}

SectionReader::SectionReader(const YamlNode& map, std::string path, const SectionSpec& spec, Diagnostics& errors)
    : path_(std::move(path)) {
  if (map.kind == Kind::kMap) {
    for (const YamlMember& member : map.members) read_member(member, spec, errors);
  } else if (map.is_scalar() && !spec.short_key.empty()) {
    expanded_ = map;
    const KeySpec* key = spec.find(spec.short_key);
    given_.insert(key->name);
    if (check_value(expanded_, *key, path_, errors)) values_[key->name] = &expanded_;
  } else if (map.kind != Kind::kNull) {
    const KeySpec* key = spec.find(spec.short_key);
    errors.refuse(map, path_, key == nullptr ? "a map" : key->type == KeyType::kText ? "text or a map" : "a value or a map");
    return;
  }
  for (const KeySpec& key : spec.keys) {
    if (!key.required || given_.contains(key.name)) continue;
    errors.add(map.mark, this->path(key.name), "missing; allowed: " + allowed_text(key));
  }
}

void SectionReader::read_member(const YamlMember& member, const SectionSpec& spec, Diagnostics& errors) {
  const KeySpec* key = spec.find(member.key);
  if (key == nullptr) {
    // What was nearly written is not missing as well.
    if (errors.count() < kMaxHintedErrors) given_.insert(nearest(member.key, spec.known()));
    return errors.unknown(member.mark, path_, member.key, spec.known(),
                          spec.name.empty() ? section_keys() : std::vector<std::string>());
  }
  if (key->planned) return errors.planned(member.mark, path(member.key));
  if (!given_.insert(key->name).second) {
    return errors.add(member.mark, path(member.key), "given twice, as " + key->name + " and " + key->alias);
  }
  if (check_value(member.value, *key, path(member.key), errors)) values_[key->name] = &member.value;
}

const YamlNode* SectionReader::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : found->second;
}
std::optional<std::string> SectionReader::text(std::string_view key) const {
  const YamlNode* node = find(key);
  return node ? std::optional(node->text) : std::nullopt;
}
std::optional<std::int64_t> SectionReader::whole(std::string_view key) const {
  const YamlNode* node = find(key);
  return node ? std::optional(node->whole) : std::nullopt;
}
std::optional<double> SectionReader::number(std::string_view key) const {
  const YamlNode* node = find(key);
  return node ? std::optional(node->number) : std::nullopt;
}
std::optional<bool> SectionReader::flag(std::string_view key) const {
  const YamlNode* node = find(key);
  return node ? std::optional(node->flag) : std::nullopt;
}
std::optional<Duration> SectionReader::duration(std::string_view key) const {
  const YamlNode* node = find(key);
  return node ? read_duration(*node) : std::nullopt;
}
std::optional<double> SectionReader::share(std::string_view key) const {
  const YamlNode* node = find(key);
  return node ? read_part(*node) : std::nullopt;
}

}  // namespace tune::engine
