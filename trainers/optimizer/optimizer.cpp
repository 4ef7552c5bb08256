#include "trainers/optimizer/optimizer.hpp"

#include <cmath>

namespace tune::trainer {
namespace {

using State = std::vector<std::pair<std::string_view, at::Tensor>>;

/// Momentum and Nesterov momentum (MXNet's documentation of mxnet.optimizer.SGD and NAG): with g the gradient + weight_decay * w,
///   sgd: v = momentum * v - learning_rate * g;  w = w + v
///   nag: v = momentum * v + g;                  w = w - learning_rate * (g + momentum * v)
class Momentum final : public Optimizer {
 public:
  Momentum(const Hyperparameters& h, const at::Tensor& like, std::int64_t decayed, bool nesterov)
      : momentum_(h.momentum), decay_(h.weight_decay), decayed_(decayed), nesterov_(nesterov), velocity_(at::zeros_like(like)) {}

  void step(at::Tensor& parameters, at::Tensor& gradients, double rate) override {
    ++steps;
    if (decay_ > 0) gradients.narrow(0, 0, decayed_).add_(parameters.narrow(0, 0, decayed_), decay_);
    velocity_.mul_(momentum_);
    if (nesterov_) {
      velocity_.add_(gradients);
      parameters.add_(gradients.add_(velocity_, momentum_), -rate);
    } else {
      velocity_.add_(gradients, -rate);
      parameters.add_(velocity_);
    }
  }

  State state() override { return {{"velocity", velocity_}}; }

 private:
  double momentum_, decay_;
  std::int64_t decayed_;
  bool nesterov_;
  at::Tensor velocity_;
};

/// Kingma and Ba, "Adam", ICLR 2015, algorithm 1 with the order of section 2's last paragraph, as MXNet has it:
///   w = w - learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + eps)
class Adam final : public Optimizer {
 public:
  Adam(const Hyperparameters& h, const at::Tensor& like)
      : beta_1_(h.beta_1), beta_2_(h.beta_2), eps_(h.eps), mean_(at::zeros_like(like)), square_(at::zeros_like(like)) {}

  void step(at::Tensor& parameters, at::Tensor& gradients, double learning_rate) override {
    ++steps;
    mean_.mul_(beta_1_).add_(gradients, 1 - beta_1_);
    square_.mul_(beta_2_).addcmul_(gradients, gradients, 1 - beta_2_);
    const auto t = static_cast<double>(steps);
    const double rate = learning_rate * std::sqrt(1 - std::pow(beta_2_, t)) / (1 - std::pow(beta_1_, t));
    parameters.addcdiv_(mean_, square_.sqrt().add_(eps_), -rate);
  }

  State state() override { return {{"mean", mean_}, {"square", square_}}; }

 private:
  double beta_1_, beta_2_, eps_;
  at::Tensor mean_, square_;
};

/// Tieleman and Hinton, 2012, not centred, as MXNet has it: n = gamma * n + (1 - gamma) * g^2;  w = w - learning_rate * g /
/// sqrt(n + eps)
class RmsProp final : public Optimizer {
 public:
  RmsProp(const Hyperparameters& h, const at::Tensor& like) : gamma_(h.gamma), eps_(h.eps), square_(at::zeros_like(like)) {}

  void step(at::Tensor& parameters, at::Tensor& gradients, double learning_rate) override {
    ++steps;
    square_.mul_(gamma_).addcmul_(gradients, gradients, 1 - gamma_);
    parameters.addcdiv_(gradients, square_.add(eps_).sqrt_(), -learning_rate);
  }

  State state() override { return {{"square", square_}}; }

 private:
  double gamma_, eps_;
  at::Tensor square_;
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const Hyperparameters& hyperparameters, const at::Tensor& like, std::int64_t decayed) {
  const std::string& name = hyperparameters.optimizer;
  if (name == "adam") return std::make_unique<Adam>(hyperparameters, like);
  if (name == "rmsprop") return std::make_unique<RmsProp>(hyperparameters, like);
  return std::make_unique<Momentum>(hyperparameters, like, decayed, name == "nag");
}

}  // namespace tune::trainer
