#include "benchmarks/log_parsing/generate_log.hpp"

#include <array>
#include <cstdio>
#include <random>

namespace tune::benchmarks {
namespace {

constexpr std::uint64_t kMetricPercent = 15;
constexpr std::uint64_t kLinesPerEpoch = 2000;

/// `name` with what a pattern would take for more than text escaped.
std::string escaped(const std::string& name) {
  std::string pattern;
  for (const char c : name) {
    if (c == '(' || c == ')' || c == '.') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const char* name : {"accuracy", "fg_pixel_ratio", "maskrcnn_loss", "pos_accuracy"})
      names.push_back(std::string("maskrcnn_loss/") + name);
    for (const char* name : {"box_loss", "label_loss", "label_metrics/accuracy", "label_metrics/false_negative",
                             "label_metrics/fg_accuracy", "num_fg_label"}) {
      names.push_back(std::string("fastrcnn_losses/") + name);
    }
    for (const char* kind : {"bbox", "segm"}) {
      for (const char* name : {"IoU=0.5", "IoU=0.5:0.95", "IoU=0.75", "large", "medium", "small"}) {
        names.push_back(std::string("mAP(") + kind + ")/" + name);
      }
    }
    return names;
  }();
  return kNames;
}

std::vector<MetricDefinition> definitions(bool published_form) {
  std::vector<MetricDefinition> all;
  for (const std::string& name : metric_names()) {
    const std::string pattern = escaped(name);
    all.push_back({name, published_form ? ".*" + pattern + R"(:\s*(\S+).*)" : R"(\] )" + pattern + R"(: (\S+))",
                   R"(\] Epoch (\d+) \(global_step)", 0});
  }
  return all;
}

std::string generate_log(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  const auto below = [&](std::uint64_t bound) { return generator() % bound; };
  std::string log;
  log.reserve(bytes + 256);
  std::array<char, 256> line{};
  std::uint64_t metrics = 0;
  for (std::uint64_t number = 1; log.size() < bytes; ++number) {
    const auto minute = static_cast<int>(number / 60 % 60);
    const auto second = static_cast<int>(number % 60);
    const double value = static_cast<double>(generator() >> 11) * 0x1p-53;
    const auto add = [&](const char* format, auto... values) {
      const int size = std::snprintf(line.data(), line.size(), format, values...);
      log.append(line.data(), static_cast<std::size_t>(size));
    };
    if (number % kLinesPerEpoch == 0) {
      const auto epoch = static_cast<unsigned long>(number / kLinesPerEpoch);
      add("[0514 09:%02d:%02d @base.py:283] Epoch %lu (global_step %lu) finished, time:2 minutes 8 seconds.\n", minute, second,
          epoch, epoch * 500);
    } else if (below(100) < kMetricPercent) {
      const std::string& name = metric_names()[metrics++ % metric_names().size()];
      add("[0514 09:%02d:%02d @monitor.py:476] %s: %.5g\n", minute, second, name.c_str(), value);
    } else if (const auto kind = below(4); kind == 0) {
      const auto percent = static_cast<unsigned long>(below(101));
      add("%3lu%%|##########          |%lu/500[01:%02d<00:%02d, %.2fit/s] loss %.4f lr 0.01\n", percent, percent * 5, minute,
          second, value * 10, value);
    } else if (kind == 1) {
      add("[0514 09:%02d:%02d @parallel.py:%lu] WRN worker %lu waited %.3f seconds for a batch of images\n", minute, second,
          static_cast<unsigned long>(below(900)), static_cast<unsigned long>(below(8)), value);
    } else if (kind == 2) {
      add("[0514 09:%02d:%02d @eval.py:273] evaluated image %lu of COCO val2017, %lu boxes, best score %.4f, inference %.1f ms\n",
          minute, second, static_cast<unsigned long>(below(5000)), static_cast<unsigned long>(below(100)), value, value * 90);
    } else {
      add("2024-05-14 09:%02d:%02d.%06lu: I tensorflow/core/common_runtime/bfc_allocator.cc:%lu] pool has %lu chunks in use\n",
          minute, second, static_cast<unsigned long>(below(1000000)), static_cast<unsigned long>(below(900)),
          static_cast<unsigned long>(below(9000)));
    }
  }
  return log;
}

}  // namespace tune::benchmarks
