#include "trainers/log/training_log.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "tests/support/test_support.hpp"
#include "trainers/log/metric_names.hpp"

using namespace tune::test;
using namespace tune::trainer;

TEST_CASE("a report is one line of JSON in the order that is given, which reads back exactly") {
  const TempDir folder;
  const std::string path = folder / "log";
  std::FILE* out = std::fopen(path.c_str(), "w");
  TrainingLog log(out);
  log.report(3, {{std::string(kValidationAccuracy), 0.1},
                 {of_layer(kGradientNorm, "layer1"), 1e-300},
                 {std::string(kTrainLoss), std::nan("")},
                 {"up", std::numeric_limits<double>::infinity()},
                 {"down", -std::numeric_limits<double>::infinity()},
                 {of_class(kClassError, 7), 0}});
  log.report(4, {});
  CHECK_FALSE(log.broken());
  std::fclose(out);
  CHECK(read_file(path) ==
        "@tune {\"step\": 3, \"validation:accuracy\": 0.1, \"gradient_norm/layer1\": 1e-300, \"train:loss\": \"NaN\", "
        "\"up\": \"Infinity\", \"down\": \"-Infinity\", \"class_error/7\": 0}\n");
}

TEST_CASE("a full disk is noticed") {
  std::FILE* full = std::fopen("/dev/full", "w");
  REQUIRE(full != nullptr);
  TrainingLog log(full);
  log.report(1, {{"a", 1.0}});
  CHECK(log.broken());
  std::fclose(full);
}
