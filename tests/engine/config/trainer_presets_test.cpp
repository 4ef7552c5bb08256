#include "engine/config/trainer_presets.hpp"

#include <doctest/doctest.h>

#include "metrics/log_reader.hpp"
#include "tune/value.hpp"

using namespace tune;
using namespace tune::engine;

// Lines as SageMaker's image classification writes them (the first four are from a published notebook).
TEST_CASE("the image classification preset reads SageMaker's log lines") {
  const TrainerPreset* preset = find_trainer("image_classification");
  REQUIRE(preset != nullptr);
  CHECK(preset->program == "tune-train-image");
  CHECK(find_trainer("image_clasification") == nullptr);
  const auto compiled = metrics::compile(preset->metrics);
  REQUIRE_MESSAGE(compiled.ok(), compiled.status().message());
  metrics::LogReader reader(*compiled);
  std::string seen;
  const auto sink = [&](const metrics::ParsedObservation& one) {
    seen += one.metric + " " + std::to_string(one.step) + " " + to_text(one.value) + "\n";
  };
  reader.feed(
      "[09/14/2020 05:37:38 INFO 139869866030912] Epoch[0] Batch [20]#011Speed: 111.811 samples/sec#011accuracy=0.452381\n"
      "[09/14/2020 05:38:58 INFO 139869866030912] Epoch[0] Train-accuracy=0.677083\n"
      "[09/14/2020 05:38:58 INFO 139869866030912] Epoch[0] Time cost=102.745\n"
      "[09/14/2020 05:39:02 INFO 139869866030912] Epoch[0] Validation-accuracy=0.729492\n"
      "[09/14/2020 05:39:02 INFO 139869866030912] Storing the best model with validation accuracy: 0.729492\n"
      "[09/14/2020 05:40:00 INFO 1] Epoch[1] Train-loss=1e-05\n"
      "[09/14/2020 05:40:00 INFO 1] Epoch[1] Validation-loss=nan\n",
      sink);
  reader.finish(sink);
  CHECK(seen ==
        "train:accuracy 1 0.677083\ntrain:seconds 1 102.745\nvalidation:accuracy 1 0.729492\ntrain:loss 2 1e-05\nvalidation:loss "
        "2 nan\n");
}
