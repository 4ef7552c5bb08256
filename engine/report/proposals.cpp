#include "engine/report/proposals.hpp"

#include <algorithm>
#include <utility>

#include "engine/config/command.hpp"
#include "engine/core/first_points.hpp"
#include "engine/report/format.hpp"
#include "engine/report/json_value.hpp"

namespace tune::engine {

namespace {

std::string shell_word(const std::string& word) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(kSafe) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string shell_line(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& word : argv) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

Result<std::vector<DryRunProposal>> first_proposals(const StudySpec& spec, const Registry& registry, const Earlier& earlier) {
  const auto* entry = registry.find_strategy(spec.strategy.name);
  if (entry == nullptr) return Status::invalid("there is no strategy '" + spec.strategy.name + "'");
  auto strategy = entry->make(spec.space, spec.strategy.options);
  if (!strategy.ok()) return strategy.status();
  StudyRecord study;
  study.name = spec.name;
  study.space = spec.space;
  study.objective = spec.objective;
  study.strategy = spec.strategy.name;
  study.stopping = spec.stopping_name();
  study.seed = spec.seed;
  study.earlier_studies = earlier.studies;
  study.earlier_trials = earlier.trials;
  study.declared_max_step = spec.declared_max_step();
  const int count = static_cast<int>(std::min<std::int64_t>(kDryRunProposals, spec.limits.max_trials.value_or(kDryRunProposals)));
  const FirstPoints first_points(spec);
  std::vector<DryRunProposal> proposals;
  for (TrialId id = 1; id <= count; ++id) {
    TrialRecord trial;
    trial.id = id;
    std::optional<Configuration> configuration = first_points.next(StudyView(study));
    trial.initial = configuration.has_value();
    if (!configuration) {
      Asked asked = (*strategy)->ask(StudyView(study), 1);
      if (asked.configurations.empty()) break;
      configuration = std::move(asked.configurations.front());
    }
    std::vector<std::string> argv = build_argv(spec.command, spec.space, *configuration, spec.static_values);
    trial.configuration = *configuration;
    study.trials.push_back(std::move(trial));
    study.running.push_back(id);
    proposals.push_back({*std::move(configuration), std::move(argv)});
  }
  return proposals;
}

std::string proposals_text(const StudySpec& spec, const std::vector<DryRunProposal>& proposals) {
  std::string out;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    out += "trial " + std::to_string(i + 1) + "  " + parameters_text(spec.space, proposals[i].configuration) + "\n";
    out += "  " + printable(shell_line(proposals[i].argv)) + "\n";
  }
  return out;
}

std::string proposals_json(const StudySpec& spec, const std::vector<DryRunProposal>& proposals) {
  Json trials = Json::array();
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    trials.push_back({{"trial", i + 1},
                      {"parameters", json_parameters(spec.space, proposals[i].configuration)},
                      {"command", proposals[i].argv}});
  }
  return json_text({{"schema", 1}, {"trials", std::move(trials)}});
}

}  // namespace tune::engine
