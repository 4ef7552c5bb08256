#include "benchmarks/search/problems.hpp"

#include <cmath>
#include <numbers>

namespace tune::benchmarks {
namespace {

constexpr double kPi = std::numbers::pi;

double branin(const std::vector<double>& u) {
  const double x = 15.0 * u[0] - 5.0;
  const double y = 15.0 * u[1];
  const double a = y - 5.1 / (4.0 * kPi * kPi) * x * x + 5.0 / kPi * x - 6.0;
  return a * a + 10.0 * (1.0 - 1.0 / (8.0 * kPi)) * std::cos(x) + 10.0;
}

double hartmann6(const std::vector<double>& u) {
  constexpr double kAlpha[4] = {1.0, 1.2, 3.0, 3.2};
  constexpr double kA[4][6] = {
      {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double kP[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                               {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                               {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                               {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  double sum = 0.0;
  for (int i = 0; i < 4; ++i) {
    double inner = 0.0;
    for (std::size_t j = 0; j < 6; ++j) inner += kA[i][j] * (u[j] - kP[i][j]) * (u[j] - kP[i][j]);
    sum -= kAlpha[i] * std::exp(-inner);
  }
  return sum;
}

double ackley(const std::vector<double>& u) {
  double squares = 0.0;
  double cosines = 0.0;
  const double d = static_cast<double>(u.size());
  for (const double one : u) {
    const double x = 65.536 * (one - 0.67);
    squares += x * x;
    cosines += std::cos(2.0 * kPi * x);
  }
  return -20.0 * std::exp(-0.2 * std::sqrt(squares / d)) - std::exp(cosines / d) + 20.0 + std::numbers::e;
}

double levy(const std::vector<double>& u) {
  const auto w = [&u](std::size_t i) { return 1.0 + (20.0 * u[i] - 10.0 - 1.0) / 4.0; };
  double sum = std::pow(std::sin(kPi * w(0)), 2);
  for (std::size_t i = 0; i + 1 < u.size(); ++i) {
    sum += (w(i) - 1.0) * (w(i) - 1.0) * (1.0 + 10.0 * std::pow(std::sin(kPi * w(i) + 1.0), 2));
  }
  const double last = w(u.size() - 1);
  return sum + (last - 1.0) * (last - 1.0) * (1.0 + std::pow(std::sin(2.0 * kPi * last), 2));
}

double rosenbrock(const std::vector<double>& u) {
  double sum = 0.0;
  for (std::size_t i = 0; i + 1 < u.size(); ++i) {
    const double x = 15.0 * u[i] - 5.0;
    const double y = 15.0 * u[i + 1] - 5.0;
    sum += 100.0 * (y - x * x) * (y - x * x) + (1.0 - x) * (1.0 - x);
  }
  return sum;
}

double styblinski_tang(const std::vector<double>& u) {
  double sum = 0.0;
  for (const double one : u) {
    const double x = 10.0 * one - 5.0;
    sum += 0.5 * (x * x * x * x - 16.0 * x * x + 5.0 * x);
  }
  return sum;
}

}  // namespace

const std::vector<Problem>& problems() {
  static const std::vector<Problem> kProblems = {
      {"branin", 2, 0.39788735772973816, branin},
      {"hartmann6", 6, -3.322368011415515, hartmann6},
      {"ackley5", 5, 0.0, ackley},
      {"levy5", 5, 0.0, levy},
      {"rosenbrock4", 4, 0.0, rosenbrock},
      {"styblinski_tang5", 5, -39.16616570377142 * 5, styblinski_tang},
      {"ackley10", 10, 0.0, ackley},
  };
  return kProblems;
}

Space unit_space(int dimensions) {
  Space space;
  for (int i = 0; i < dimensions; ++i) space.uniform("x" + std::to_string(i), 0.0, 1.0);
  return space;
}

StudyRecord empty_study(const Space& space, std::uint64_t seed) {
  StudyRecord study;
  study.space = space;
  study.objective = minimize("loss");
  study.seed = seed;
  return study;
}

void add_completed(StudyRecord& study, const Configuration& configuration, double value) {
  TrialRecord trial;
  trial.id = static_cast<TrialId>(study.trials.size()) + 1;
  trial.configuration = configuration;
  trial.status = TrialStatus::kCompleted;
  trial.value = value;
  Point point;
  point.step = 1;
  point.value = value;
  trial.series.push_back({study.objective.metric, {point}});
  study.finished_order.push_back(trial.id);
  study.trials.push_back(std::move(trial));
}

std::vector<double> numbers(const Configuration& configuration) {
  std::vector<double> all;
  for (std::size_t i = 0; i < configuration.size(); ++i) all.push_back(as_number(*configuration[i]));
  return all;
}

std::unique_ptr<Strategy> make_strategy(const std::string& name, const Space& space, const Options& changes) {
  const Registry registry = builtin();
  const Entry<Strategy>* entry = registry.find_strategy(name);
  TUNE_CHECK(entry != nullptr);
  Options options = changes;
  for (const OptionSpec& spec : entry->options) {
    if (spec.default_value) options.try_emplace(spec.name, *spec.default_value);
  }
  auto made = entry->make(space, options);
  TUNE_CHECK(made.ok());
  return std::move(made).value();
}

}  // namespace tune::benchmarks
