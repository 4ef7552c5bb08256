#include "trainers/loop/loss.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace tune::trainer;

namespace {

using Row = std::vector<double>;

const std::vector<Row> kScores = {{2, -1, 0.5}, {0, 0.25, -3}, {-1, 4, 4.5}, {1, 1.5, 1.25}};
const std::vector<int> kLabels = {0, 1, 1, 2};
const std::vector<Row> kManyLabels = {{1, 0, 1}, {0, 0, 0}, {0, 1, 1}, {1, 1, 0}};

at::Tensor tensor(const std::vector<Row>& rows) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(rows.size()), 3}, at::kFloat);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) out[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(k)] = rows[i][k];
  }
  return out;
}
at::Tensor labels() { return at::tensor(std::vector<std::int64_t>(kLabels.begin(), kLabels.end()), at::kLong); }

double log_softmax(const Row& row, std::size_t k) {
  double sum = 0;
  for (const double score : row) sum += std::exp(score);
  return row[k] - std::log(sum);
}

Hyperparameters three_classes() {
  Hyperparameters h;
  h.num_classes = 3;
  return h;
}

}  // namespace

TEST_CASE("cross-entropy with smoothing: the label has 1 - e, and all classes share e") {
  Hyperparameters h = three_classes();
  h.label_smoothing = 0.3;
  const Loss loss(h, {}, at::kCPU);
  double plain = 0;
  double smooth = 0;
  for (std::size_t i = 0; i < kScores.size(); ++i) {
    plain -= log_softmax(kScores[i], static_cast<std::size_t>(kLabels[i])) / 4;
    smooth -= 0.7 * log_softmax(kScores[i], static_cast<std::size_t>(kLabels[i])) / 4;
    for (std::size_t k = 0; k < 3; ++k) smooth -= 0.1 * log_softmax(kScores[i], k) / 4;
  }
  CHECK(loss.training(tensor(kScores), labels()).item<double>() == doctest::Approx(smooth));
  CHECK(loss.validation(tensor(kScores), labels()).item<double>() == doctest::Approx(plain));
}

TEST_CASE("several labels: binary cross-entropies; a rare class's positives weigh more in training") {
  Hyperparameters h = three_classes();
  h.multi_label = true;
  h.use_weighted_loss = true;
  ImageSet train;
  const std::vector<std::int32_t> seen = {1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0};  // 1, 3 and 0 of 4 images
  const std::vector<ImagePlace> places(4);
  train.labels = seen;
  train.labels_per_image = 3;
  train.places = places;
  const Row weights = {3, 1.0 / 3, 1};
  const Loss loss(h, train, at::kCPU);
  double plain = 0;
  double weighted = 0;
  for (std::size_t i = 0; i < kScores.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const double yes = -std::log(1 / (1 + std::exp(-kScores[i][k])));
      const double no = -std::log(1 / (1 + std::exp(kScores[i][k])));
      plain += (kManyLabels[i][k] > 0 ? yes : no) / 12;
      weighted += (kManyLabels[i][k] > 0 ? weights[k] * yes : no) / 12;
    }
  }
  CHECK(loss.training(tensor(kScores), tensor(kManyLabels)).item<double>() == doctest::Approx(weighted));
  CHECK(loss.validation(tensor(kScores), tensor(kManyLabels)).item<double>() == doctest::Approx(plain));
}

TEST_CASE("a tally counts loss, right answers and answers among the likeliest") {
  Hyperparameters h = three_classes();
  h.top_k = 2;
  const Loss loss(h, {}, at::kCPU);
  REQUIRE(loss.tally_size() == 3);
  at::Tensor tally = at::zeros({3}, at::kDouble);
  loss.add(tally, at::scalar_tensor(0.5), tensor(kScores), labels());
  loss.add(tally, at::scalar_tensor(1.5), tensor(kScores), labels());
  const Scores scores = loss.scores(tally, 8);
  CHECK(scores.loss == 1);
  CHECK(scores.accuracy == 0.5);  // rows 0 and 1
  CHECK(*scores.top_k == 1);      // 4 is second of 4.5, 1.25 of 1.5
  tally[0] = std::numeric_limits<double>::infinity();
  CHECK(std::isnan(loss.scores(tally, 8).accuracy));
  CHECK(std::isnan(*loss.scores(tally, 8).top_k));
}

TEST_CASE("with several labels the accuracy is the share of classes that are said right") {
  Hyperparameters h = three_classes();
  h.multi_label = true;
  h.top_k = 2;
  const Loss loss(h, {}, at::kCPU);
  CHECK(loss.tally_size() == 2);
  at::Tensor tally = at::zeros({2}, at::kDouble);
  loss.add(tally, at::scalar_tensor(0.5), tensor(kScores), tensor(kManyLabels));
  CHECK(loss.scores(tally, 4).accuracy == doctest::Approx((3 + 2 + 3 + 2) / 12.0));
}
