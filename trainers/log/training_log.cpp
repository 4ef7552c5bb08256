#include "trainers/log/training_log.hpp"

#include <pthread.h>

#include <chrono>
#include <ctime>

#include "trainers/support/numbers.hpp"
#include "tune/report.hpp"

namespace tune::trainer {
namespace {

std::int64_t monotonic() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

std::string rounded(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

std::string prefix(std::int64_t epoch) { return "Epoch[" + std::to_string(epoch) + "] "; }

}  // namespace

Stopwatch::Stopwatch() : start_(monotonic()) {}
double Stopwatch::seconds() const { return static_cast<double>(monotonic() - start_) * 1e-9; }

double unix_seconds() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

void TrainingLog::line(const std::string& text) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%m/%d/%Y %H:%M:%S", &parts);
  print("[" + std::string(stamp) + " INFO " + std::to_string(pthread_self()) + "] " + text);
}

void TrainingLog::report(std::int64_t step, const Metrics& metrics) {
  if (!metrics.empty()) print(report_line_of(step, metrics));
}

void TrainingLog::print(const std::string& line) {
  if (std::fprintf(out_, "%s\n", line.c_str()) < 0 || std::fflush(out_) != 0) broken_ = true;
}

void TrainingLog::batch(std::int64_t epoch, std::int64_t batch, double samples_per_second, double accuracy) {
  // #011 is how SageMaker's log stream shows the tab of the original.
  line(prefix(epoch) + "Batch [" + std::to_string(batch) + "]#011Speed: " + rounded(samples_per_second, 3) +
       " samples/sec#011accuracy=" + plain_text(accuracy));
}

void TrainingLog::trained(std::int64_t epoch, Scores scores, double seconds) {
  line(prefix(epoch) + "Train-accuracy=" + plain_text(scores.accuracy));
  if (scores.top_k) line(prefix(epoch) + "Train-top_k_accuracy_" + std::to_string(scores.k) + "=" + plain_text(*scores.top_k));
  line(prefix(epoch) + "Train-loss=" + plain_text(scores.loss));
  line(prefix(epoch) + "Time cost=" + rounded(seconds, 3));
}

void TrainingLog::validated(std::int64_t epoch, Scores scores) {
  line(prefix(epoch) + "Validation-loss=" + plain_text(scores.loss));
  if (scores.top_k)
    line(prefix(epoch) + "Validation-top_k_accuracy_" + std::to_string(scores.k) + "=" + plain_text(*scores.top_k));
  line(prefix(epoch) + "Validation-accuracy=" + plain_text(scores.accuracy));
}

}  // namespace tune::trainer
