#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tune/health.hpp"
#include "tune/status.hpp"
#include "tune/stopping.hpp"
#include "tune/strategy.hpp"

namespace tune {

enum class OptionType {
  kBool,
  kInt,
  kFloat,
  kString,
  kIntOrShare,  ///< an int, or a share of something as `20%` or 0.2 (held as double)
  kIntOrMap,    ///< an int, or a map from a parameter's name to an int
  kRules,       ///< a list of policies by name, with options; not empty
  kMetrics,     ///< a regular expression (RE2 syntax) that a metric's whole name matches; of health rules
};

struct Named;

using OptionValue =
    std::variant<bool, std::int64_t, double, std::string, std::map<std::string, std::int64_t>, std::vector<Named>>;

/// Resolved options: every default filled in, checked against the specs.
using Options = std::map<std::string, OptionValue>;

/// A strategy or policy by name, with options.
struct Named {
  std::string name = {};
  Options options = {};
  bool operator==(const Named&) const = default;
};
inline Named named(std::string name, Options options = {}) { return {std::move(name), std::move(options)}; }

/// One option of a strategy, policy or health rule, as the config parser, the schema and the documentation show it.
struct OptionSpec {
  std::string name = {};
  OptionType type = OptionType::kInt;
  std::optional<OptionValue> default_value = {};  ///< none: the option is absent unless given
  std::optional<double> min = {};                 ///< inclusive, numbers only
  std::optional<double> max = {};
  std::vector<std::string> allowed = {};  ///< for kString; empty: any
  std::string doc = {};                   ///< one line
  bool required = false;                  ///< a config without it is refused
};

/// A policy as reports name it: `median`, `median (ray)` for a variant, `any_of (median, patience)` with the rules it is made of.
inline std::string shown_name(const Named& policy) {
  std::string inner;
  for (const auto& [key, value] : policy.options) {
    const auto* rules = std::get_if<std::vector<Named>>(&value);
    if (rules == nullptr) continue;
    for (const Named& rule : *rules) inner += (inner.empty() ? "" : ", ") + shown_name(rule);
  }
  const auto variant = policy.options.find("variant");
  if (variant != policy.options.end()) {
    if (const auto* system = std::get_if<std::string>(&variant->second)) inner = *system;
  }
  return inner.empty() ? policy.name : policy.name + " (" + inner + ")";
}

template <typename T>
T option(const Options& options, const std::string& name) {
  const auto found = options.find(name);
  TUNE_CHECK(found != options.end());
  return std::get<T>(found->second);
}

/// Something a config can name.
template <typename Product>
struct Entry {
  std::string name = {};
  std::string doc = {};  ///< one line
  std::vector<OptionSpec> options = {};
  /// Makes one for a study over `space`. Options are resolved. May refuse (invalid) what the specs cannot express.
  std::function<Result<std::unique_ptr<Product>>(const Space& space, const Options& options)> make = {};
  std::string variant = {};  ///< of policies: the system whose definition it is; empty: tune's own
  /// Instead of `make`, of a policy made of those that its option of type kRules names: they come made, in that order.
  std::function<Result<std::unique_ptr<Product>>(const Options& options, std::vector<std::unique_ptr<Product>> parts)> compose =
      {};
  double audit_share = 0.0;  ///< of policies: `audit` where the config does not give it; 0 to 1
};

/// The strategies, policies and health rules that configs may name. Copyable; add your own with `add`. Const use is safe from
/// several threads.
class Registry {
 public:
  /// A later entry of the same name (and variant) replaces the earlier one. A variant gets the option `variant`.
  void add(Entry<Strategy> entry) { put(strategies_, std::move(entry)); }
  void add(Entry<StoppingPolicy> entry) {
    if (!entry.variant.empty()) {
      OptionSpec variant{.name = "variant", .type = OptionType::kString, .default_value = entry.variant};
      variant.allowed = {entry.variant};
      variant.doc = "that system's definition, options and defaults";
      entry.options.insert(entry.options.begin(), std::move(variant));
    }
    put(policies_, std::move(entry));
  }
  void add(Entry<HealthRule> entry) { put(health_rules_, std::move(entry)); }
  /// A name that is refused as planned and not built yet.
  void plan_strategy(std::string name) { planned_strategies_.push_back(std::move(name)); }
  void plan_policy(std::string name) { planned_policies_.push_back(std::move(name)); }

  [[nodiscard]] const Entry<Strategy>* find_strategy(std::string_view name) const { return find(strategies_, name); }
  [[nodiscard]] const Entry<StoppingPolicy>* find_policy(std::string_view name, std::string_view variant = "") const {
    return find(policies_, name, variant);
  }
  /// The one that the options mean: the variant that they name, else tune's own.
  [[nodiscard]] const Entry<StoppingPolicy>* find_policy(std::string_view name, const Options& options) const {
    const auto variant = options.find("variant");
    const std::string* word = variant == options.end() ? nullptr : std::get_if<std::string>(&variant->second);
    return find(policies_, name, word != nullptr ? std::string_view(*word) : std::string_view());
  }
  /// Makes a policy for a study over `space`, with those that it is made of. Options are resolved. Refuses (invalid) an unknown
  /// name, and what the entry refuses.
  [[nodiscard]] Result<std::unique_ptr<StoppingPolicy>> make_policy(const Space& space, const Named& policy) const {
    const Entry<StoppingPolicy>* entry = find_policy(policy.name, policy.options);
    if (entry == nullptr) return Status::invalid("early stopping rule '" + policy.name + "' is not known here");
    if (!entry->compose) return entry->make(space, policy.options);
    std::vector<std::unique_ptr<StoppingPolicy>> parts;
    for (const auto& [key, value] : policy.options) {
      const auto* rules = std::get_if<std::vector<Named>>(&value);
      if (rules == nullptr) continue;
      for (const Named& rule : *rules) {
        Result<std::unique_ptr<StoppingPolicy>> part = make_policy(space, rule);
        if (!part.ok()) return part.status();
        parts.push_back(*std::move(part));
      }
    }
    return entry->compose(policy.options, std::move(parts));
  }
  [[nodiscard]] const std::vector<Entry<Strategy>>& strategies() const { return strategies_; }
  [[nodiscard]] const std::vector<Entry<StoppingPolicy>>& policies() const { return policies_; }
  [[nodiscard]] const Entry<HealthRule>* find_health_rule(std::string_view name) const { return find(health_rules_, name); }
  [[nodiscard]] const std::vector<Entry<HealthRule>>& health_rules() const { return health_rules_; }
  [[nodiscard]] const std::vector<std::string>& planned_strategies() const { return planned_strategies_; }
  [[nodiscard]] const std::vector<std::string>& planned_policies() const { return planned_policies_; }

 private:
  template <typename E>
  static void put(std::vector<E>& entries, E entry) {
    for (E& known : entries) {
      if (known.name == entry.name && known.variant == entry.variant) {
        known = std::move(entry);
        return;
      }
    }
    entries.push_back(std::move(entry));
  }
  template <typename E>
  static const E* find(const std::vector<E>& entries, std::string_view name, std::string_view variant = "") {
    for (const E& entry : entries) {
      if (entry.name == name && entry.variant == variant) return &entry;
    }
    return nullptr;
  }

  std::vector<Entry<Strategy>> strategies_;
  std::vector<Entry<StoppingPolicy>> policies_;
  std::vector<Entry<HealthRule>> health_rules_;
  std::vector<std::string> planned_strategies_;
  std::vector<std::string> planned_policies_;
};

/// The one list of what comes with tune; defined in strategies/.
Registry builtin();

}  // namespace tune
