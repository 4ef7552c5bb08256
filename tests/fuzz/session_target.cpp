#include "engine/session/session.hpp"

#include <nlohmann/json.hpp>

#include "engine/config/config.hpp"
#include "engine/core/read_study.hpp"
#include "tests/fuzz/targets.hpp"
#include "tune/registry.hpp"

namespace tune::fuzz {

namespace {

constexpr std::size_t kMostRequests = 200;

constexpr const char* kConfig = R"(
name: fuzzed
objective: {metric: loss, goal: minimize}
strategy: {name: random, seed: 7}
early_stopping: {name: median, min_trials: 2, explain: all}
max_step: 5
limits: {max_trials: 20, max_parallel: 4, max_failures: 5}
parameters:
  lr: {type: float, min: 1e-5, max: 1.0, scale: log}
  layers: {type: int, min: 1, max: 8}
  optimizer: {type: categorical, values: [sgd, adam, 3, true]}
  momentum: {type: float, min: 0.0, max: 0.99, when: {optimizer: sgd}}
)";

const engine::StudySpec& spec(const Registry& registry) {
  static const engine::StudySpec kSpec = [&] {
    const engine::ConfigContext context{.working_directory = "/nowhere", .program_directory = "/nowhere", .needs_program = false};
    auto loaded = engine::parse_config(kConfig, "session.yaml", registry, context);
    require(loaded.ok(), "the fuzzer's own config is good: " + (loaded.ok() ? "" : loaded.status().message()));
    return loaded->spec;
  }();
  return kSpec;
}

}  // namespace

void run_session(std::string_view input) {
  static const Registry kRegistry = builtin();
  const std::string directory = empty_directory() + "/study";
  {
    const auto session = engine::Session::open(directory, spec(kRegistry), kRegistry, engine::OpenMode::kCreate);
    require(session.ok(), "a session begins: " + (session.ok() ? "" : session.status().message()));
    for (std::size_t count = 0; !input.empty() && count < kMostRequests; ++count) {
      const std::string_view line = input.substr(0, input.find('\n'));
      input.remove_prefix(std::min(line.size() + 1, input.size()));
      const std::string answer = (*session)->handle(line);
      require(answer.find('\n') == std::string::npos, "an answer is one line");
      require(nlohmann::json::accept(answer), "an answer is JSON");
      require_plain(answer);
    }
  }
  const auto study = engine::read_study(directory);
  require(study.ok(), "the journal is whole after a session: " + (study.ok() ? "" : study.status().message()));
  require(study->torn_bytes == 0, "nothing of it is torn");
}

}  // namespace tune::fuzz
