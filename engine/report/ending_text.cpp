#include "engine/report/ending_text.hpp"

#include <algorithm>
#include <cmath>

#include "engine/report/format.hpp"

namespace tune::engine {

namespace {

/// The numbers of an ending by name; a journal of an earlier tune has none.
class Numbers {
 public:
  explicit Numbers(const StudyRecord& study) : numbers_(study.stop_numbers) {}

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != numbers_.end(); }
  [[nodiscard]] double at(std::string_view name) const { return has(name) ? find(name)->second : NAN; }
  [[nodiscard]] std::string text(std::string_view name) const { return shortened(at(name), kDigits); }
  [[nodiscard]] std::string exact(std::string_view name) const { return to_text(at(name)); }
  [[nodiscard]] std::string count(std::string_view name, std::string_view noun) const {
    return counted(static_cast<std::int64_t>(has(name) ? at(name) : 0.0), noun);
  }

 private:
  static constexpr int kDigits = 6;

  [[nodiscard]] std::vector<std::pair<std::string, double>>::const_iterator find(std::string_view name) const {
    return std::ranges::find(numbers_, name, &std::pair<std::string, double>::first);
  }

  const std::vector<std::pair<std::string, double>>& numbers_;
};

std::string percent(double share) { return shortened(100.0 * share, 2) + " %"; }

std::string converged_text(const Numbers& numbers) {
  if (numbers.has("regret_bound")) {
    return "in " + numbers.count("proposals", "proposal") +
           " in a row the strategy's bound on what can still be gained was below the noise: " + numbers.text("regret_bound") +
           " against " + numbers.text("noise") + " in the last one, in units of the best's distance to the median";
  }
  std::string out = "the last " + numbers.count("trials", "completed trial") + " improved the best, " + numbers.exact("best") +
                    ", by " + numbers.text("improvement") + ", no more than 1 % of its distance to the median (" +
                    numbers.text("limit") + ")";
  if (!numbers.has("expected_improvement")) return out + "; the strategy says no expectation, so this alone decided";
  return out + ", and in " + numbers.count("proposals", "proposal") + " in a row the strategy expected at most " +
         percent(numbers.at("expected_improvement")) + " of that distance";
}

}  // namespace

std::string ending_text(const StudyRecord& study) {
  const std::string& reason = study.stop_reason;
  const Numbers numbers(study);
  if (reason.empty()) return "";
  if (reason == "user") return "somebody stopped it";
  if (study.stop_numbers.empty()) return reason;
  if (reason == "target")
    return "trial " + numbers.text("trial") + " reached " + numbers.exact("best") + "; the target is " + numbers.exact("target");
  if (reason == "not_improving") {
    return numbers.count("trials_since_best", "trial") + " ended since the best, " + numbers.exact("best") + " of trial " +
           numbers.text("trial") + ", and none was better; completion.not_improving is " + numbers.text("limit");
  }
  if (reason == "converged") return converged_text(numbers);
  if (reason == "max_trials") return numbers.count("trials", "trial") + "; limits.max_trials is " + numbers.text("limit");
  if (reason == "max_runtime")
    return duration_text(numbers.at("seconds")) + " of wall time; limits.max_runtime is " + duration_text(numbers.at("limit"));
  if (reason == "max_gpu_hours")
    return numbers.text("gpu_hours") + " GPU-hours were used; limits.max_gpu_hours is " + numbers.text("limit");
  if (reason == "max_failures")
    return numbers.count("failed_in_a_row", "trial") + " in a row failed; limits.max_failures is " + numbers.text("limit");
  if (reason == "exhausted") return "the strategy has nothing more to propose after " + numbers.count("trials", "trial");
  return reason;
}

}  // namespace tune::engine
