#include "engine/core/converged.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/core/completion.hpp"

namespace tune::engine {

namespace {

using Numbers = std::vector<std::pair<std::string, double>>;

/// Results of the completed trials in the order in which they ended.
std::vector<double> completed_values(const StudyRecord& record) {
  std::vector<double> values;
  for (const TrialId id : record.finished_order) {
    const TrialRecord& trial = record.trial(id);
    if (trial.status == TrialStatus::kCompleted && trial.value) values.push_back(*trial.value);
  }
  return values;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : values[half - 1] / 2 + values[half] / 2;  // halves: the sum may overflow
}

/// Criterion (a).
std::optional<Numbers> not_improved(const StudyRecord& record) {
  const std::vector<double> values = completed_values(record);
  const auto window =
      static_cast<std::size_t>(std::max(kConvergedTrials, kConvergedTrialsPerParameter * static_cast<int>(record.space.size())));
  if (values.size() <= window) return std::nullopt;
  const auto better = [&](double a, double b) { return record.objective.better(a, b); };
  const auto recent = values.end() - static_cast<std::ptrdiff_t>(window);
  const double before = *std::min_element(values.begin(), recent, better);
  const double best = *std::min_element(values.begin(), values.end(), better);
  const double middle = median(values);
  const double improvement = std::abs(best - before);
  const double limit = kConvergedShare * std::abs(best - middle);
  if (!(improvement <= limit) || !std::isfinite(improvement)) return std::nullopt;
  return Numbers{{"trials", static_cast<double>(window)},
                 {"improvement", improvement},
                 {"limit", limit},
                 {"best", best},
                 {"median", middle}};
}

/// What the strategy had said before the last trial ended: all that a later owner of the study can be sure to see as well.
struct Said {
  bool ever = false;
  std::vector<Outlook> last;  ///< of the last kConvergedProposals proposals, newest first; empty unless each of them has one
};

Said outlooks_of(const StudyRecord& record) {
  const std::int64_t until = record.finished_order.empty() ? 0 : record.trial(record.finished_order.back()).ended_order;
  Said said;
  int proposals = 0;
  for (auto trial = record.trials.rbegin(); trial != record.trials.rend(); ++trial) {
    if (trial->imported || trial->initial || trial->proposed_order >= until) continue;
    said.ever = said.ever || trial->outlook;
    if (proposals++ < kConvergedProposals && trial->outlook) said.last.push_back(*trial->outlook);
    if (said.ever && proposals >= kConvergedProposals) break;
  }
  if (said.last.size() < kConvergedProposals) said.last.clear();
  return said;
}

}  // namespace

std::optional<Numbers> converged_numbers(const StudyRecord& record) {
  const Said said = outlooks_of(record);
  const bool heard = !said.last.empty();
  const bool noisy =
      heard && std::ranges::all_of(said.last, [](const Outlook& one) { return one.noise > 0.0 && one.regret_bound < one.noise; });
  if (noisy) {
    return Numbers{{"regret_bound", said.last.front().regret_bound},
                   {"noise", said.last.front().noise},
                   {"proposals", static_cast<double>(kConvergedProposals)}};
  }
  std::optional<Numbers> numbers = not_improved(record);
  if (!numbers || !said.ever) return numbers;
  if (!heard) return std::nullopt;
  // The greatest of them; a NaN is not below the share.
  double expected = 0.0;
  for (const Outlook& one : said.last) {
    if (!(one.expected_improvement < kConvergedShare)) return std::nullopt;
    expected = std::max(expected, one.expected_improvement);
  }
  numbers->emplace_back("expected_improvement", expected);
  numbers->emplace_back("expected_improvement_limit", kConvergedShare);
  numbers->emplace_back("proposals", static_cast<double>(kConvergedProposals));
  return numbers;
}

}  // namespace tune::engine
