#include <algorithm>
#include <functional>

#include "tests/strategies_health/health_support.hpp"

/// Every health rule with a memory against its definition in docs/health-rules.md, written as slowly and plainly as can be.
namespace tune::test {
namespace {

using Oracle = std::function<bool(const Story&)>;

/// Rule and oracle agree at every value of many stories; both answers are frequent.
void agree(const std::string& name, const std::function<Options(RandomStream&)>& draw_options, const Inputs& inputs,
           const std::vector<std::string>& metrics, double unit, const std::function<Oracle(const Options&)>& oracle_of) {
  CAPTURE(name);
  int found = 0;
  int healthy = 0;
  for (std::int64_t i = 0; i < 300; ++i) {
    RandomStream stream(3, i, name);
    const Options options = draw_options(stream);
    const auto rule = make_health(name, options);
    REQUIRE_MESSAGE(rule.ok(), rule.status().message());
    const Oracle oracle = oracle_of(options);
    const Story story = random_story(stream, metrics, 14, unit);
    Story so_far;
    for (const Said& one : story) {
      so_far.push_back(one);
      const bool expected = oracle(so_far);
      CAPTURE(i);
      CAPTURE(so_far.size());
      CHECK(finds(**rule, inputs, so_far) == expected);
      ++(expected ? found : healthy);
    }
  }
  CHECK(found > 100);
  CHECK(healthy > 100);
}

std::int64_t whole(const Options& options, const char* name) { return option<std::int64_t>(options, name); }
double real(const Options& options, const char* name) { return option<double>(options, name); }
std::int64_t between(RandomStream& stream, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(high - low + 1)));
}

std::vector<double> in_order(const std::map<std::int64_t, double>& values) {
  std::vector<double> list;
  for (const auto& [step, value] : values) list.push_back(value);
  return list;
}

/// Whether value `i` is a new optimum: the first number, or below every optimum before by more than delta.
bool is_optimum(const std::vector<double>& values, std::size_t i, double delta) {
  if (std::isnan(values[i])) return false;
  for (std::size_t k = 0; k < i; ++k) {
    if (is_optimum(values, k, delta) && !(values[k] - values[i] > delta)) return false;
  }
  return true;
}

/// The last `patience` values are no optimum.
bool without_optimum(const std::vector<double>& values, std::int64_t patience, double delta) {
  if (static_cast<std::int64_t>(values.size()) < patience) return false;
  for (std::size_t i = values.size() - static_cast<std::size_t>(patience); i < values.size(); ++i) {
    if (is_optimum(values, i, delta)) return false;
  }
  return true;
}

/// The steps at which LossNotDecreasing looks.
std::vector<std::int64_t> looks(const std::map<std::int64_t, double>& values, std::int64_t num_steps) {
  std::vector<std::int64_t> steps;
  for (const auto& [step, value] : values) {
    const std::int64_t since = steps.empty() ? values.begin()->first : steps.back();
    if (step - since >= num_steps) steps.push_back(step);
  }
  return steps;
}

double mean_at(const Story& story, const std::vector<std::string>& metrics, std::int64_t step) {
  double sum = 0.0;
  int count = 0;
  for (const std::string& metric : metrics) {
    const auto values = values_of(story, metric);
    if (!values.contains(step) || std::isnan(values.at(step))) continue;
    sum += values.at(step);
    ++count;
  }
  return count == 0 ? -1234.5 : sum / count;  // of no grid value's mean
}

}  // namespace

TEST_CASE("LossNotDecreasing against its definition") {
  agree(
      "LossNotDecreasing",
      [](RandomStream& stream) {
        return Options{{"num_steps", between(stream, 1, 4)},
                       {"diff_percent", static_cast<double>(between(stream, 0, 40))},
                       {"increase_threshold_percent", static_cast<double>(between(stream, 0, 40))}};
      },
      {{"metrics", {"loss"}}}, {"loss", "other"}, 0.25,
      [](const Options& options) -> Oracle {
        return [options](const Story& story) {
          if (story.back().metric != "loss") return false;
          const auto values = values_of(story, "loss");
          const std::int64_t now = story.back().step;
          const auto steps = looks(values, whole(options, "num_steps"));
          if (steps.empty() || steps.back() != now) return false;
          double before = std::nan("");
          for (const auto& [step, value] : values) {
            if (step <= now - whole(options, "num_steps")) before = value;
          }
          const double fall = 100.0 * (before - values.at(now)) / std::abs(before);
          if (!std::isfinite(fall)) return false;
          return fall >= 0.0 ? fall < real(options, "diff_percent") : -fall > real(options, "increase_threshold_percent");
        };
      });
}

TEST_CASE("Overfit against its definition") {
  const std::vector<std::string> train{"a", "b"};
  const std::vector<std::string> validation{"v"};
  agree(
      "Overfit",
      [](RandomStream& stream) {
        return Options{{"start_step", between(stream, 0, 5)},
                       {"patience", between(stream, 1, 3)},
                       {"ratio_threshold", 0.1 * static_cast<double>(between(stream, 0, 9))}};
      },
      {{"train", {"a", "b"}}, {"validation", {"v"}}}, {"a", "b", "v"}, 0.25,
      [=](const Options& options) -> Oracle {
        return [=](const Story& story) {
          std::vector<bool> exceeds;  // at the steps that have both, in order
          bool now = false;
          for (std::int64_t step = whole(options, "start_step"); step <= story.back().step; ++step) {
            const double trained = mean_at(story, train, step);
            const double validated = mean_at(story, validation, step);
            if (trained == -1234.5 || validated == -1234.5) continue;
            exceeds.push_back((validated - trained) / std::abs(trained) > real(options, "ratio_threshold"));
            now = step == story.back().step;
          }
          const auto patience = whole(options, "patience");
          if (!now || static_cast<std::int64_t>(exceeds.size()) < patience) return false;
          return std::all_of(exceeds.end() - patience, exceeds.end(), [](bool one) { return one; });
        };
      });
}

TEST_CASE("Overtraining against its definition") {
  agree(
      "Overtraining",
      [](RandomStream& stream) {
        return Options{{"train", std::string("t")},
                       {"validation", std::string("v")},
                       {"patience_train", between(stream, 1, 5)},
                       {"patience_validation", between(stream, 1, 5)},
                       {"delta", 0.25 * static_cast<double>(between(stream, 0, 4))}};
      },
      {{"train", {"t"}}, {"validation", {"v"}}}, {"t", "v", "other"}, 0.25,
      [](const Options& options) -> Oracle {
        return [options](const Story& story) {
          const std::string& metric = story.back().metric;
          if (metric == "other") return false;
          return without_optimum(in_order(values_of(story, metric)),
                                 whole(options, metric == "t" ? "patience_train" : "patience_validation"),
                                 real(options, "delta"));
        };
      });
}

TEST_CASE("PoorWeightInitialization against its definition") {
  agree(
      "PoorWeightInitialization",
      [](RandomStream& stream) {
        return Options{{"losses", std::string("l")},
                       {"activation_inputs_regex", std::string("v.*")},
                       {"gradients", std::string("g")},
                       {"threshold", static_cast<double>(between(stream, 1, 9))},
                       {"distribution_range", 0.25 * static_cast<double>(between(stream, 0, 3))},
                       {"patience", between(stream, 2, 6)},
                       {"steps", between(stream, 3, 14)}};
      },
      {{"activation_inputs_regex", {"v1", "v2", "v3"}}, {"gradients", {"g"}}, {"losses", {"l"}}}, {"v1", "v2", "v3", "g", "l"},
      0.25,
      [](const Options& options) -> Oracle {
        return [options](const Story& story) {
          const Said& last = story.back();
          if (last.step > whole(options, "steps")) return false;
          if (last.metric == "g") return last.value < real(options, "distribution_range");
          if (last.metric == "l") return without_optimum(in_order(values_of(story, "l")), whole(options, "patience"), 0.0);
          for (const std::string one : {"v1", "v2", "v3"}) {
            for (const std::string other : {"v1", "v2", "v3"}) {
              const auto a = values_of(story, one);
              const auto b = values_of(story, other);
              if (one == other || !a.contains(last.step) || !b.contains(last.step)) continue;
              if (a.at(last.step) > real(options, "threshold") * b.at(last.step)) return true;
            }
          }
          return false;
        };
      });
}

TEST_CASE("ClassImbalance against its definition") {
  agree(
      "ClassImbalance",
      [](RandomStream& stream) {
        return Options{{"labels_regex", std::string("c.*")},
                       {"predictions_regex", std::string("e")},
                       {"threshold_imbalance", static_cast<double>(between(stream, 1, 9))},
                       {"threshold_misprediction", 0.5},
                       {"samples", between(stream, 1, 30)}};
      },
      {{"labels_regex", {"c1", "c2", "c3"}}, {"predictions_regex", {"e"}}}, {"c1", "c2", "c3", "e"}, 1.0,
      [](const Options& options) -> Oracle {
        return [options](const Story& story) {
          const Said& last = story.back();
          if (last.metric == "e") return last.value > 0.5;
          std::vector<double> counts;
          double sum = 0.0;
          for (const char* one : {"c1", "c2", "c3"}) {
            const auto values = values_of(story, one);
            if (!values.contains(last.step) || std::isnan(values.at(last.step))) continue;
            counts.push_back(values.at(last.step));
            sum += values.at(last.step);
          }
          bool apart = false;
          for (const double a : counts) {
            for (const double b : counts) apart = apart || a > real(options, "threshold_imbalance") * b;
          }
          return sum >= static_cast<double>(whole(options, "samples")) && apart && counts.size() > 1;
        };
      });
}

TEST_CASE("UnchangedTensor against its definition") {
  agree(
      "UnchangedTensor",
      [](RandomStream& stream) {
        return Options{{"num_steps", between(stream, 2, 4)},
                       {"rtol", 0.25 * static_cast<double>(between(stream, 0, 3))},
                       {"atol", 0.25 * static_cast<double>(between(stream, 0, 4))},
                       {"equal_nan", stream.below(2) == 0}};
      },
      {{"metrics", {"w"}}}, {"w", "other"}, 0.25,
      [](const Options& options) -> Oracle {
        return [options](const Story& story) {
          if (story.back().metric != "w") return false;
          std::vector<double> values = in_order(values_of(story, "w"));
          if (static_cast<std::int64_t>(values.size()) < whole(options, "num_steps")) return false;
          const double b = values.back();
          for (std::int64_t i = 0; i < whole(options, "num_steps"); ++i) {
            const double a = values.back();
            values.pop_back();
            const bool both_nan = std::isnan(a) && std::isnan(b) && option<bool>(options, "equal_nan");
            const bool near = std::isfinite(a) && std::isfinite(b) &&
                              std::abs(a - b) <= real(options, "atol") + real(options, "rtol") * std::abs(b);
            if (!both_nan && !near && a != b) return false;
          }
          return true;
        };
      });
}

TEST_CASE("FeatureImportanceOverweight against its definition") {
  const std::vector<std::string> features{"f1", "f2", "f3", "f4"};
  agree(
      "FeatureImportanceOverweight",
      [](RandomStream& stream) {
        return Options{{"threshold", 0.1 * static_cast<double>(between(stream, 4, 9))}, {"nfeatures", between(stream, 1, 3)}};
      },
      {{"metrics", {"f1", "f2", "f3", "f4"}}}, {"f1", "f2", "f3", "f4", "other"}, 1.0,
      [=](const Options& options) -> Oracle {
        return [=](const Story& story) {
          std::map<std::int64_t, std::vector<double>> steps;
          for (const std::string& feature : features) {
            for (const auto& [step, value] : values_of(story, feature)) {
              if (!std::isnan(value)) steps[step].push_back(value);
            }
          }
          if (story.back().metric == "other" || steps[story.back().step].size() != 1 || steps.size() < 2) return false;
          std::vector<double> values = std::next(steps.rbegin())->second;
          double all = 0.0;
          for (const double value : values) all += value;
          double top = 0.0;
          const auto count = whole(options, "nfeatures");
          if (static_cast<std::int64_t>(values.size()) <= count) return false;  // all of them have it all
          for (std::int64_t i = 0; i < count; ++i) {
            const auto largest = std::max_element(values.begin(), values.end());
            top += *largest;
            values.erase(largest);
          }
          return top / all > real(options, "threshold");
        };
      });
}

}  // namespace tune::test
