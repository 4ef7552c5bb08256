#include "engine/report/gpu_use.hpp"

#include <algorithm>

#include "engine/report/format.hpp"

namespace tune::engine {

std::optional<StudyGpuUse> study_gpu_use(const StudyRecord& study, Until until) {
  constexpr double kJoulesPerKilowattHour = 3.6e6;
  StudyGpuUse sum;
  double seconds = 0.0;
  double gpu_seconds = 0.0;
  double joules = 0.0;
  bool any = false;
  for (const TrialRecord& trial : study.trials) {
    for (const AttemptRecord& attempt : trial.attempts) {
      if (!attempt.gpu_use) continue;
      any = true;
      const double ran = running_seconds(trial, attempt, until);
      const double on_gpus = ran * gpus_of(attempt);
      seconds += ran;
      gpu_seconds += on_gpus;
      joules += ran * attempt.gpu_use->watts;
      sum.utilization += on_gpus * attempt.gpu_use->utilization;
      sum.memory_bytes = std::max(sum.memory_bytes, attempt.gpu_use->memory_bytes);
    }
  }
  if (!any) return std::nullopt;
  sum.utilization = gpu_seconds > 0.0 ? sum.utilization / gpu_seconds : 0.0;
  sum.watts = seconds > 0.0 ? joules / seconds : 0.0;
  sum.kilowatt_hours = joules / kJoulesPerKilowattHour;
  return sum;
}

std::string gpu_use_text(const StudyRecord& study, Until until) {
  constexpr int kEnergyDigits = 3;
  const auto use = study_gpu_use(study, until);
  if (!use) return "";
  std::string out = fixed(100.0 * use->utilization, 0) + " % busy, at most " + memory_text(use->memory_bytes) + " in a trial";
  if (use->watts > 0.0)
    out += ", " + fixed(use->watts, 0) + " W a trial, " + shortened(use->kilowatt_hours, kEnergyDigits) + " kWh";
  return out;
}

std::string memory_text(std::uint64_t bytes) {
  constexpr double kMiB = 1024.0 * 1024.0;
  const double mebibytes = static_cast<double>(bytes) / kMiB;
  return mebibytes < 1000.0 ? fixed(mebibytes, 0) + " MiB" : fixed(mebibytes / 1024.0, 1) + " GiB";
}

}  // namespace tune::engine
