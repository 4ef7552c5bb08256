#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "engine/config/spec_json.hpp"
#include "engine/config/spec_words.hpp"

namespace tune::engine {

namespace {

using Json = nlohmann::ordered_json;

/// Reads one JSON value of an expected type; the first thing that is wrong is kept, and later reads give something harmless.
class Reader {
 public:
  Reader(const Json& json, std::string path, Status& status) : json_(json), path_(std::move(path)), status_(status) {}

  /// A member of an object, which is then known. A missing one is an error.
  Reader operator[](const char* key) {
    static const Json kNothing;
    known_.insert(key);
    const std::string path = path_.empty() ? key : path_ + "." + key;
    if (!json_.is_object() || !json_.contains(key)) {
      fail(path + ": missing");
      return {kNothing, path, status_};
    }
    return {json_.at(key), path, status_};
  }
  /// The same for one that an earlier tune did not know: null where it is missing.
  Reader maybe(const char* key) {
    static const Json kNothing;
    if (json_.is_object() && json_.contains(key)) return (*this)[key];
    return {kNothing, path_ + "." + key, status_};
  }
  /// Call after the last member was read: the rest is unknown.
  void done() const {
    if (!json_.is_object()) return;
    for (const auto& [key, value] : json_.items()) {
      if (!known_.contains(key))
        fail((path_.empty() ? "" : path_ + ": ") + "unknown key '" + key + "': this tune is too old for it");
    }
  }

  [[nodiscard]] bool is_null() const { return json_.is_null(); }
  [[nodiscard]] const Json& json() const { return json_; }

  [[nodiscard]] std::string text() const { return json_.is_string() ? json_.get<std::string>() : wrong("text", std::string()); }
  [[nodiscard]] bool flag() const { return json_.is_boolean() ? json_.get<bool>() : wrong("true or false", false); }
  [[nodiscard]] std::int64_t whole() const {
    const bool fits = json_.is_number_integer() && (!json_.is_number_unsigned() || json_.get<std::uint64_t>() <= INT64_MAX);
    return fits ? json_.get<std::int64_t>() : wrong("an integer", std::int64_t{0});
  }
  [[nodiscard]] std::uint64_t natural() const {
    return json_.is_number_unsigned() ? json_.get<std::uint64_t>() : wrong("an integer >= 0", std::uint64_t{0});
  }
  [[nodiscard]] int small() const {
    const std::int64_t number = whole();
    const bool fits = number >= std::numeric_limits<int>::min() && number <= std::numeric_limits<int>::max();
    return fits ? static_cast<int>(number) : wrong("a small integer", 0);
  }
  [[nodiscard]] double number() const {
    if (json_.is_number()) return json_.get<double>();
    if (json_ == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (json_ == "Infinity") return std::numeric_limits<double>::infinity();
    if (json_ == "-Infinity") return -std::numeric_limits<double>::infinity();
    return wrong("a number", 0.0);
  }
  [[nodiscard]] Duration duration() const { return Duration(whole()); }
  [[nodiscard]] Value value() const {
    if (json_.is_boolean()) return flag();
    if (json_.is_number_integer()) return whole();
    if (json_.is_number()) return json_.get<double>();
    if (json_.is_string()) return text();
    if (json_.is_object() && json_.size() == 1 && json_.contains("number"))
      return Reader(json_.at("number"), path_, status_).number();
    return wrong("text, a number, true or false", Value(false));
  }
  [[nodiscard]] OptionValue option() const {
    if (json_.is_object() && json_.contains("rules")) return rules();
    if (!json_.is_object() || !json_.contains("map"))
      return std::visit([](auto held) { return OptionValue(std::move(held)); }, value());
    std::map<std::string, std::int64_t> map;
    Reader self = *this;
    const Reader entries = self["map"];
    self.done();
    if (!entries.json().is_object()) return wrong("a map", OptionValue(false));
    for (const auto& [key, one] : entries.json().items()) map[key] = Reader(one, path_ + "." + key, status_).whole();
    return map;
  }
  /// A strategy or policy by name, with options.
  [[nodiscard]] NamedOptions named() const {
    Reader self = *this;
    NamedOptions named{.name = self["name"].text(), .options = {}};
    const Reader options = self["options"];
    self.done();
    if (!options.json().is_object()) return wrong("a map of options", named);
    for (const auto& [key, value] : options.json().items())
      named.options[key] = Reader(value, options.path_ + "." + key, status_).option();
    return named;
  }
  [[nodiscard]] std::vector<Named> rules() const {
    Reader self = *this;
    const Reader list = self["rules"];
    self.done();
    std::vector<Named> rules;
    list.each([&](const Reader& one) { rules.push_back(one.named()); });
    return rules;
  }
  /// One of `words`, as its position.
  [[nodiscard]] std::size_t choice(std::span<const std::string_view> words) const {
    const std::string given = text();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == given) return i;
    }
    return wrong("a known word", std::size_t{0});
  }
  template <typename Get>
  auto optional(Get get) const -> std::optional<decltype(get(*this))> {
    if (json_.is_null()) return std::nullopt;
    return get(*this);
  }
  template <typename Visit>
  void each(Visit visit) const {
    if (!json_.is_array()) return static_cast<void>(wrong("a list", 0));
    for (std::size_t i = 0; i < json_.size(); ++i) visit(Reader(json_[i], path_ + "[" + std::to_string(i) + "]", status_));
  }
  void fail(std::string message) const {
    if (status_.ok()) status_ = Status::invalid("a study's record: " + std::move(message));
  }
  [[nodiscard]] bool ok() const { return status_.ok(); }

 private:
  template <typename T>
  T wrong(const char* wanted, T instead) const {
    fail(path_ + ": given " + json_.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60) + "; allowed: " + wanted);
    return instead;
  }

  const Json& json_;
  std::string path_;
  Status& status_;
  std::set<std::string, std::less<>> known_;
};

std::optional<std::int64_t> optional_whole(const Reader& reader) {
  return reader.optional([](const Reader& one) { return one.whole(); });
}
std::optional<int> optional_small(const Reader& reader) {
  return reader.optional([](const Reader& one) { return one.small(); });
}
std::optional<double> optional_number(const Reader& reader) {
  return reader.optional([](const Reader& one) { return one.number(); });
}
std::optional<Duration> optional_duration(const Reader& reader) {
  return reader.optional([](const Reader& one) { return one.duration(); });
}

std::vector<Value> read_values(const Reader& reader) {
  std::vector<Value> values;
  reader.each([&](const Reader& one) { values.push_back(one.value()); });
  return values;
}

std::vector<std::string> read_texts(const Reader& reader) {
  std::vector<std::string> texts;
  reader.each([&](const Reader& one) { texts.push_back(one.text()); });
  return texts;
}

Objective read_objective(Reader reader) {
  constexpr std::string_view kGoals[] = {"maximize", "minimize"};
  constexpr std::string_view kModes[] = {"last", "best", "mean_last_k"};
  constexpr std::string_view kOnNan[] = {"stop", "ignore"};
  Objective objective;
  objective.metric = reader["metric"].text();
  objective.goal = static_cast<Goal>(reader["goal"].choice(kGoals));
  objective.value = static_cast<ValueMode>(reader["value"].choice(kModes));
  objective.last_k = reader["last_k"].small();
  objective.on_nan = static_cast<OnNan>(reader["on_nan"].choice(kOnNan));
  reader.done();
  return objective;
}

Parameter read_parameter(Reader reader) {
  constexpr std::string_view kTypes[] = {"float", "int", "categorical"};
  constexpr std::string_view kScales[] = {"auto", "linear", "log", "reverse_log"};
  Parameter parameter;
  parameter.name = reader["name"].text();
  parameter.type = static_cast<ParameterType>(reader["type"].choice(kTypes));
  if (parameter.is_numeric()) {
    parameter.min = reader["min"].number();
    parameter.max = reader["max"].number();
    parameter.scale = static_cast<Scale>(reader["scale"].choice(kScales));
    parameter.step = optional_number(reader["step"]);
  } else {
    parameter.values = read_values(reader["values"]);
  }
  if (Reader prior = reader.maybe("prior"); !prior.is_null()) {
    constexpr std::string_view kConfidences[] = {"low", "medium", "high"};
    parameter.prior =
        Prior{.value = prior["value"].value(), .confidence = static_cast<Confidence>(prior["confidence"].choice(kConfidences))};
    prior.done();
  }
  if (Reader when = reader["when"]; !when.is_null()) {
    parameter.when = Condition{.parameter = when["parameter"].text(), .values = read_values(when["values"])};
    when.done();
  }
  reader.done();
  return parameter;
}

std::optional<StoppingSpec> read_stopping(Reader reader) {
  if (reader.is_null()) return std::nullopt;
  StoppingSpec stopping;
  stopping.policy = reader["policy"].named();
  stopping.explain_all = reader["explain_all"].flag();
  stopping.protect_best = reader["protect_best"].small();
  stopping.min_runtime = optional_duration(reader["min_runtime_us"]);
  if (Reader audit = reader.maybe("audit"); !audit.is_null()) stopping.audit = audit.number();
  reader.done();
  return stopping;
}

std::vector<HealthSpec> read_rules(const Reader& reader) {
  std::vector<HealthSpec> rules;
  if (reader.is_null()) return rules;
  reader.each([&](Reader one) {
    rules.push_back({one["rule"].named(), one["stop"].flag()});
    one.done();
  });
  return rules;
}

Limits read_limits(Reader reader) {
  Limits limits;
  limits.max_trials = optional_whole(reader["max_trials"]);
  limits.max_parallel = reader["max_parallel"].small();
  limits.max_runtime = optional_duration(reader["max_runtime_us"]);
  limits.max_gpu_hours = optional_number(reader.maybe("max_gpu_hours"));
  limits.trial_runtime = optional_duration(reader["trial_runtime_us"]);
  limits.stalled = optional_duration(reader.maybe("stalled_us"));
  limits.max_failures = reader["max_failures"].small();
  limits.grace = reader["grace_us"].duration();
  reader.done();
  return limits;
}

Completion read_completion(Reader reader) {
  Completion completion;
  completion.target = optional_number(reader["target"]);
  completion.not_improving = optional_small(reader["not_improving"]);
  completion.converged = reader["converged"].flag();
  reader.done();
  return completion;
}

std::optional<WarmStart> read_warm_start(Reader reader) {
  constexpr std::string_view kTypes[] = {"identical", "transfer"};
  if (reader.is_null()) return std::nullopt;
  WarmStart warm_start;
  warm_start.studies = read_texts(reader["studies"]);
  warm_start.type = static_cast<WarmStartType>(reader["type"].choice(kTypes));
  reader.done();
  return warm_start;
}

ResourceSpec read_resources(Reader reader) {
  ResourceSpec resources;
  resources.gpus_auto = reader["gpus_auto"].flag();
  resources.gpus = read_texts(reader["gpus"]);
  resources.gpus_per_trial = optional_number(reader["gpus_per_trial"]);
  resources.cpus_per_trial = optional_small(reader["cpus_per_trial"]);
  if (const Reader count = reader.maybe("processes_per_trial"); !count.is_null()) resources.processes_per_trial = count.small();
  reader.done();
  return resources;
}

std::optional<MarketSpec> read_market(Reader reader) {
  if (reader.is_null()) return std::nullopt;
  MarketSpec market;
  market.every = reader["every_us"].duration();
  market.notice = reader["notice_us"].duration();
  market.away = reader["away_us"].duration();
  market.seed = reader["seed"].natural();
  reader.done();
  return market;
}

RetrySpec read_retry(Reader reader) {
  RetrySpec retry;
  if (reader.is_null()) return retry;
  retry.max_attempts = reader["max_attempts"].small();
  retry.backoff = reader["backoff_us"].duration();
  reader.done();
  return retry;
}

std::optional<SpotSpec> read_spot(Reader reader) {
  if (reader.is_null()) return std::nullopt;
  SpotSpec spot;
  spot.max_wait = optional_duration(reader["max_wait_us"]);
  if (Reader price = reader["price"]; !price.is_null()) {
    spot.price = SpotPrice{price["on_demand"].number(), price["interruptible"].number()};
    price.done();
  }
  reader.done();
  return spot;
}

std::vector<Channel> read_channels(const Reader& reader) {
  std::vector<Channel> channels;
  reader.each([&](Reader one) {
    const Reader writable = one.maybe("writable");
    channels.push_back({one["name"].text(), one["value"].text(), writable.is_null() || writable.flag()});
    one.done();
  });
  return channels;
}

std::optional<OutputSpec> read_output(Reader reader) {
  if (reader.is_null()) return std::nullopt;
  OutputSpec output{reader["path"].text(), reader["all"].flag()};
  reader.done();
  return output;
}

template <typename T, typename Get>
std::vector<std::pair<std::string, T>> read_pairs(const Reader& reader, Get get) {
  std::vector<std::pair<std::string, T>> pairs;
  reader.each([&](Reader one) {
    pairs.emplace_back(one["name"].text(), get(one["value"]));
    one.done();
  });
  return pairs;
}

Configuration read_point(const Reader& reader, const Space& space) {
  Configuration point(space.size());
  for (const auto& [name, value] : read_pairs<Value>(reader, [](const Reader& one) { return one.value(); })) {
    const auto index = space.index_of(name);
    if (index) point[*index] = value;
    if (!index) reader.fail("initial: the space has no parameter '" + name + "'");
  }
  return point;
}

void read_program(Reader& reader, StudySpec& spec) {
  reader["command"].each([&](Reader one) {
    spec.command.push_back({.words = read_texts(one["words"]), .optional = one["optional"].flag()});
    one.done();
  });
  reader["metrics"].each([&](Reader one) {
    spec.metrics.push_back({.name = one["name"].text(),
                            .regex = one["regex"].text(),
                            .step = one["step"].optional([](const Reader& step) { return step.text(); }),
                            .step_offset = one["step_offset"].whole()});
    one.done();
  });
}

}  // namespace

std::string_view type_name(ParameterType type) {
  return type == ParameterType::kFloat ? "float" : type == ParameterType::kInt ? "int" : "categorical";
}
std::string_view scale_name(Scale scale) {
  switch (scale) {
    case Scale::kAuto:
      return "auto";
    case Scale::kLinear:
      return "linear";
    case Scale::kLog:
      return "log";
    case Scale::kReverseLog:
      return "reverse_log";
  }
  return "";
}
std::string_view confidence_name(Confidence confidence) {
  return confidence == Confidence::kLow ? "low" : confidence == Confidence::kHigh ? "high" : "medium";
}
std::string_view value_mode_name(ValueMode mode) {
  return mode == ValueMode::kLast ? "last" : mode == ValueMode::kBest ? "best" : "mean_last_k";
}

Result<StudySpec> spec_from_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return Status::invalid("a study's record: not a JSON object");
  Status status;
  Reader reader(json, "", status);
  StudySpec spec;
  spec.name = reader["name"].text();
  spec.objective = read_objective(reader["objective"]);
  reader["parameters"].each([&](const Reader& one) { spec.space.add(read_parameter(one)); });
  spec.static_values = read_pairs<Value>(reader["static"], [](const Reader& one) { return one.value(); });
  if (const Reader initial = reader.maybe("initial"); !initial.is_null())
    initial.each([&](const Reader& one) { spec.initial.push_back(read_point(one, spec.space)); });
  spec.strategy = reader["strategy"].named();
  spec.seed = reader["seed"].natural();
  if (const Reader lookahead = reader.maybe("lookahead"); !lookahead.is_null()) spec.lookahead = lookahead.small();
  spec.stopping = read_stopping(reader["early_stopping"]);
  spec.rules = read_rules(reader.maybe("rules"));
  spec.limits = read_limits(reader["limits"]);
  spec.completion = read_completion(reader["completion"]);
  spec.warm_start = read_warm_start(reader.maybe("warm_start"));
  spec.resources = read_resources(reader["resources"]);
  spec.executor = reader["executor"].text();
  spec.market = read_market(reader.maybe("market"));
  spec.retry = read_retry(reader.maybe("retry"));
  spec.spot = read_spot(reader.maybe("spot"));
  spec.output = read_output(reader.maybe("output"));
  spec.deterministic = reader["deterministic"].flag();
  spec.max_step = optional_whole(reader["max_step"]);
  spec.environment = read_pairs<std::string>(reader["environment"], [](const Reader& one) { return one.text(); });
  spec.channels = read_channels(reader["channels"]);
  spec.trainer = reader["trainer"].text();
  read_program(reader, spec);
  spec.working_directory = reader["working_directory"].text();
  reader.done();
  if (!status.ok()) return status;
  if (!spec.space.status().ok()) return Status::invalid("a study's record: " + spec.space.status().message());
  return spec;
}

}  // namespace tune::engine
