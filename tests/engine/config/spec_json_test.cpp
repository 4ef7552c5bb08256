#include "engine/config/spec_json.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tune/random.hpp"

using namespace tune;
using namespace tune::engine;

namespace {

/// Draws specs that are odd in every field, from a fixed stream.
class SpecMaker {
 public:
  explicit SpecMaker(std::int64_t number) : stream_(11, number, "spec") {}

  StudySpec make() {
    StudySpec spec;
    spec.name = text();
    spec.objective = {.metric = text(),
                      .goal = coin() ? Goal::kMaximize : Goal::kMinimize,
                      .value = static_cast<ValueMode>(stream_.below(3)),
                      .last_k = static_cast<int>(stream_.below(9)) + 1,
                      .on_nan = coin() ? OnNan::kStop : OnNan::kIgnore};
    add_parameters(spec.space);
    for (int i = 0; i < 4; ++i) spec.static_values.emplace_back("s" + std::to_string(i), value());
    spec.initial = {Configuration(spec.space.size()), Configuration(spec.space.size())};
    spec.initial[0][0] = 0.1 * finite();
    spec.initial[0][3] = value();
    if (coin()) spec.initial[1][1] = whole();
    spec.strategy = named();
    spec.seed = stream_();
    spec.lookahead = static_cast<int>(stream_.below(2));
    if (coin()) {
      spec.stopping = StoppingSpec{.policy = named(), .explain_all = coin(), .protect_best = 3, .min_runtime = {}};
      if (coin()) spec.stopping->min_runtime = duration();
    }
    if (coin()) spec.rules = {{named(), coin()}, {named(), coin()}};
    if (coin()) spec.limits.stalled = duration();
    if (coin()) spec.limits.max_trials = whole();
    if (coin()) spec.limits.max_runtime = duration();
    if (coin()) spec.limits.max_gpu_hours = number();
    if (coin()) spec.limits.trial_runtime = duration();
    spec.limits.max_parallel = static_cast<int>(stream_.below(100));
    spec.limits.grace = duration();
    if (coin()) spec.completion.target = number();
    if (coin()) spec.completion.not_improving = 4;
    spec.completion.converged = coin();
    if (coin()) spec.warm_start = WarmStart{{text(), text()}, static_cast<WarmStartType>(stream_.below(2))};
    spec.resources = {.gpus_auto = coin(), .gpus = {text(), "1"}, .gpus_per_trial = {}, .cpus_per_trial = 5};
    if (coin()) spec.resources.gpus_per_trial = number();
    spec.resources.processes_per_trial = static_cast<int>(stream_.below(100));
    spec.executor = text();
    if (coin()) spec.market = MarketSpec{duration(), duration(), duration(), stream_()};
    spec.retry = {static_cast<int>(stream_.below(100)), duration()};
    if (coin()) spec.spot = SpotSpec{coin() ? std::optional(duration()) : std::nullopt, {}};
    if (spec.spot && coin()) spec.spot->price = SpotPrice{finite(), finite()};
    if (coin()) spec.output = OutputSpec{text(), coin()};
    spec.deterministic = coin();
    if (coin()) spec.max_step = whole();
    spec.environment = {{"A", text()}, {"B", text()}};
    spec.channels = {{"train", text(), coin()}, {"test", text(), coin()}};
    spec.trainer = coin() ? "" : text();
    spec.command = {{.words = {text(), text()}, .optional = coin()}, {.words = {text()}}};
    spec.metrics = {{.name = text(), .regex = text(), .step = text(), .step_offset = whole()},
                    {.name = "m", .regex = "r", .step = {}}};
    spec.working_directory = text();
    return spec;
  }

 private:
  bool coin() { return stream_.below(2) == 0; }
  std::int64_t whole() { return static_cast<std::int64_t>(stream_()); }
  Duration duration() { return Duration(whole() >> 2); }
  double number() {
    switch (stream_.below(6)) {
      case 0:
        return std::numeric_limits<double>::infinity();
      case 1:
        return -std::numeric_limits<double>::infinity();
      case 2:
        return 5.0;
      case 3:
        return std::numeric_limits<double>::denorm_min();
      case 4:
        return -0.0;
      default:
        return std::ldexp(stream_.uniform() - 0.5, static_cast<int>(stream_.below(2000)) - 1000);
    }
  }
  double finite() { return stream_.normal() * 1e3; }
  std::string text() {
    static const std::vector<std::string> kTexts{"",     "NaN", "plain", "q\"uote\\", "tab\tnew\nline", "\xC3\xA9\xE2\x82\xAC",
                                                 "\x01", "null"};
    return kTexts[stream_.below(kTexts.size())];
  }
  Value value() {
    switch (stream_.below(4)) {
      case 0:
        return coin();
      case 1:
        return whole();
      case 2:
        return number();
      default:
        return text();
    }
  }
  NamedOptions named(int depth = 0) {
    NamedOptions named{.name = text(), .options = {}};
    named.options["flag"] = coin();
    named.options["whole"] = whole();
    named.options["number"] = number();
    named.options["text"] = text();
    named.options["map"] = std::map<std::string, std::int64_t>{{"a", whole()}, {"", 2}};
    named.options["empty"] = std::map<std::string, std::int64_t>{};
    if (depth < 3 && coin()) named.options["rules"] = std::vector<Named>{this->named(depth + 1), {.name = text(), .options = {}}};
    return named;
  }
  void add_parameters(Space& space) {
    Parameter real;
    real.name = "f";
    real.min = finite();
    real.max = real.min + 1.0 + stream_.uniform();
    if (coin()) real.step = 0.1;
    if (coin()) real.prior = Prior{real.min, static_cast<Confidence>(stream_.below(3))};
    space.add(real);
    Parameter whole_number;
    whole_number.name = "i";
    whole_number.type = ParameterType::kInt;
    whole_number.min = -kMaxExactInteger;
    whole_number.max = kMaxExactInteger;
    whole_number.scale = Scale::kLinear;
    space.add(whole_number);
    Parameter choice;
    choice.name = "c";
    choice.type = ParameterType::kCategorical;
    choice.values = {std::string("a"), true, std::int64_t{1}, 0.1 + finite()};
    if (coin()) choice.prior = Prior{choice.values[stream_.below(4)], static_cast<Confidence>(stream_.below(3))};
    space.add(choice);
    Parameter conditional;
    conditional.name = "w";
    conditional.scale = Scale::kReverseLog;
    conditional.max = 0.5;
    conditional.when = Condition{"c", {true, std::int64_t{1}}};
    space.add(conditional);
  }

  RandomStream stream_;
};

}  // namespace

TEST_CASE("a spec comes back from its JSON exactly") {
  for (std::int64_t i = 0; i < 100; ++i) {
    const StudySpec spec = SpecMaker(i).make();
    REQUIRE_MESSAGE(spec.space.status().ok(), spec.space.status().message());
    const std::string json = spec_to_json(spec);
    CHECK(json.find('\n') == std::string::npos);
    const auto back = spec_from_json(json);
    REQUIRE_MESSAGE(back.ok(), back.status().message());
    CHECK(spec_to_json(*back) == json);
    CHECK(spec_differences(spec, *back).empty());
    CHECK(back->seed == spec.seed);
    CHECK(back->static_values == spec.static_values);
    CHECK(back->initial == spec.initial);
    CHECK(back->strategy.options == spec.strategy.options);
    CHECK(back->limits.grace == spec.limits.grace);
    CHECK(back->limits.max_runtime == spec.limits.max_runtime);
    CHECK(back->limits.max_gpu_hours == spec.limits.max_gpu_hours);
    CHECK(back->lookahead == spec.lookahead);
    REQUIRE(back->warm_start.has_value() == spec.warm_start.has_value());
    if (spec.warm_start) CHECK(back->warm_start->studies == spec.warm_start->studies);
    if (spec.warm_start) CHECK(back->warm_start->type == spec.warm_start->type);
    CHECK(back->completion.target == spec.completion.target);
    CHECK(back->environment == spec.environment);
    CHECK(back->command[0].words == spec.command[0].words);
    CHECK(back->command[0].optional == spec.command[0].optional);
    CHECK(back->metrics[0].step == spec.metrics[0].step);
    REQUIRE(back->space.size() == spec.space.size());
    for (std::size_t p = 0; p < spec.space.size(); ++p) {
      CHECK(back->space[p].name == spec.space[p].name);
      CHECK(back->space[p].type == spec.space[p].type);
      CHECK(back->space[p].scale == spec.space[p].scale);
      CHECK(back->space[p].values == spec.space[p].values);
      CHECK(back->space[p].step == spec.space[p].step);
      CHECK(back->space[p].prior == spec.space[p].prior);
      if (spec.space[p].is_numeric()) CHECK(back->space[p].min == spec.space[p].min);
      if (spec.space[p].is_numeric()) CHECK(back->space[p].max == spec.space[p].max);
      CHECK(back->space[p].when.has_value() == spec.space[p].when.has_value());
    }
    CHECK(back->space[3].when->values == spec.space[3].when->values);
  }
}

TEST_CASE("a record that is not exactly one is refused with the key") {
  StudySpec spec = SpecMaker(1).make();
  spec.stopping = StoppingSpec{.policy = spec.strategy, .explain_all = false, .protect_best = 3, .min_runtime = {}};
  const std::string json = spec_to_json(spec);
  const auto message = [&](const std::string& from, const std::string& to) {
    std::string broken = json;
    const auto at = broken.find(from);
    REQUIRE(at != std::string::npos);
    broken.replace(at, from.size(), to);
    const auto read = spec_from_json(broken);
    REQUIRE(!read.ok());
    return read.status().message();
  };
  CHECK(message("\"executor\"", "\"executer\"").find("executor: missing") != std::string::npos);
  CHECK(message("\"executor\":", "\"more\":1,\"executor\":").find("unknown key 'more'") != std::string::npos);
  CHECK(
      message("\"protect_best\":3", "\"protect_best\":3.0").find("early_stopping.protect_best: given 3.0; allowed: an integer") !=
      std::string::npos);
  CHECK(message("\"max_failures\":5", "\"max_failures\":\"5\"").find("limits.max_failures") != std::string::npos);
  CHECK(message("\"type\":\"int\"", "\"type\":\"integer\"").find("parameters[1].type") != std::string::npos);
  CHECK(message("\"max\":0.5", "\"max\":-1.0").find("min must not exceed max") != std::string::npos);
  CHECK(message("\"initial\":[[{\"name\":\"f\"", "\"initial\":[[{\"name\":\"g\"").find("the space has no parameter 'g'") !=
        std::string::npos);
  CHECK(!spec_from_json("").ok());
  CHECK(!spec_from_json("[]").ok());
  CHECK(!spec_from_json(json.substr(0, json.size() - 1)).ok());
}

TEST_CASE("differences name the key and both values; the limits that bound a study may change") {
  StudySpec recorded = SpecMaker(2).make();
  StudySpec given = recorded;
  given.limits.max_trials = 99;
  given.limits.max_parallel = 98;
  given.limits.max_runtime = std::chrono::hours(97);
  given.limits.max_gpu_hours = 96.0;
  CHECK(spec_differences(recorded, given).empty());

  recorded.initial.assign(1, Configuration(4));
  given.initial = recorded.initial;
  recorded.initial[0][0] = 0.25;
  given.initial[0][1] = 0.5;  // the other space's second parameter is this one's first
  recorded.seed = 1;
  given.seed = 2;
  recorded.limits.max_failures = 5;
  given.limits.max_failures = 6;
  recorded.stopping = StoppingSpec{};
  given.stopping.reset();
  Space other;
  for (std::size_t i = 0; i < 2; ++i) other.add(recorded.space[1 - i]);
  other.add(recorded.space[2]);
  given.space = other;
  const auto differences = spec_differences(recorded, given);
  const auto has = [&](const std::string& wanted) {
    return std::find(differences.begin(), differences.end(), wanted) != differences.end();
  };
  CHECK(has("initial[0].f.value: recorded 0.25, given 0.5"));
  CHECK(has("seed: recorded 1, given 2"));
  CHECK(has("limits.max_failures: recorded 5, given 6"));
  CHECK(has("early_stopping: recorded none, given null"));
  CHECK(has("parameters in this order: recorded f, i, c, w, given i, f, c"));
  CHECK(has("parameters.w.max: recorded 0.5, given none"));
}
