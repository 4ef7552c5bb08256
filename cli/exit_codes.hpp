#pragma once

#include "tune/status.hpp"
#include "tune/study.hpp"

/// What the program tells its caller by its exit status; documented in docs/command-line.md.
namespace tune::cli {

inline constexpr int kExitOk = 0;        ///< done; a study: ended by its own limits or target with at least one value
inline constexpr int kExitInternal = 1;  ///< a defect of tune
inline constexpr int kExitUsage = 2;     ///< usage or config
inline constexpr int kExitNoValue = 3;   ///< the study has ended and no trial gave a value
inline constexpr int kExitInUse = 4;     ///< another process owns the study
inline constexpr int kExitStorage = 5;
inline constexpr int kExitExecutor = 6;
inline constexpr int kExitSignalBase = 128;  ///< plus the signal's number: interrupted, resumable (130, 143)

/// The one place where errors become exit codes.
int exit_code(ErrorCode code);
/// That of a study that was run; `signal` is the one that interrupted it, 0 without one.
int exit_code(const Summary& summary, int signal);

}  // namespace tune::cli
