// Tunes a training loop inside this process: conditional parameters, two trials at once, weak ones stopped early, and a
// checkpoint from which an interrupted trial goes on.

#include <cmath>
#include <cstdio>
#include <fstream>

#include "tune/study.hpp"

namespace {

constexpr int kEpochs = 12;

/// Gradient descent on a badly scaled quadratic: what a network's training is in miniature.
class Model {
 public:
  explicit Model(double learning_rate, double momentum) : learning_rate_(learning_rate), momentum_(momentum) {}

  double train_one_epoch() {
    for (int step = 0; step < 5; ++step) {
      move(x_, vx_, 2.0 * x_);
      move(y_, vy_, 20.0 * y_);
    }
    return x_ * x_ + 10.0 * y_ * y_;
  }

  void save(const std::string& path, int epoch) const {
    std::ofstream(path) << epoch << ' ' << x_ << ' ' << y_ << ' ' << vx_ << ' ' << vy_;
  }
  int load(const std::string& path) {
    int epoch = 0;
    std::ifstream(path) >> epoch >> x_ >> y_ >> vx_ >> vy_;
    return epoch;
  }

 private:
  void move(double& position, double& velocity, double gradient) const {
    velocity = momentum_ * velocity - learning_rate_ * gradient;
    position += velocity;
  }

  double learning_rate_;
  double momentum_;
  double x_ = 3.0;
  double y_ = 2.0;
  double vx_ = 0.0;
  double vy_ = 0.0;
};

}  // namespace

int main() {
  tune::Space space;
  const auto learning_rate = space.log_uniform("learning_rate", 1e-4, 0.2);
  const auto optimizer = space.categorical("optimizer", {"plain", "momentum"});
  const auto momentum = space.when(optimizer, {"momentum"}).reverse_log_uniform("momentum", 0.0, 0.99);

  tune::StudyOptions options;
  options.objective = tune::minimize("loss");
  options.strategy = tune::named("random");
  options.stopping = tune::named("median");
  options.max_trials = 40;
  options.max_step = kEpochs;
  options.seed = 7;
  options.deterministic = true;  // two at a time, and yet the same result every time
  auto study = tune::Study::open("runs/quadratic", space, options);
  if (!study.ok()) {
    std::fprintf(stderr, "%s\n", study.status().message().c_str());
    return 2;
  }

  const auto train = [&](tune::Trial& trial) {
    Model model(trial[learning_rate], trial[momentum].value_or(0.0));
    int epoch = trial.resume_from() ? model.load(*trial.resume_from() + "/model") : 0;
    while (++epoch <= kEpochs) {
      const double loss = model.train_one_epoch();
      model.save(trial.checkpoint_directory() + "/model", epoch);
      if (!trial.report(epoch, loss).go_on()) return;
    }
  };
  const tune::Summary summary = study->run(train, {.parallel = 2});
  if (!summary.status.ok() || !summary.best_trial) {
    std::fprintf(stderr, "%s\n", summary.status.message().c_str());
    return 1;
  }
  std::printf("completed %lld, stopped early %lld, best loss %.3g in trial %lld\n", static_cast<long long>(summary.completed),
              static_cast<long long>(summary.stopped), *summary.best_value, static_cast<long long>(*summary.best_trial));
  return summary.stopped > 0 ? 0 : 1;
}
