#include "engine/replay/replay.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>

#include "engine/core/outcome.hpp"
#include "engine/replay/virtual_study.hpp"
#include "tune/random.hpp"

namespace tune::engine {

namespace {

/// The final values of all curves as scores: larger is better, finite.
struct Finals {
  std::vector<double> scores;
  double scale = 0.0;  ///< best - median
};

Result<Finals> finals_of(const Curves& curves, const Objective& objective) {
  Finals finals;
  std::vector<double> finite;
  for (const Curve& curve : curves.curves) {
    TrialRecord trial;
    trial.series.push_back({objective.metric, {}});
    for (const CurvePoint& point : curve.points) trial.series.front().points.push_back({point.step, point.value, {}, 0, 1});
    const auto value = result_value(trial, objective);
    const double score = !value ? std::nan("") : objective.goal == Goal::kMaximize ? *value : -*value;
    finals.scores.push_back(score);
    if (value) finite.push_back(score);
  }
  if (finite.empty()) return Status::invalid(curves.source + ": no curve ends with a finite value");
  const double worst = *std::ranges::min_element(finite);
  for (double& score : finals.scores) {
    if (std::isnan(score)) score = worst;
  }
  std::vector<double> sorted = finals.scores;
  std::ranges::sort(sorted);
  const std::size_t half = sorted.size() / 2;
  const double median = sorted.size() % 2 == 1 ? sorted[half] : sorted[half - 1] / 2 + sorted[half] / 2;
  finals.scale = sorted.back() - median;
  if (!(finals.scale > 0.0)) {
    return Status::invalid(curves.source + ": the best of the final values is their median too (" + to_text(median) +
                           "), so no regret can be told");
  }
  return finals;
}

struct Repeat {
  double epochs_share = 0.0;
  double winner_lost = 0.0;
  double regret = 0.0;
  double seconds_saved = 0.0;
};

Repeat judge_repeat(const Curves& curves, const Finals& finals, std::span<const std::size_t> order,
                    std::span<const VirtualOutcome> outcomes) {
  Repeat repeat;
  double all = 0.0;
  double run = 0.0;
  double best = -HUGE_VAL;
  double kept = -HUGE_VAL;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Curve& curve = curves.curves[order[i]];
    const double score = finals.scores[order[i]];
    const auto left = static_cast<double>(curve.last_step() - outcomes[i].steps);
    all += static_cast<double>(curve.last_step());
    run += static_cast<double>(outcomes[i].steps);
    repeat.seconds_saved += left * curve.seconds_per_step.value_or(0.0);
    best = std::max(best, score);
    if (outcomes[i].to_the_end) kept = std::max(kept, score);
  }
  repeat.epochs_share = run / all;
  repeat.winner_lost = kept == best ? 0.0 : 1.0;
  // Nothing was run to the end: as if the worst had been.
  if (std::isinf(kept)) kept = *std::ranges::min_element(finals.scores);
  repeat.regret = (best - kept) / finals.scale;
  return repeat;
}

MeanFigure mean_of(const std::vector<Repeat>& repeats, double Repeat::*figure) {
  MeanFigure found;
  const auto count = static_cast<double>(repeats.size());
  for (const Repeat& one : repeats) found.mean += one.*figure;
  found.mean /= count;
  double squares = 0.0;
  for (const Repeat& one : repeats) squares += (one.*figure - found.mean) * (one.*figure - found.mean);
  if (repeats.size() > 1) found.error = std::sqrt(squares / (count - 1.0) / count);
  return found;
}

}  // namespace

void draw_order(std::vector<std::size_t>& order, std::size_t curves, std::size_t count, std::uint64_t seed, std::int64_t repeat) {
  RandomStream stream(seed, repeat, "replay");
  count = std::min(count, curves);
  order.resize(curves);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = 0; i < count; ++i) std::swap(order[i], order[i + stream.below(curves - i)]);
  order.resize(count);
}

Result<ReplayRow> replay(const Curves& curves, const std::string& rule, const StoppingPolicy* policy,
                         const ReplaySettings& settings) {
  TUNE_CHECK(settings.repeats >= 1 && settings.repeats <= kMaxReplayRepeats && settings.trials >= 1);
  TUNE_CHECK(settings.workers >= 1 && settings.workers <= kMaxReplayWorkers);
  auto finals = finals_of(curves, settings.objective);
  if (!finals.ok()) return finals.status();

  std::vector<Repeat> repeats(static_cast<std::size_t>(settings.repeats));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    VirtualStudy study(curves, policy, settings.objective, settings.workers);
    std::vector<std::size_t> order;
    for (std::size_t i = next++; i < repeats.size(); i = next++) {
      draw_order(order, curves.curves.size(), static_cast<std::size_t>(settings.trials), settings.seed,
                 static_cast<std::int64_t>(i));
      const auto outcomes = study.run(order, settings.seed + i);
      repeats[i] = judge_repeat(curves, *finals, order, outcomes);
    }
  };
  const unsigned cores = settings.threads > 0 ? static_cast<unsigned>(settings.threads) : std::thread::hardware_concurrency();
  {
    std::vector<std::jthread> helpers;
    for (unsigned i = 1; i < std::max(1U, cores) && i < repeats.size(); ++i) helpers.emplace_back(work);
    work();
  }

  ReplayRow row;
  row.rule = rule;
  row.epochs_share = mean_of(repeats, &Repeat::epochs_share);
  row.winner_lost = mean_of(repeats, &Repeat::winner_lost);
  row.regret = mean_of(repeats, &Repeat::regret);
  const bool paced = std::ranges::all_of(curves.curves, [](const Curve& curve) { return curve.seconds_per_step.has_value(); });
  if (paced) row.seconds_saved = mean_of(repeats, &Repeat::seconds_saved);
  return row;
}

}  // namespace tune::engine
