#include "trainers/loop/progress.hpp"

#include <string_view>

#include "trainers/schedule/learning_rate.hpp"
#include "trainers/support/numbers.hpp"
#include "trainers/support/printable.hpp"
#include "tune/report.hpp"

namespace tune::trainer {
namespace {

constexpr std::string_view kTrainedPrefix = "trained.";

/// Calls `visit(name, number)` with every part of the progress: the one list of them.
template <class P, class Visit>
void for_each_part(P& progress, Visit visit) {
  visit("progress.epoch", progress.epoch);
  visit("progress.batch", progress.batch);
  visit("progress.steps", progress.steps);
  for (std::size_t i = 0; i < kTallySize; ++i) visit("progress.tally" + std::to_string(i), progress.tally[i]);
  visit("progress.best", progress.early_end.best);
  visit("progress.unimproved", progress.early_end.unimproved);
  visit("progress.loss_scale", progress.loss_scale);
  visit("progress.good_steps", progress.good_steps);
}

std::string text_of_number(std::int64_t number) { return std::to_string(number); }
std::string text_of_number(double number) { return to_text(number); }

}  // namespace

FlatObject configuration_facts(const Settings& settings, const ImageData& data) {
  FlatObject facts;
  const Hyperparameters& h = settings.hyperparameters;
  for (const auto& info : hyperparameter_table()) {
    const bool decides = !info.is_budget || (info.name == "epochs" && LearningRate::depends_on_epochs(h));
    if (decides) facts.emplace_back(info.name, hyperparameter_text(h, info));
  }
  facts.emplace_back("pretrained", printable(settings.pretrained));
  facts.emplace_back("seed", std::to_string(settings.seed));
  facts.emplace_back("data", std::to_string(data.train.size()) + "+" + std::to_string(data.validation.size()) +
                                 " images, fingerprints " + std::to_string(data.train.fingerprint) + " and " +
                                 std::to_string(data.validation.fingerprint));
  return facts;
}

FlatObject progress_facts(const Progress& progress) {
  FlatObject facts;
  for_each_part(progress, [&](const std::string& name, const auto& number) { facts.emplace_back(name, text_of_number(number)); });
  for (const auto& [name, number] : progress.trained) facts.emplace_back(std::string(kTrainedPrefix) + name, to_text(number));
  return facts;
}

Fallible<Progress> progress_from(const Checkpoint& checkpoint, const FlatObject& configuration) {
  std::string differences;
  for (const auto& [name, value] : configuration) {
    const std::string* saved = checkpoint.fact(name);
    if (saved != nullptr && *saved == value) continue;
    differences +=
        (differences.empty() ? "" : "; ") + name + " was " + (saved == nullptr ? "not there" : *saved) + " and is " + value;
  }
  if (!differences.empty()) return Failure{"of another configuration: " + differences};
  Progress progress;
  bool complete = true;
  for_each_part(progress, [&](const std::string& name, auto& number) {
    const std::string* text = checkpoint.fact(name);
    const auto read = text == nullptr ? std::nullopt : parse_number<std::remove_reference_t<decltype(number)>>(*text);
    if (read) number = *read;
    complete = complete && read;
  });
  if (!complete || progress.epoch < 0 || progress.batch < 0 || progress.steps < 0) return Failure{"damaged: no progress in it"};
  for (const auto& [name, text] : checkpoint.facts) {
    const auto number = name.starts_with(kTrainedPrefix) ? parse_number<double>(text) : std::nullopt;
    if (number) progress.trained.emplace_back(name.substr(kTrainedPrefix.size()), *number);
  }
  return progress;
}

}  // namespace tune::trainer
