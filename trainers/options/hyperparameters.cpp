#include "trainers/options/hyperparameters.hpp"

#include <algorithm>
#include <cmath>

#include "trainers/support/numbers.hpp"
#include "tune/report.hpp"

namespace tune::trainer {
namespace {

using H = Hyperparameters;

std::string bound_text(double bound) {
  const bool plain = bound == 0 || (bound > 1e-6 && bound < 1e15);
  return plain ? plain_text(bound) : to_text(bound);
}

std::string bounds_text(const HyperparameterInfo& info) {
  const std::string low = (info.min_is_allowed ? ">= " : "> ") + bound_text(info.min);
  return low + " and " + (info.max_is_allowed ? "<= " : "< ") + bound_text(info.max);
}

bool within(const HyperparameterInfo& info, double number) {
  const bool above = info.min_is_allowed ? number >= info.min : number > info.min;
  const bool below = info.max_is_allowed ? number <= info.max : number < info.max;
  return above && below;
}

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const HyperparameterInfo* find_hyperparameter(std::string_view name) {
  const auto table = hyperparameter_table();
  const auto found = std::ranges::find(table, name, &HyperparameterInfo::name);
  return found == table.end() ? nullptr : &*found;
}

bool is_internal_name(std::string_view name) { return name.starts_with('_'); }

std::vector<std::int64_t> number_list(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    numbers.push_back(parse_number<std::int64_t>(part).value_or(-1));
    if (comma + 1 == text.size()) numbers.push_back(-1);  // nothing behind the last comma
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return numbers;
}

std::string allowed_text(const HyperparameterInfo& info) {
  if (info.form.fits != nullptr) return std::string(info.form.allowed);
  if (std::holds_alternative<bool H::*>(info.field)) return "0, 1, false or true";
  std::vector<std::string> words(info.choices.begin(), info.choices.end());
  for (const std::int64_t number : info.numbers) words.push_back(std::to_string(number));
  if (!words.empty()) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
      text += words[i];
    }
    return text;
  }
  if (std::holds_alternative<double H::*>(info.field)) return "a number " + bounds_text(info);
  return "a whole number " + bounds_text(info);
}

Outcome set_hyperparameter(Hyperparameters& target, const HyperparameterInfo& info, std::string_view text,
                           std::string_view source) {
  const Failure refused{std::string(source) + ": " + std::string(info.name) + " is '" + std::string(text) +
                        "'; allowed: " + allowed_text(info)};
  if (const auto* words = std::get_if<std::string H::*>(&info.field)) {
    if (info.form.fits != nullptr ? !info.form.fits(text) : !std::ranges::count(info.choices, text)) return refused;
    target.*(*words) = text;
    return {};
  }
  if (const auto* flag = std::get_if<bool H::*>(&info.field)) {
    const bool yes = text == "1" || text == "true" || text == "True";
    if (!yes && text != "0" && text != "false" && text != "False") return refused;
    target.*(*flag) = yes;
    return {};
  }
  const auto number = parse_number<double>(text);
  if (!number || !std::isfinite(*number) || (info.numbers.empty() && !within(info, *number))) return refused;
  if (const auto* whole = std::get_if<std::int64_t H::*>(&info.field)) {
    if (*number != std::floor(*number)) return refused;
    const auto value = static_cast<std::int64_t>(*number);
    if (!info.numbers.empty() && !std::ranges::count(info.numbers, value)) return refused;
    target.*(*whole) = value;
  } else {
    target.*std::get<double H::*>(info.field) = *number;
  }
  return {};
}

std::string hyperparameter_text(const Hyperparameters& from, const HyperparameterInfo& info) {
  if (const auto* words = std::get_if<std::string H::*>(&info.field)) return from.*(*words);
  if (const auto* whole = std::get_if<std::int64_t H::*>(&info.field)) return std::to_string(from.*(*whole));
  if (const auto* flag = std::get_if<bool H::*>(&info.field)) return from.*(*flag) ? "1" : "0";
  return to_text(from.*std::get<double H::*>(info.field));
}

std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t fewest = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t count = edits(name, candidate);
    if (count < fewest) {
      fewest = count;
      best = candidate;
    }
  }
  return std::string(best);
}

}  // namespace tune::trainer
