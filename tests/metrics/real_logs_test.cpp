#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "tests/metrics/slow_reader.hpp"
#include "tests/support/test_support.hpp"
#include "tune/value.hpp"

namespace tune::metrics {
namespace {

/// What somebody who reads the log sees.
struct Expected {
  std::string metric;
  std::size_t count;
  std::string first;  ///< "step:value"
  std::string last;
};

std::string shown(const std::string& observation) {
  const auto tab = observation.find('\t');
  const auto second = observation.find('\t', tab + 1);
  const std::string bits = observation.substr(second + 1);
  const std::string value = bits == "nan" ? bits : to_text(std::bit_cast<double>(std::uint64_t{std::stoull(bits, nullptr, 16)}));
  return observation.substr(tab + 1, second - tab - 1) + ":" + value;
}

/// The log's bytes; none, said, when it cannot be had.
std::optional<std::string> unpacked(const std::filesystem::path& path) {
  if (path.extension() != ".zst") return test::read_file(path);
  const auto result =
      test::run_process({"sh", "-c", "command -v zstd > /dev/null && exec zstd -dcq --long=27 \"$0\"", path.string()});
  if (result.exit_code == 0) return result.out;
  MESSAGE("skipped: no zstd to read " << path.string());
  return std::nullopt;
}

void check_log(const std::string& log, const std::string& definitions_name, const std::vector<Expected>& expected) {
  const auto path = test::shared_data("logs/" + log);
  if (!path) return;
  const auto bytes = unpacked(*path);
  if (!bytes) return;
  CAPTURE(log);
  const auto definitions = load_definitions(definitions_name);
  const test::TempDir files;
  const Reading slow = read_slowly(definitions, files.write("log", *bytes));
  const Reading quick = read_quickly(definitions, *bytes, 4093);
  CHECK(quick.observations == slow.observations);
  CHECK(quick.counters == slow.counters);
  for (const Expected& metric : expected) {
    CAPTURE(metric.metric);
    std::vector<std::string> mine;
    for (const std::string& observation : quick.observations) {
      if (observation.starts_with(metric.metric + "\t")) mine.push_back(shown(observation));
    }
    CHECK(mine.size() == metric.count);
    REQUIRE_FALSE(mine.empty());
    CHECK(mine.front() == metric.first);
    CHECK(mine.back() == metric.last);
  }
}

}  // namespace

TEST_CASE("MXNet and GluonCV") {
  check_log("mxnet/tornadomeet-resnet-18.log.zst", "mxnet-module",
            {{"train:accuracy", 6050, "1:0.002617", "120:0.789805"},
             {"train:time", 121, "1:3298.575", "120:1974.926"},
             {"validation:accuracy", 121, "1:0.19326", "120:0.692602"},
             {"validation:top_k_accuracy", 120, "1:0.424605", "120:0.890665"}});
  check_log("mxnet/gluoncv-imagenet-resnet50_v1b.log", "gluoncv-imagenet",
            {{"train:accuracy", 120, "1:0.744984", "120:0.806293"},
             {"train:speed", 120, "1:4681", "120:5154"},
             {"validation:error", 120, "1:0.948103", "120:0.223374"},
             {"validation:error:top5", 120, "1:0.855469", "120:0.062161"}});
  check_log("mxnet/gluoncv-yolo3_mobilenet1.0_voc.log", "gluoncv-yolo",
            {{"learning_rate", 400, "1:9.59e-05", "200:1e-05"},
             {"train:object_loss", 200, "1:177.344", "200:8.429"},
             {"train:class_loss", 200, "1:22.689", "200:2.035"},
             {"validation:mAP", 200, "1:0.01332869378161306", "200:0.757935537944801"}});
  check_log("mxnet/gluoncv-icnet_resnet50_mhpv1.log", "gluoncv-icnet",
            {{"train:loss", 1080, "1:7.274", "120:0.466"},
             {"validation:pixel_accuracy", 120, "1:0.776", "120:0.885"},
             {"validation:mIoU", 120, "1:0.165", "120:0.43"}});
  check_log("mxnet/gluoncv-mask_rcnn_fpn_resnet50_v1b_coco_train.log.zst", "gluoncv-mask-rcnn",
            {{"train:box_accuracy", 3796, "1:0.926", "26:0.931"},
             {"train:mask_accuracy", 3796, "1:0.529", "26:0.884"},
             {"validation:mAP", 26, "2:23.8", "26:35.4"},
             {"validation:AP:0.5", 26, "2:0.434", "26:0.575"}});
}

TEST_CASE("GluonCV's twenty runs on CIFAR") {
  const auto folder = test::shared_data("logs/mxnet/gluoncv-cifar");
  if (!folder) return;
  std::size_t logs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    std::vector<Expected> expected;
    if (name == "cifar_resnet20_v1.log")
      expected = {{"train:accuracy", 200, "1:0.467608", "200:0.996374"},
                  {"train:loss", 200, "1:1.452417", "200:0.01431"},
                  {"validation:accuracy", 200, "1:0.5589", "200:0.92"}};
    if (name == "cifar_wideresnet40_8_mixup.log")
      expected = {{"train:accuracy", 220, "1:0.219952", "220:0.001251"},
                  {"train:loss", 220, "1:1.911323", "220:0.002157"},
                  {"validation:accuracy", 220, "1:0.4997", "220:0.9716"}};
    check_log("mxnet/gluoncv-cifar/" + name, "gluoncv-cifar", expected);
    ++logs;
  }
  CHECK(logs == 20);
}

TEST_CASE("Keras, nanoGPT, MMCV") {
  check_log("keras/mnist_mlp.stream.txt", "keras",
            {{"train:loss", 10, "1:0.2735", "10:0.0272"},
             {"train:accuracy", 10, "1:0.9155", "10:0.9923"},
             {"validation:loss", 10, "1:0.1111", "10:0.1024"},
             {"validation:accuracy", 10, "1:0.9663", "10:0.9802"}});
  check_log("nanogpt/2024-06-06_AdamW-f66d43d7.log", "nanogpt",
            {{"train:loss", 9536, "0:10.965596", "9535:3.34018"}, {"validation:loss", 76, "0:10.968871", "9536:3.275959"}});
  check_log("mmcv/20200408_174207.log.json", "mmcv-json",
            {{"learning_rate", 10, "1:0.02", "10:0.02"},
             {"momentum", 10, "1:0.95", "10:0.9433"},
             {"time", 10, "1:0.01251", "10:0.00241"}});
}

TEST_CASE("MLPerf") {
  check_log("mlperf/v0.5-nvidia-dgx2-pytorch-gnmt-result_2.txt.zst", "mlperf-gnmt",
            {{"train:loss", 3, "1:4.2126", "3:3.1095"},
             {"validation:loss", 3, "1:3.2679", "3:2.9981"},
             {"test:bleu", 3, "1:18.96", "3:22.13"},
             {"eval_accuracy", 3, "1:18.959999084472656", "3:22.1299991607666"},
             {"gradient_norm", 66, "1:inf", "66:inf"}});
  check_log("mlperf/v0.6-nvidia-dgx1-mxnet-resnet-result_0.txt", "mlperf-mxnet-resnet",
            {{"train:accuracy", 2280, "1:0.001145", "60:0.792067"}, {"validation:accuracy", 15, "4:0.36176", "60:0.762"}});
  check_log("mlperf/v0.6-nvidia-dgx1-pytorch-maskrcnn-result_0.txt.zst", "mlperf-pytorch-maskrcnn",
            {{"train:loss", 1592, "1:2.0861", "14:0.6127"},
             {"validation:bbox_mAP", 13, "1:0.1988320950217395", "13:0.3770440286348618"},
             {"validation:segm_mAP", 13, "1:0.19739595279924327", "13:0.3428186644034211"}});
}

TEST_CASE("a search by Optuna and its final runs") {
  check_log("optuna-image/nohup.out", "optuna-search",
            {{"validation:accuracy", 6, "1:1", "20:0.8125"}, {"value", 6, "1:1", "20:0.8125"}});
  check_log("optuna-image/training_log_resnet50.txt", "pytorch-table",
            {{"train:loss", 5, "1:0.3969", "5:0.0864"},
             {"train:accuracy", 5, "1:0.8403", "5:0.9697"},
             {"validation:loss", 5, "1:0.4139", "5:0.2442"},
             {"validation:accuracy", 5, "1:0.8125", "5:1"}});
  check_log("optuna-image/final_run_output.out.zst", "pytorch-table",
            {{"train:loss", 35, "1:0.1788", "5:0.1457"},
             {"train:accuracy", 35, "1:0.9308", "5:0.941"},
             {"validation:loss", 35, "1:0.1205", "5:0.1141"},
             {"validation:accuracy", 35, "1:0.9328", "5:0.9482"}});
}

}  // namespace tune::metrics
