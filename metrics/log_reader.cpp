#include "metrics/log_reader.hpp"

#include <utility>

#include "metrics/clean_line.hpp"
#include "metrics/definitions.hpp"
#include "metrics/line_splitter.hpp"
#include "metrics/number.hpp"
#include "metrics/report_line.hpp"

namespace tune::metrics {

class LogReader::Impl {
 public:
  Impl(std::shared_ptr<const CompiledDefinitions> definitions, ReaderState state, std::map<std::string, std::int64_t> counts,
       int skip)
      : definitions_(std::move(definitions)),
        splitter_(state.offset),
        before_(std::move(state)),
        counts_(std::move(counts)),
        skip_(skip) {
    const auto& all = definitions_->definitions();
    before_.steps.resize(all.size());
    now_ = before_.steps;
    for (const MetricDefinition& definition : all) {
      outputs_.push_back({{definition.name, 0, 0.0, 0}, &counts_[definition.name]});
    }
  }

  void feed(std::string_view bytes, const Sink& sink) {
    splitter_.feed(bytes);
    RawLine line;
    while (splitter_.next(line)) read(line, sink);
    keep_recent();
  }

  void finish(const Sink& sink) {
    RawLine line;
    if (splitter_.finish(line)) read(line, sink);
    keep_recent();
  }

  [[nodiscard]] const ReaderState& line_state() const { return before_; }
  [[nodiscard]] const ReaderCounters& counters() const { return counters_; }
  const std::deque<std::string>& last_lines() {
    keep_recent();
    return kept_;
  }

 private:
  /// An observation in the making, its metric's name and counter looked up once.
  struct Output {
    ParsedObservation observation;
    std::int64_t* count;
  };

  void read(const RawLine& line, const Sink& sink) {
    ++counters_.lines;
    if (line.cut) ++counters_.cut_lines;
    std::string_view text = line.bytes;
    if (line.escapes) {
      clean_line(line.bytes, cleaned_);
      text = cleaned_;
    }
    if (text.empty()) return;
    recent_[recent_count_++ % kKeptLines] = line;
    before_.offset = line.offset;
    index_ = 0;
    if (const auto report = find_report(text))
      read_report(*report, sink);
    else
      search(text, sink);
    skip_ = 0;
  }

  void search(std::string_view text, const Sink& sink) {
    definitions_->find_candidates(text, candidates_);
    for (const std::size_t pattern : candidates_.steps) read_step(pattern, text);
    for (const std::size_t definition : candidates_.values) {
      std::string_view group;
      if (!definitions_->capture_value(definition, text, group)) continue;
      if (const auto value = parse_number(group))
        emit(outputs_[definition], now_[definition], *value, sink);
      else
        ++counters_.unreadable_captures;
    }
    for (const std::size_t definition : changed_) before_.steps[definition] = now_[definition];
    changed_.clear();
  }

  void read_step(std::size_t pattern, std::string_view text) {
    std::string_view group;
    if (!definitions_->capture_step(pattern, text, group)) return;
    const auto step = parse_step(group);
    if (!step) {
      ++counters_.unreadable_captures;
      return;
    }
    for (const std::size_t definition : definitions_->step_patterns()[pattern].users) {
      std::int64_t sum = 0;
      if (__builtin_add_overflow(*step, definitions_->definitions()[definition].step_offset, &sum)) continue;
      now_[definition] = sum;
      changed_.push_back(definition);
    }
  }

  void read_report(std::string_view text, const Sink& sink) {
    const auto report = parse_report(text);
    if (!report) {
      ++counters_.bad_reports;
      return;
    }
    for (const auto& [name, value] : report->values) {
      Output output{{name, 0, 0.0, 0}, &counts_[name]};
      emit(output, report->step, value, sink);
    }
  }

  void emit(Output& output, std::optional<std::int64_t> step, double value, const Sink& sink) {
    const int index = index_++;
    if (index < skip_) return;
    ++*output.count;
    output.observation.step = step.value_or(*output.count);
    output.observation.value = value;
    output.observation.index = index;
    output.observation.counted = !step;
    sink(output.observation);
  }

  /// Copies the newest lines out of the chunk; done once a chunk, not for every line.
  void keep_recent() {
    for (std::size_t i = recent_count_ > kKeptLines ? recent_count_ - kKeptLines : 0; i < recent_count_; ++i) {
      const RawLine& line = recent_[i % kKeptLines];
      clean_line(line.bytes, kept_scratch_);
      kept_.push_back(printable(kept_scratch_, kKeptLineLength));
      if (kept_.size() > kKeptLines) kept_.pop_front();
    }
    recent_count_ = 0;
  }

  std::shared_ptr<const CompiledDefinitions> definitions_;
  LineSplitter splitter_;
  ReaderState before_;
  std::vector<std::optional<std::int64_t>> now_;  ///< steps, those of the line being read included
  std::vector<std::size_t> changed_;              ///< definitions whose step the line being read has set
  std::map<std::string, std::int64_t> counts_;
  std::vector<Output> outputs_;
  int skip_;
  int index_ = 0;
  ReaderCounters counters_;
  CompiledDefinitions::Candidates candidates_;
  std::string cleaned_;
  std::string kept_scratch_;
  RawLine recent_[kKeptLines];
  std::size_t recent_count_ = 0;
  std::deque<std::string> kept_;
};

LogReader::LogReader(std::shared_ptr<const CompiledDefinitions> definitions, ReaderState state,
                     std::map<std::string, std::int64_t> counts, int skip)
    : impl_(std::make_unique<Impl>(std::move(definitions), std::move(state), std::move(counts), skip)) {}
LogReader::~LogReader() = default;
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;

void LogReader::feed(std::string_view bytes, const Sink& sink) { impl_->feed(bytes, sink); }
void LogReader::finish(const Sink& sink) { impl_->finish(sink); }
const ReaderState& LogReader::line_state() const { return impl_->line_state(); }
const ReaderCounters& LogReader::counters() const { return impl_->counters(); }
const std::deque<std::string>& LogReader::last_lines() const { return impl_->last_lines(); }

}  // namespace tune::metrics
