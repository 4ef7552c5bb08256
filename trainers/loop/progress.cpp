#include "trainers/loop/progress.hpp"

#include <string_view>

#include "trainers/support/numbers.hpp"
#include "tune/report.hpp"

namespace tune::trainer {
namespace {

template <class Number>
bool read(const Checkpoint& checkpoint, std::string_view name, Number& out) {
  const std::string* text = checkpoint.fact(name);
  const auto number = text == nullptr ? std::nullopt : parse_number<Number>(*text);
  if (number) out = *number;
  return number.has_value();
}

}  // namespace

FlatObject configuration_facts(const Settings& settings, const ImageData& data) {
  FlatObject facts;
  for (const auto& info : hyperparameter_table()) {
    if (!info.is_budget) facts.emplace_back(info.name, hyperparameter_text(settings.hyperparameters, info));
  }
  facts.emplace_back("seed", std::to_string(settings.seed));
  facts.emplace_back("data", std::to_string(data.train.size()) + "+" + std::to_string(data.validation.size()) +
                                 " images, fingerprints " + std::to_string(data.train.fingerprint) + " and " +
                                 std::to_string(data.validation.fingerprint));
  return facts;
}

FlatObject progress_facts(const Progress& progress) {
  return {{"progress.epoch", std::to_string(progress.epoch)}, {"progress.batch", std::to_string(progress.batch)},
          {"progress.steps", std::to_string(progress.steps)}, {"progress.loss_sum", to_text(progress.loss_sum)},
          {"progress.correct", to_text(progress.correct)},    {"progress.best", to_text(progress.best)}};
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
  const bool complete =
      read(checkpoint, "progress.epoch", progress.epoch) && read(checkpoint, "progress.batch", progress.batch) &&
      read(checkpoint, "progress.steps", progress.steps) && read(checkpoint, "progress.loss_sum", progress.loss_sum) &&
      read(checkpoint, "progress.correct", progress.correct) && read(checkpoint, "progress.best", progress.best);
  if (!complete || progress.epoch < 0 || progress.batch < 0 || progress.steps < 0) return Failure{"damaged: no progress in it"};
  return progress;
}

}  // namespace tune::trainer
