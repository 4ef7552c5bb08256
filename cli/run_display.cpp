#include "cli/run_display.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "cli/live_screen.hpp"
#include "engine/clock/system_clock.hpp"
#include "engine/report/format.hpp"
#include "engine/report/ledger.hpp"
#include "engine/report/live_view.hpp"
#include "engine/report/spot_cost.hpp"

namespace tune::cli {

namespace {

using engine::Happening;

/// A trial's observations closer together than this get one line, so that a log stays readable when epochs take milliseconds.
constexpr Duration kObservationInterval = std::chrono::seconds(1);
constexpr int kValueDigits = 5;

constexpr const char* kFirstInterrupt =
    "interrupted: the running trials are asked to stop and the study is saved; once more kills them at once";
constexpr const char* kSecondInterrupt = "interrupted again: the running trials are killed";

std::string ended_line(const StudyRecord& study, const TrialRecord& trial) {
  std::string out = std::string(to_string(trial.status));
  if (!trial.stop_reason.empty()) out += " (" + engine::printable(trial.stop_reason) + ")";
  if (trial.failure) out += " (" + std::string(to_string(*trial.failure)) + ")";
  if (!trial.failure_detail.empty()) out += ": " + engine::printable(trial.failure_detail);
  if (trial.value)
    out += ", " + engine::printable(study.objective.metric) + " = " + engine::shortened(*trial.value, kValueDigits);
  if (const auto step = engine::last_step(trial, study.objective)) out += ", step " + std::to_string(*step);
  return out + ", " + engine::duration_text(engine::training_seconds(trial));
}

/// A line with further ones, each of which ends with a newline, below it.
std::string with_lines(std::string line, const std::string& more) {
  return more.empty() ? line : line + "\n" + more.substr(0, more.size() - 1);
}

/// The lines that are told about an interruption, once each.
class InterruptLines {
 public:
  explicit InterruptLines(const engine::Interrupts& interrupts) : interrupts_(interrupts) {}
  std::string take() {
    const int count = interrupts_.count();
    std::string out;
    if (told_ < 1 && count >= 1) out += std::string(kFirstInterrupt) + "\n";
    if (told_ < 2 && count >= 2) out += std::string(kSecondInterrupt) + "\n";
    told_ = std::max(told_, count);
    return out;
  }

 private:
  const engine::Interrupts& interrupts_;
  int told_ = 0;
};

class SilentDisplay final : public engine::RunObserver {
 public:
  void happened(const StudyRecord&, const Happening&) override {}
  void tick(const StudyRecord&, TimePoint) override {}
};

class PlainDisplay final : public engine::RunObserver {
 public:
  explicit PlainDisplay(const engine::Interrupts& interrupts) : interrupted_(interrupts) {}

  void happened(const StudyRecord& study, const Happening& happening) override {
    const TimePoint now = clock_.now();
    if (happening.kind == Happening::Kind::kObserved && !due(study, happening, now)) return;
    if (const std::string line = event_line(study, happening); !line.empty()) {
      write_err(engine::iso_time_short(now) + " " + line + "\n");
    }
  }
  void tick(const StudyRecord&, TimePoint now) override {
    if (const std::string line = interrupted_.take(); !line.empty()) write_err(engine::iso_time_short(now) + " " + line);
  }

 private:
  bool due(const StudyRecord& study, const Happening& happening, TimePoint now) {
    if (happening.metric != study.objective.metric) return false;
    const auto [last, fresh] = shown_.try_emplace(happening.trial, now);
    if (!fresh && now - last->second < kObservationInterval) return false;
    last->second = now;
    return true;
  }

  engine::SystemClock clock_;
  std::map<TrialId, TimePoint> shown_;  ///< when a trial's last observation got a line
  InterruptLines interrupted_;
};

class LiveDisplay final : public engine::RunObserver {
 public:
  LiveDisplay(bool color, const engine::Interrupts& interrupts) : screen_(color), interrupted_(interrupts) {}

  void opened(const engine::Limits& limits) override {
    options_.max_trials = limits.max_trials;
    options_.max_parallel = limits.max_parallel;
    options_.max_runtime = limits.max_runtime;
  }

  void happened(const StudyRecord& study, const Happening& happening) override {
    switch (happening.kind) {
      case Happening::Kind::kLaunched:
        options_.gpu_samples.erase(happening.trial);
        return;
      case Happening::Kind::kObserved:
      case Happening::Kind::kDecision:
        return;  // the table shows them
      default:
        break;
    }
    if (const std::string line = event_line(study, happening); !line.empty()) above_ += line + "\n";
    if (happening.kind == Happening::Kind::kStudyEnded) draw(study, clock_.now());
  }
  void tick(const StudyRecord& study, TimePoint now) override {
    if (const std::string line = interrupted_.take(); !line.empty()) above_ += line;
    draw(study, now);
  }
  void sampled(AttemptId id, const GpuSampled& sample) override { options_.gpu_samples[id.trial] = sample; }

 private:
  void draw(const StudyRecord& study, TimePoint now) {
    if (!drawn_) {
      options_.run_started = now;
      options_.active_before = study.active;
      drawn_ = true;
    }
    const ScreenSize size = screen_size();
    options_.width = size.width - 1;  // a full line would leave the cursor where clearing takes its last character
    options_.height = size.height;
    std::string above;
    for (std::size_t start = 0; start < above_.size();) {
      const std::size_t end = above_.find('\n', start);
      above += engine::clipped(std::string_view(above_).substr(start, end - start), options_.width) + "\n";
      start = end + 1;
    }
    screen_.draw(engine::live_view(study, options_, now), above);
    above_.clear();
  }

  engine::SystemClock clock_;
  LiveScreen screen_;
  engine::LiveOptions options_;
  InterruptLines interrupted_;
  std::string above_;  ///< lines to be put over the table by the next drawing
  bool drawn_ = false;
};

}  // namespace

std::string event_line(const StudyRecord& study, const Happening& happening) {
  const bool of_trial = happening.trial != 0 && study.has_trial(happening.trial);
  const std::string head = of_trial ? "trial " + std::to_string(happening.trial) + ": " : "";
  const TrialRecord* trial = of_trial ? &study.trial(happening.trial) : nullptr;
  const std::string text = engine::printable(happening.text);
  switch (happening.kind) {
    case Happening::Kind::kCreated:
      return "study " + engine::printable(study.name) + " created" + (text.empty() ? "" : ": " + text);
    case Happening::Kind::kResumed:
      return "study " + engine::printable(study.name) + " resumed" + (text.empty() ? "" : ": " + text);
    case Happening::Kind::kLaunched: {
      if (trial == nullptr) return "";
      const std::size_t attempt = trial->attempts.size();
      return head + "launched" + (attempt > 1 ? " (attempt " + std::to_string(attempt) + ")" : "") + " " +
             engine::parameters_text(study.space, trial->configuration);
    }
    case Happening::Kind::kObserved:
      return head + "step " + std::to_string(happening.step) + ", " + engine::printable(happening.metric) + " = " +
             engine::shortened(happening.value, kValueDigits);
    case Happening::Kind::kDecision:
      return head + text;
    case Happening::Kind::kEnded:
      return trial != nullptr
                 ? with_lines(head + ended_line(study, *trial), engine::spot_lines(study, engine::spot_cost(study, *trial), head))
                 : "";
    case Happening::Kind::kInterrupted:
      return head + "interrupted" + (text.empty() ? "" : ": " + text);
    case Happening::Kind::kStudyEnded: {
      std::string out = "study " + engine::printable(study.name) + " ended: " + std::string(to_string(study.status)) +
                        (study.stop_reason.empty() ? "" : " (" + engine::printable(study.stop_reason) + ")");
      return with_lines(std::move(out), engine::spot_lines(study, engine::spot_cost(study)));
    }
    case Happening::Kind::kNote:
      return head + text;
  }
  return "";
}

std::unique_ptr<engine::RunObserver> make_display(const OutputOptions& output, const engine::Interrupts& interrupts) {
  if (output.quiet) return std::make_unique<SilentDisplay>();
  if (stderr_is_screen()) return std::make_unique<LiveDisplay>(use_color(output), interrupts);
  return std::make_unique<PlainDisplay>(interrupts);
}

}  // namespace tune::cli
