#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>

#include "metrics/log_reader.hpp"
#include "tests/metrics/slow_reader.hpp"
#include "tests/support/test_support.hpp"

namespace tune::metrics {
namespace {

/// A log as tensorpack writes it on a terminal, from a fixed seed: coloured prefixes, an evaluation every third epoch, noise that
/// names the metrics without being one. `counts` gets the metric lines written.
std::string tensorpack_log(const std::vector<std::string>& names, int epochs, std::map<std::string, std::size_t>& counts) {
  std::mt19937_64 generator(1440);
  const auto uniform = [&] { return static_cast<double>(generator() >> 11) * 0x1p-53; };
  std::string log;
  int second = 0;
  const auto line = [&](const std::string& source, const std::string& text) {
    char prefix[80];
    ++second;
    std::snprintf(prefix, sizeof prefix, "\x1b[32m[0514 %02d:%02d:%02d @%s]\x1b[0m ", second / 3600 % 24, second / 60 % 60,
                  second % 60, source.c_str());
    log += prefix + text + "\n";
  };
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    line("base.py:273", "Start Epoch " + std::to_string(epoch) + " ...");
    for (int bar = 0; bar <= 100; bar += 20)
      log += std::to_string(bar) + "%|#####    |" + std::to_string(bar) + "/100[00:05<00:05, 9.6it/s]\r";
    log += "\n";
    line("base.py:283", "Epoch " + std::to_string(epoch) + " (global_step " + std::to_string(epoch * 500) +
                            ") finished, time:2 minutes 8 seconds.");
    line("eval.py:12", "evaluating mAP(bbox)/IoU=0.5 and fastrcnn_losses/box_loss on 5000 images");
    for (const std::string& name : names) {
      if (name.starts_with("mAP") && epoch % 3 != 0) continue;
      char value[32];
      const double scale = uniform() < 0.2 ? 1e-6 : 1.0;
      std::snprintf(value, sizeof value, "%.5g", uniform() < 0.02 ? std::nan("") : uniform() * scale);
      line("monitor.py:476", name + ": " + value);
      ++counts[name];
    }
    line("monitor.py:476", "learning_rate: 0.01");
  }
  return log;
}

}  // namespace

TEST_CASE("the definitions in configs/metrics can all be used") {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test::source_dir() / "configs" / "metrics")) {
    CAPTURE(entry.path().string());
    REQUIRE(entry.path().extension() == ".yaml");
    const auto compiled = compile(load_definitions(entry.path().stem().string()));
    CHECK_MESSAGE(compiled.ok(), compiled.status().message());
    ++files;
  }
  CHECK(files >= 16);
}

TEST_CASE("tensorpack's Mask R-CNN: 22 names, colours, and two metrics of which one begins like the other") {
  const auto definitions = load_definitions("tensorpack-mask-rcnn");
  REQUIRE(definitions.size() == 22);
  std::vector<std::string> names;
  for (const MetricDefinition& definition : definitions) names.push_back(definition.name);
  std::map<std::string, std::size_t> counts;
  const std::string log = tensorpack_log(names, 30, counts);
  const test::TempDir files;
  const Reading slow = read_slowly(definitions, files.write("log", log));
  const Reading quick = read_quickly(definitions, log, 1000);
  CHECK(quick.observations == slow.observations);
  CHECK(quick.counters == slow.counters);
  CHECK(quick.counters.ends_with(" 0 0 0"));

  std::map<std::string, std::size_t> read;
  for (const std::string& observation : quick.observations) ++read[observation.substr(0, observation.find('\t'))];
  CHECK(read == counts);
  CHECK(read["mAP(bbox)/IoU=0.5"] == 10);
  CHECK(read["mAP(bbox)/IoU=0.5:0.95"] == 10);
  CHECK(read["maskrcnn_loss/accuracy"] == 30);
  CHECK(quick.observations.size() == 30 * 10 + 10 * 12);
  CHECK(quick.observations.back().find("fastrcnn_losses/num_fg_label\t30\t") == 0);
}

TEST_CASE("the definition SageMaker published reads the wrong line, and that is counted") {
  std::map<std::string, std::size_t> counts;
  const std::string log = tensorpack_log({"mAP(bbox)/IoU=0.5", "mAP(bbox)/IoU=0.5:0.95"}, 30, counts);
  const std::vector<MetricDefinition> published = {{"mAP(bbox)/IoU=0.5", R"(.*mAP\(bbox\)/IoU=0\.5:\s*(\S+).*)", {}, 0}};
  const Reading quick = read_quickly(published, log, log.size());
  CHECK(quick.observations.size() == 10);
  CHECK(quick.counters.ends_with(" 0 10 0"));
}

TEST_CASE("SageMaker's image classification") {
  const std::string log =
      "[09/14/2020 05:37:38 INFO 139869866030912] Epoch[0] Batch [20]#011Speed: 111.811 samples/sec#011accuracy=0.452381\n"
      "[09/14/2020 05:38:58 INFO 139869866030912] Epoch[0] Train-accuracy=0.677083\n"
      "[09/14/2020 05:38:58 INFO 139869866030912] Epoch[0] Time cost=102.745\n"
      "[09/14/2020 05:39:02 INFO 139869866030912] Epoch[0] Validation-accuracy=0.729492\n"
      "[09/14/2020 05:39:02 INFO 139869866030912] Storing the best model with validation accuracy: 0.729492\n"
      "[09/14/2020 05:49:02 INFO 139869866030912] Epoch[1] Validation-accuracy=nan\nBillable seconds: 235\n";
  const auto definitions = load_definitions("sagemaker-image-classification");
  const test::TempDir files;
  const Reading quick = read_quickly(definitions, log, 7);
  CHECK(quick.observations == read_slowly(definitions, files.write("log", log)).observations);
  REQUIRE(quick.observations.size() == 5);
  CHECK(quick.observations[0].starts_with("train:accuracy:batch\t1\t"));
  CHECK(quick.observations[4] == "validation:accuracy\t2\tnan");
}

TEST_CASE("both readers agree on odd lines") {
  const std::vector<MetricDefinition> definitions = {{"a", R"(a=([^ ,;]*))", R"(e(\S+))", 1}, {"b", R"(#011b=(\S+))", {}, 0}};
  const std::string log =
      "a=1,234.5;\na=12%\na=1,23\x1b[0m4 e3\na=+.5e-3 e3.0\na=0x1\na=\na=inf a=2\na=-Infinity\ra=nan\b\b\ba=1_0\n"
      "#011b=1#015#011b=2 #015 #011b=3\nx#011b=4#033[0mb=5\n\x1b]0;a=5\aa=6\x1b(B\n\x1b]a=7\n\x1b[1;\x1b[2 \x1b\nBa=8 "
      "e9\na=1e999\na=-1e-999\n"
      "@tune {\"a\": 1, \"step\": 3, \"z\": \"-Infinity\"}\nbar @tune  {\"a\": NaN}\n@tune {\"a\": [1]}\n@tune {}\n@tune{\"a\": "
      "1} a=4\n"
      "@tune {\"a\": true}\n@tune {\"a\": 1} \n@tune {\"step\": 2.5, \"a\": 1}\n" +
      std::string(65536, 'x') + "a=3\nlast a=10";
  const test::TempDir files;
  const Reading slow = read_slowly(definitions, files.write("log", log));
  const Reading quick = read_quickly(definitions, log, 11);
  CHECK(quick.observations == slow.observations);
  CHECK(quick.counters == slow.counters);
  CHECK(slow.observations.size() > 15);
}

}  // namespace tune::metrics
