#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tune/executor.hpp"
#include "tune/records.hpp"

/// Whose fault it is that an attempt ended badly: pure functions of how it ended and of the last lines of its log.
namespace tune::engine {

/// Why the attempt failed, in one sentence: its signal or exit code, of which process.
std::string failure_text(const ExitRecord& exit);

/// Whether it ran out of memory, of a GPU or of the machine: the kernel says so, or its last lines do.
bool ran_out_of_memory(const ExitRecord& exit, const std::vector<std::string>& last_lines);

/// What of the infrastructure broke it: a GPU, the communication between processes, the disk; none when nothing did, or when it
/// ran out of memory, which other processes then often report as lost communication. Nor lost communication when a Python
/// exception of the program's own came first, by `tail`: more lines of the end of its log, or none to look at `last_lines`.
std::optional<std::string> broken_infrastructure(const ExitRecord& exit, const std::vector<std::string>& last_lines,
                                                 const std::vector<std::string>& tail = {});

/// Whether somebody outside ended it by a signal, as a machine does that is taken away. `128 + number` is how a shell reports
/// what ended the program it had started. A crash of its own (SIGSEGV, SIGABRT, ...) is none.
bool ended_from_outside(const ExitRecord& exit);

}  // namespace tune::engine
