#include "cli/exit_codes.hpp"

#include <csignal>

namespace tune::cli {

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return kExitInternal;
    case ErrorCode::kInvalid:
      return kExitUsage;
    case ErrorCode::kInUse:
      return kExitInUse;
    case ErrorCode::kStorage:
      return kExitStorage;
    case ErrorCode::kExecutor:
      return kExitExecutor;
  }
  return kExitInternal;
}

int exit_code(const Summary& summary, int signal) {
  if (!summary.status.ok()) return exit_code(summary.status.code());
  const bool ended = summary.study != StudyStatus::kInProgress && summary.study != StudyStatus::kStopping;
  if (!ended) return kExitSignalBase + (signal != 0 ? signal : SIGINT);
  return summary.best_value ? kExitOk : kExitNoValue;
}

}  // namespace tune::cli
