#include "engine/config/config.hpp"

#include <doctest/doctest.h>

#include "engine/config/spec_json.hpp"
#include "engine/report/settings_text.hpp"
#include "tests/engine/config/small_config.hpp"
#include "tests/support/test_support.hpp"
#include "tune/random.hpp"

using namespace tune;
using namespace tune::engine;
using namespace tune::test::small_config;

TEST_CASE("first points become configurations, what they leave out stays open") {
  const StudySpec made = spec(with("initial: [{momentum: 0, opt: sgd}, {lr: 1}, {opt: adam, lr: 0.001}]\n"));
  REQUIRE(made.initial.size() == 3);
  const auto value = [&](std::size_t point, std::string_view name) { return made.initial[point][*made.space.index_of(name)]; };
  CHECK(value(0, "momentum") == Value(0.0));
  CHECK(value(0, "opt") == Value(std::string("sgd")));
  CHECK_FALSE(value(0, "lr"));
  CHECK(value(1, "lr") == Value(1.0));
  CHECK_FALSE(value(1, "opt"));
  CHECK(value(2, "lr") == Value(0.001));
  CHECK(spec(with("")).initial.empty());
  // Decimal fractions are not exact in binary: 0.7 is the grid's 0.1 + 6 x 0.1.
  const std::string grid = R"(name: s
objective: {metric: m, goal: maximize}
parameters: {w: {type: float, min: 0.1, max: 1, step: 0.1}, n: {type: int, min: -4, max: 4, step: 2}}
initial: [{w: 0.7, n: -2}]
limits: {max_trials: 1}
command: [t]
)";
  const StudySpec stepped = spec(grid);
  CHECK(stepped.initial[0][0] == stepped.space[0].snap(0.7));
  CHECK(stepped.initial[0][1] == Value(std::int64_t{-2}));
}

TEST_CASE("beliefs reach the space, alone or with a confidence") {
  const StudySpec made = spec(R"(name: s
objective: {metric: m, goal: maximize}
parameters:
  lr: {type: float, min: 1e-5, max: 1, prior: 1}
  n: {type: int, min: 1, max: 9, step: 4, prior: {value: 4, confidence: low}}
  opt: {type: categorical, values: [sgd, 2, true], prior: {confidence: high, value: true}}
  plain: {type: float, min: 0, max: 1}
limits: {max_trials: 1}
command: [t]
)");
  CHECK(made.space[0].prior == Prior{1.0, Confidence::kMedium});
  CHECK(made.space[1].prior == Prior{std::int64_t{4}, Confidence::kLow});
  CHECK(made.space[2].prior == Prior{true, Confidence::kHigh});
  CHECK_FALSE(made.space[3].prior);
}

TEST_CASE("every key of a full config reaches the spec") {
  const test::TempDir dir;
  dir.write("data/x", "");
  const auto loaded = parse(R"(
name: fashion-resnet
objective: {metric: "validation:accuracy", goal: minimize, value: mean_last_3, on_nan: ignore}
parameters:
  momentum:        {type: float, min: 0.0, max: 0.999, scale: reverse_log, when: {optimizer: [sgd, nag]}}
  learning_rate:   {type: float, min: 1e-5, max: 1.0, scale: log}
  mini_batch_size: {type: int, min: 16, max: 64, step: 16}
  optimizer:       {type: categorical, values: [sgd, nag, 3, 0.5, true]}
static: {num_layers: 18, epochs: 10, name: text, rate: 1.0, on: yes}
strategy: {name: random, seed: 7}
early_stopping: {name: median, min_trials: 4, explain: all, protect_best: 3, min_runtime: 2m}
limits: {max_trials: 20, max_parallel: 2, max_runtime: 4h, trial_runtime: 90, max_failures: 3, grace: 1.5s}
completion: {target: 0.95, not_improving: 15, converged: true}
resources: {gpus: [0, GPU-7], gpus_per_trial: 2, cpus_per_trial: 4, processes_per_trial: 3, nodes_per_trial: 1}
executor: {name: local, interrupt: {every: 30s, notice: 2s, away: 1m, seed: 3}}
retry: {max_attempts: 4, backoff: 10s}
spot: {max_wait: 2h, price: {on_demand: 4, interruptible: 1.5}}
output: {path: kept/models/, keep: all}
deterministic: true
max_step: 12
environment: {NCCL_DEBUG: WARN, N: 010}
channels: {train: data, scratch: {path: data, access: read_write}, labels: {path: data, access: read_only}}
command: [python3, train.py, --lr, "{learning_rate}", "--layers={num_layers}", [--momentum, "{momentum}"], 5, "{{x}}"]
metrics:
  - {name: "validation:accuracy", regex: 'Validation-accuracy=([-+.\deE]+|nan)', step: 'Epoch\[(\d+)\]', step_offset: 1}
  - {Name: loss, Regex: 'loss=(\S+)'}
)",
                            {.working_directory = dir.path().string(), .program_directory = ""});
  REQUIRE_MESSAGE(loaded.ok(), loaded.status().message());
  CHECK(loaded->notes.empty());
  const StudySpec& s = loaded->spec;
  CHECK(s.name == "fashion-resnet");
  CHECK(s.objective.metric == "validation:accuracy");
  CHECK(s.objective.goal == Goal::kMinimize);
  CHECK(s.objective.value == ValueMode::kMeanLastK);
  CHECK(s.objective.last_k == 3);
  CHECK(s.objective.on_nan == OnNan::kIgnore);
  REQUIRE(s.space.size() == 4);
  CHECK(s.space[0].name == "optimizer");  // a parent comes before its child
  CHECK(s.space[0].values == std::vector<Value>{"sgd", "nag", std::int64_t{3}, 0.5, true});
  CHECK(s.space[1].name == "momentum");
  CHECK(s.space[1].scale == Scale::kReverseLog);
  CHECK(s.space[1].when->values == std::vector<Value>{"sgd", "nag"});
  CHECK(s.space[2].min == 1e-5);
  CHECK(s.space[3].step == 16.0);
  CHECK(s.space[3].type == ParameterType::kInt);
  using Pair = std::pair<std::string, Value>;
  CHECK(s.static_values ==
        std::vector<Pair>{
            {"num_layers", std::int64_t{18}}, {"epochs", std::int64_t{10}}, {"name", "text"}, {"rate", 1.0}, {"on", "yes"}});
  CHECK(s.strategy.name == "random");
  CHECK(s.seed == 7);
  REQUIRE(s.stopping);
  CHECK(s.stopping->policy.name == "median");
  CHECK(option<std::int64_t>(s.stopping->policy.options, "min_trials") == 4);
  CHECK(s.stopping->explain_all);
  CHECK(s.stopping->protect_best == 3);
  CHECK(s.stopping->min_runtime == std::chrono::minutes(2));
  CHECK(s.limits.max_trials == 20);
  CHECK(s.limits.max_parallel == 2);
  CHECK(s.limits.max_runtime == std::chrono::hours(4));
  CHECK(s.limits.trial_runtime == std::chrono::seconds(90));
  CHECK(s.limits.max_failures == 3);
  CHECK(s.limits.grace == std::chrono::milliseconds(1500));
  CHECK(s.completion.target == 0.95);
  CHECK(s.completion.not_improving == 15);
  CHECK(s.completion.converged);
  CHECK(!s.resources.gpus_auto);
  CHECK(s.resources.gpus == std::vector<std::string>{"0", "GPU-7"});
  CHECK(s.resources.gpus_per_trial == 2);
  CHECK(s.resources.cpus_per_trial == 4);
  CHECK(s.executor == "local");
  CHECK(s.deterministic);
  CHECK(s.max_step == 12);
  CHECK(s.declared_max_step() == 12);
  CHECK(s.environment == std::vector<std::pair<std::string, std::string>>{{"NCCL_DEBUG", "WARN"}, {"N", "010"}});
  CHECK(s.channels ==
        std::vector<Channel>{{"train", dir / "data", true}, {"scratch", dir / "data", true}, {"labels", dir / "data", false}});
  CHECK(s.resources.processes_per_trial == 3);
  REQUIRE(s.market);
  CHECK(s.market->every == std::chrono::seconds(30));
  CHECK(s.market->notice == std::chrono::seconds(2));
  CHECK(s.market->away == std::chrono::minutes(1));
  CHECK(s.market->seed == 3);
  CHECK(s.retry.max_attempts == 4);
  CHECK(s.retry.backoff == std::chrono::seconds(10));
  REQUIRE(s.spot);
  CHECK(s.spot->max_wait == std::chrono::hours(2));
  CHECK(s.spot->price->on_demand == 4.0);
  CHECK(s.spot->price->interruptible == 1.5);
  REQUIRE(s.output);
  CHECK(s.output->path == dir / "kept/models");
  CHECK(s.output->all);
  REQUIRE(s.command.size() == 8);
  CHECK(s.command[5].optional);
  CHECK(s.command[5].words == std::vector<std::string>{"--momentum", "{momentum}"});
  CHECK(s.command[6].words == std::vector<std::string>{"5"});
  REQUIRE(s.metrics.size() == 2);
  CHECK(s.metrics[0].step_offset == 1);
  CHECK(s.metrics[0].step == "Epoch\\[(\\d+)\\]");
  CHECK(s.metrics[1].name == "loss");
  CHECK(s.working_directory == dir.path().string());
}

TEST_CASE("what is left out has its documented default") {
  const StudySpec s = spec(with(""));
  CHECK(s.objective.value == ValueMode::kLast);
  CHECK(s.objective.on_nan == OnNan::kStop);
  CHECK(s.seed == 0);
  CHECK(!s.stopping);
  CHECK(s.limits.max_parallel == 1);
  CHECK(s.limits.max_failures == 5);
  CHECK(s.limits.grace == std::chrono::seconds(30));
  CHECK(s.resources.gpus_auto);
  CHECK(!s.resources.gpus_per_trial);
  CHECK(s.resources.processes_per_trial == 1);
  CHECK(s.retry.max_attempts == 3);
  CHECK(!s.spot);
  CHECK(!s.market);
  CHECK(!s.output);
  CHECK(s.executor == "local");
  CHECK(!s.deterministic);
  CHECK(s.space[0].scale == Scale::kAuto);
}

TEST_CASE("text is short for a name, off is none") {
  CHECK(spec(with("early_stopping: median\n")).stopping->policy.name == "median");
  CHECK(!spec(with("early_stopping: 'off'\n")).stopping);
  CHECK(spec(with("executor: local\n")).executor == "local");
  CHECK(spec(with("output: kept\n")).output->path.ends_with("/kept"));
  CHECK(spec(with("spot: {}\n")).spot);
  CHECK(spec(with("resources: {gpus_per_trial: 0.25}\n")).resources.gpus_per_trial == 0.25);
  CHECK(spec(with("")).strategy.name == "random");
}

TEST_CASE("a study needs an end, from wherever") {
  CHECK(error(kBase).find("limits.max_trials: missing") != std::string::npos);
  CHECK(parse(std::string(kBase) + "limits: {max_runtime: 1h}\n").ok());
  CHECK(parse(std::string(kBase) + "completion: {target: 1}\n").ok());
  CHECK(parse(kBase, {.working_directory = "/", .program_directory = "", .has_other_end = true}).ok());
}

TEST_CASE("a session needs no program") {
  const std::string text =
      "name: s\nobjective: {metric: m, goal: maximize}\nparameters: {x: {type: float, min: 0, max: 1}}\nlimits: {max_trials: "
      "1}\n";
  CHECK(error(text) == "c.yaml:1:1: command: missing; allowed: command or trainer");
  ConfigContext session{.working_directory = "/", .program_directory = ""};
  session.needs_program = false;
  const auto loaded = parse(text, session);
  REQUIRE(loaded.ok());
  CHECK(loaded->spec.command.empty());
  CHECK(loaded->notes.empty());
}

TEST_CASE("a trainer brings its command and metrics, the config may replace them") {
  const StudySpec s = spec(R"(name: t
objective: {metric: "validation:accuracy", goal: maximize}
parameters: {learning_rate: {type: float, min: 0.1, max: 1}}
trainer: image_classification
strategy: random
limits: {max_trials: 1}
metrics: [{name: "train:loss", regex: 'L=(\d+)'}, {name: extra, regex: 'E=(\d+)'}]
)");
  CHECK(s.trainer == "image_classification");
  REQUIRE(s.command.size() == 1);
  CHECK(s.command[0].words == std::vector<std::string>{"/programs/tune-train-image"});
  const auto regex_of = [&](const std::string& name) {
    std::vector<std::string> found;
    for (const MetricDefinition& one : s.metrics) {
      if (one.name == name) found.push_back(one.regex);
    }
    return found;
  };
  CHECK(regex_of("train:loss") == std::vector<std::string>{"L=(\\d+)"});
  CHECK(regex_of("extra").size() == 1);
  CHECK(regex_of("validation:accuracy").size() == 1);
}

TEST_CASE("an objective that only @tune lines can bring is allowed, with a note") {
  const auto loaded = parse(with("metrics: [{name: accurary, regex: 'a=(.)'}]\n"));
  REQUIRE(loaded.ok());
  REQUIRE(loaded->notes.size() == 1);
  CHECK(loaded->notes[0].find("did you mean 'accurary'?") != std::string::npos);
}

TEST_CASE("options are resolved: defaults, shares, maps of parameters") {
  const auto warmup = [&](const std::string& text) {
    return spec(with("early_stopping: {name: median, percentile: 30, warmup: " + text + "}\n"))
        .stopping->policy.options.at("warmup");
  };
  CHECK(warmup("3") == OptionValue(std::int64_t{3}));
  CHECK(warmup("20%") == OptionValue(0.2));
  CHECK(warmup("0.25") == OptionValue(0.25));
  const StudySpec s = spec(with("early_stopping: {name: median, percentile: 30}\n"));
  CHECK(option<double>(s.stopping->policy.options, "percentile") == 30.0);
  CHECK(option<std::string>(s.stopping->policy.options, "references") == "completed");
  CHECK(!s.stopping->policy.options.contains("warmup"));

  const std::string base = std::string(kBase).substr(0, std::string(kBase).find("strategy:"));
  const StudySpec grid = spec(base + "strategy: {name: grid, points: {lr: 4}}\n");  // needs no other end
  using Points = std::map<std::string, std::int64_t>;
  CHECK(option<Points>(grid.strategy.options, "points") == Points{{"lr", 4}});
  CHECK(error(base + "strategy: grid\n").find("strategy: grid needs points for 'lr'") != std::string::npos);
  CHECK(spec(base + "limits: {max_trials: 1}\n").strategy.name == "bayesian");
  CHECK(spec(base + "strategy: {seed: 9}\nlimits: {max_trials: 1}\n").seed == 9);
}

TEST_CASE("JSON is YAML") {
  const StudySpec s = spec(R"({
	"name": "j", "objective": {"metric": "m", "goal": "minimize"},
	"parameters": {"x": {"type": "float", "min": 0, "max": 1e-5}},
	"command": ["t", "{x}"], "strategy": "random", "limits": {"max_trials": 3}
})");
  CHECK(s.space[0].max == 1e-5);
  CHECK(s.limits.max_trials == 3);
}

TEST_CASE("files: missing, directory, too large, and what is no file of ours") {
  const test::TempDir dir;
  const ConfigContext context{.working_directory = dir.path().string(), .program_directory = ""};
  const auto message = [&](const std::string& path) {
    const auto loaded = load_config(path, registry(), context);
    REQUIRE(!loaded.ok());
    return loaded.status().message();
  };
  CHECK(message(dir / "none.yaml").find("no such file") != std::string::npos);
  CHECK(message(dir.path().string()).find("directory") != std::string::npos);
  const std::string large = dir.write("large.yaml", "");
  std::filesystem::resize_file(large, 100U << 20U);  // sparse: refused by its size, unread
  CHECK(message(large).find("too large") != std::string::npos);
  CHECK(message("/dev/zero").find("too large") != std::string::npos);
  CHECK(load_config(dir.write("good.yaml", with("")), registry(), context).ok());
}

// Each of these is within the bounds of YAML and would take minutes where something is done for every pair.
TEST_CASE("configs that are legal YAML and absurd are refused") {
  const auto many = [](std::size_t count, const std::string& before, const std::string& after) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += before + std::to_string(i) + after;
    return text;
  };
  const std::string start = "name: a\nobjective: {metric: m, goal: maximize}\nlimits: {max_trials: 1}\n";
  const auto refused = [&](const std::string& text, const std::string& part) {
    const std::string message = error(start + text);
    CHECK_MESSAGE(message.find(part) != std::string::npos, message.substr(0, 500));
  };
  refused("parameters: {x: {type: categorical, values: [" + many(20'000, "", ",") + "]}}\n", "up to 256 entries, given 20000");
  refused("parameters:\n" + many(8'000, "  p", ": {type: float, min: 0, max: 1}\n"), "up to 1000 entries, given 8000");
  refused("static:\n" + many(20'000, "  s", ": 1\n"), "up to 1000 entries, given 20000");
  refused("command: [" + many(20'000, "w", ",") + "]\n", "up to 1000 entries");
  refused("metrics:\n" + many(41, "  - {name: m", ", regex: '(.)'}\n"), "up to 40 entries, given 41");
  refused(many(20'000, "key", ": 1\n"), "more errors");
  refused("parameters: {x: {type: categorical, values: [a], when: {y: [" + many(20'000, "", ",") + "]}}}\n", "up to 256 values");
}

TEST_CASE("damaged configs are errors or configs, and a config's record is exact") {
  const std::string source = with(
      "static: {epochs: 3}\nearly_stopping: {name: median, warmup: 20%}\nmetrics: [{name: m, regex: 'm=(.)', step: '(\\d)'}]\n");
  const std::string odd = "{}[]:,-'\"&*!|>#%@ \n\t0.~x\xC3";
  int good = 0;
  for (std::int64_t i = 0; i < 400; ++i) {
    RandomStream stream(5, i, "damage");
    std::string text = source;
    for (std::uint64_t edit = 0; edit <= stream.below(4); ++edit) {
      const std::size_t at = stream.below(text.size());
      if (stream.below(2) == 0) {
        text[at] = odd[stream.below(odd.size())];
      } else {
        text.erase(at, stream.below(8));
      }
    }
    const auto loaded = parse(text);
    if (!loaded.ok()) {
      CHECK(loaded.status().message().starts_with("c.yaml:"));
      continue;
    }
    ++good;
    const auto back = spec_from_json(spec_to_json(loaded->spec));
    REQUIRE(back.ok());
    CHECK(spec_differences(loaded->spec, *back).empty());
  }
  CHECK(good > 0);
}
