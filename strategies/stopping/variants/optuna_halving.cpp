#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "strategies/stopping/option_specs.hpp"
#include "strategies/stopping/variants/reports.hpp"
#include "strategies/stopping/variants/variants.hpp"
#include "strategies/stopping/verdict.hpp"

namespace tune::strategies {
namespace {

constexpr std::int64_t kAutoParts = 100;  ///< `auto`: the longest completed trial's last step over this

struct HalvingOptions {
  std::optional<std::int64_t> min_resource;  ///< none: auto
  std::int64_t reduction_factor = 4;
  std::int64_t min_early_stopping_rate = 0;
  std::int64_t bootstrap_count = 0;
};

/// Optuna's SuccessiveHalvingPruner (5.0.0). At rung k, step min_resource reduction_factor^(min_early_stopping_rate + k), the
/// trial leaves its current value and goes on when it is among the best max(1, n / reduction_factor) of the n values there, its
/// own included, ties too; then it is at the next rung at once if it has got that far. What the rungs hold follows from all the
/// reports before.
class OptunaHalving final : public StoppingPolicy {
 public:
  explicit OptunaHalving(HalvingOptions options) : options_(options) {}
  [[nodiscard]] std::string_view name() const override { return "successive_halving"; }

  [[nodiscard]] Decision judge(const StudyView& study, const TrialView& trial) const override {
    if (trial.objective().empty()) return not_judged(name(), trial, "there is no value to judge yet");
    const std::int64_t moment = moment_of(trial);
    const Decision elsewhere = not_judged(name(), trial, "the step is at no new rung");
    const std::optional<Start> start = begin(study, moment);
    if (!start) return elsewhere;
    std::vector<Report> reports;
    add_reports(trial, moment, *start, reports);
    if (reports.empty() || reports.back().point.order != moment) return elsewhere;
    for (const TrialView& other : others(study, trial)) add_reports(other, moment, *start, reports);
    std::ranges::sort(reports, {}, [](const Report& report) { return report.point.order; });

    std::map<TrialId, std::int64_t> next_rung;
    Rungs rungs;
    for (const Report& report : reports) {
      const bool judged = report.point.order == moment;
      if (auto decision = leave(study, judged ? trial : study.trial(report.id), report.point, start->min_resource,
                                next_rung[report.id], rungs, judged)) {
        return *decision;
      }
    }
    return elsewhere;
  }

 private:
  /// The first rung's distance, and the moment since when reports count.
  struct Start {
    std::int64_t min_resource;
    std::int64_t from;
  };
  struct Report {
    TrialId id;
    Point point;
  };
  struct Value {
    TrialId id;
    double value;
  };
  using Rungs = std::map<std::int64_t, std::vector<Value>>;  ///< values by rung, as they came

  /// With `auto`, which is settled by the first report after a trial has completed: max(1, the last step of the longest trial
  /// that had completed by then / 100). None before that.
  [[nodiscard]] std::optional<Start> begin(const StudyView& study, std::int64_t moment) const {
    if (options_.min_resource) return Start{*options_.min_resource, 0};
    std::optional<Start> start;
    std::int64_t longest = 0;
    std::int64_t before = 0;
    for (const TrialView trial : study.finished()) {
      if (!completed_by(trial, moment) || trial.objective().empty()) continue;
      const std::int64_t ended = trial.record().ended_order;
      if (start && reported_between(study, before, ended)) break;
      longest = std::max(longest, trial.last_step());
      start = {std::max<std::int64_t>(1, longest / kAutoParts), start ? start->from : ended};
      before = ended;
    }
    return start;
  }

  static bool reported_between(const StudyView& study, std::int64_t after, std::int64_t before) {
    for (TrialId id = 1; id < study.next_trial(); ++id) {
      if (std::ranges::any_of(study.trial(id).objective(),
                              [&](const Point& point) { return point.order > after && point.order < before; }))
        return true;
    }
    return false;
  }

  [[nodiscard]] double rung_step(std::int64_t min_resource, std::int64_t rung) const {
    return static_cast<double>(min_resource) *
           std::pow(static_cast<double>(options_.reduction_factor), static_cast<double>(options_.min_early_stopping_rate + rung));
  }

  /// Those reports of a trial that may be at a new rung for it, as they came: every one that was takes it at least one further.
  void add_reports(const TrialView& trial, std::int64_t moment, const Start& start, std::vector<Report>& reports) const {
    const Arrived by_step = arrived(trial, moment);
    std::vector<Point> sorted;
    std::span<const Point> points(by_step.begin(), by_step.end());
    if (!std::ranges::is_sorted(points, {}, &Point::order)) {
      sorted.assign(points.begin(), points.end());
      std::ranges::sort(sorted, {}, &Point::order);
      points = sorted;
    }
    std::int64_t rung = 0;
    double step = rung_step(start.min_resource, rung);
    for (const Point& point : points) {
      if (point.order < start.from || static_cast<double>(point.step) < step) continue;
      reports.push_back({trial.id(), point});
      if (!std::isnan(point.value)) step = rung_step(start.min_resource, ++rung);
    }
  }

  /// Leaves a report at the rungs that its trial has reached. What the pruner says to it, if it is the judged one and at a new
  /// rung.
  std::optional<Decision> leave(const StudyView& study, const TrialView& trial, const Point& point, std::int64_t min_resource,
                                std::int64_t& rung, Rungs& rungs, bool judged) const {
    std::optional<Decision> decision;
    for (double next = rung_step(min_resource, rung); static_cast<double>(point.step) >= next;) {
      if (std::isnan(point.value)) {
        if (!judged) return std::nullopt;
        decision = not_judged(name(), trial, study.objective().metric + " is no number at rung " + std::to_string(rung));
        decision->kind = Decision::Kind::kStop;
        return decision;
      }
      std::vector<Value>& values = rungs[rung];
      values.push_back({trial.id(), point.value});
      next = rung_step(min_resource, rung + 1);
      // Who else goes on matters only where that takes it to another rung at once.
      if (judged || static_cast<double>(point.step) >= next) {
        Decision found = compete(study, trial, point.value, values, rung);
        const bool stops = found.kind == Decision::Kind::kStop;
        if (judged) decision = std::move(found);
        if (stops) {
          ++rung;
          return decision;
        }
      }
      ++rung;
    }
    return decision;
  }

  [[nodiscard]] Decision compete(const StudyView& study, const TrialView& trial, double value, const std::vector<Value>& rung,
                                 std::int64_t number) const {
    const Goal goal = study.objective().goal;
    Comparison comparison;
    std::vector<double> values;
    for (const auto& [id, one] : rung) {
      values.push_back(one);
      if (id != trial.id()) comparison.references.push_back(id);
    }
    std::ranges::sort(comparison.references);
    const auto count = static_cast<std::int64_t>(values.size());
    const auto last = values.begin() + std::max<std::int64_t>(0, count / options_.reduction_factor - 1);
    std::ranges::nth_element(values, last, [&](double a, double b) { return compares_better(goal, a, b); });
    comparison.judged = study.objective().metric;
    comparison.value = value;
    comparison.threshold = *last;
    comparison.against = "the last that goes on of " + counted(values.size(), "value") + " at rung " + std::to_string(number);
    comparison.stop = compares_better(goal, comparison.threshold, value);
    if (count <= options_.bootstrap_count) {
      comparison.stop = true;
      Decision decision = compared(name(), trial, std::move(comparison));
      decision.reason = "the first " + counted(static_cast<std::size_t>(options_.bootstrap_count), "value") + " at rung " +
                        std::to_string(number) + " are stopped (bootstrap_count)";
      return decision;
    }
    return compared(name(), trial, std::move(comparison));
  }

  HalvingOptions options_;
};

}  // namespace

Entry<StoppingPolicy> optuna_halving_entry() {
  return {.name = "successive_halving",
          .doc = "Optuna's SuccessiveHalvingPruner: the best share of the values at each rung goes on",
          .options = {int_option("min_resource", {}, 1,
                                 "the step of the first rung; default auto, a hundredth of the longest completed trial"),
                      int_option("reduction_factor", 4, 2, "rungs lie so many times as far apart; one of so many goes on"),
                      int_option("min_early_stopping_rate", 0, 0, "rungs that are left out at the start"),
                      int_option("bootstrap_count", 0, 0, "the first so many values at a rung are stopped; needs min_resource")},
          .make = [](const Space&, const Options& options) -> Result<std::unique_ptr<StoppingPolicy>> {
            HalvingOptions made;
            if (options.contains("min_resource")) made.min_resource = option<std::int64_t>(options, "min_resource");
            made.reduction_factor = option<std::int64_t>(options, "reduction_factor");
            made.min_early_stopping_rate = option<std::int64_t>(options, "min_early_stopping_rate");
            made.bootstrap_count = option<std::int64_t>(options, "bootstrap_count");
            if (made.bootstrap_count > 0 && !made.min_resource) {
              return Status::invalid("bootstrap_count: given " + std::to_string(made.bootstrap_count) +
                                     "; allowed: 0 unless min_resource is given");
            }
            return std::unique_ptr<StoppingPolicy>(std::make_unique<OptunaHalving>(made));
          },
          .variant = "optuna"};
}

}  // namespace tune::strategies
