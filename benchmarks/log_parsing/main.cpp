// How fast a log is read: LogReader beside RE2 with one definition after the other, on the same log in the same run, one core.
//   bench_log_parsing [MEGABYTES=200] [RUNS=5]

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/log_parsing/generate_log.hpp"
#include "metrics/log_reader.hpp"

namespace {

using tune::MetricDefinition;

constexpr std::size_t kChunk = 64 * 1024;  ///< bytes, as an executor reads them
constexpr std::uint64_t kSeed = 20240514;

struct Sum {
  std::int64_t count = 0;
  std::int64_t steps = 0;
  double values = 0.0;
  bool operator==(const Sum&) const = default;
};

Sum read_with_log_reader(const std::vector<MetricDefinition>& definitions, std::string_view log) {
  auto compiled = tune::metrics::compile(definitions);
  if (!compiled) {
    std::fprintf(stderr, "%s\n", compiled.status().message().c_str());
    std::exit(1);
  }
  tune::metrics::LogReader reader(*compiled);
  Sum sum;
  const auto sink = [&](const tune::metrics::ParsedObservation& observation) {
    ++sum.count;
    sum.steps += observation.step;
    sum.values += observation.value;
  };
  for (std::size_t at = 0; at < log.size(); at += kChunk) reader.feed(log.substr(at, kChunk), sink);
  reader.finish(sink);
  return sum;
}

Sum read_one_by_one(const std::vector<MetricDefinition>& definitions, std::string_view log) {
  RE2::Options options(RE2::Latin1);
  std::vector<std::unique_ptr<RE2>> regexes;
  for (const MetricDefinition& definition : definitions) regexes.push_back(std::make_unique<RE2>(definition.regex, options));
  const RE2 step_regex(*definitions[0].step, options);  // all have the same; trying it once is in this reader's favour
  Sum sum;
  std::int64_t step = -1;
  std::vector<std::int64_t> counts(definitions.size());
  for (const char* at = log.data(); at < log.data() + log.size();) {
    const auto left = static_cast<std::size_t>(log.data() + log.size() - at);
    const char* end = static_cast<const char*>(std::memchr(at, '\n', left));
    if (!end) end = at + left;
    const re2::StringPiece line(at, static_cast<std::size_t>(end - at));
    re2::StringPiece found[2];
    if (step_regex.Match(line, 0, line.size(), RE2::UNANCHORED, found, 2))
      std::from_chars(found[1].begin(), found[1].end(), step);
    for (std::size_t i = 0; i < regexes.size(); ++i) {
      if (!regexes[i]->Match(line, 0, line.size(), RE2::UNANCHORED, found, 2)) continue;
      double value = 0.0;
      const auto [last, error] = std::from_chars(found[1].begin(), found[1].end(), value);
      if (error != std::errc{} || last != found[1].end()) continue;
      ++counts[i];
      ++sum.count;
      sum.steps += step >= 0 ? step : counts[i];
      sum.values += value;
    }
    at = end + 1;
  }
  return sum;
}

/// Processor time of this thread: on a machine that others use too, wall time would say what they do.
double seconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double start = now();
  work();
  return now() - start;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

bool measure(const char* title, const std::vector<MetricDefinition>& definitions, const std::string& log, int runs) {
  std::vector<double> ours, theirs, ratios;
  Sum quick, slow;
  for (int run = 0; run < runs; ++run) {  // turn by turn: what slows the machine down slows both
    ours.push_back(seconds([&] { quick = read_with_log_reader(definitions, log); }));
    theirs.push_back(seconds([&] { slow = read_one_by_one(definitions, log); }));
    ratios.push_back(theirs.back() / ours.back());
  }
  const double gigabytes = static_cast<double>(log.size()) / 1e9;
  std::printf("%-34s LogReader %.3f GB/s   RE2 one by one %.3f GB/s   ratio %.1f   (%lld values%s)\n", title,
              gigabytes / median(ours), gigabytes / median(theirs), median(ratios), static_cast<long long>(quick.count),
              quick == slow ? "" : ", THE READERS DIFFER");
  return quick == slow;
}

}  // namespace

int main(int argc, char** argv) {
  const auto megabytes = static_cast<std::size_t>(argc > 1 ? std::atoi(argv[1]) : 200);
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  if (megabytes < 1 || runs < 1) {
    std::fprintf(stderr, "usage: bench_log_parsing [MEGABYTES] [RUNS]\n");
    return 2;
  }
  const std::string log = tune::benchmarks::generate_log(megabytes * 1000000, kSeed);
  const auto lines = std::count(log.begin(), log.end(), '\n');
  std::printf("%.1f MB, %lld lines, 22 definitions, median of %d runs, processor time of one thread\n",
              static_cast<double>(log.size()) / 1e6, static_cast<long long>(lines), runs);
  const bool same = measure("configs/metrics' definitions", tune::benchmarks::definitions(false), log, runs) &
                    measure("SageMaker's published definitions", tune::benchmarks::definitions(true), log, runs);
  return same ? 0 : 1;
}
