#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What Python programs say when they fail, also several at once in one log.
namespace tune::engine {

/// An exception that ended something, as its traceback says.
struct PythonException {
  std::size_t line = 0;     ///< index of the line with its name
  std::string text;         ///< that line: name and message
  bool root_cause = false;  ///< torchrun's summary names it as the first failure of all
};

/// The exceptions of all complete tracebacks, in the order of the lines. A traceback may stand behind a mark of its process
/// (`[rank1]: `, `[default0]:`), among lines with other marks, and indented.
std::vector<PythonException> python_exceptions(const std::vector<std::string>& lines);

/// Whether an exception follows from the end of another process, or is how a launcher tells of one: lost connections, NCCL, Gloo,
/// `ChildFailedError`, `KeyboardInterrupt`.
bool follows_from_others(std::string_view exception);

}  // namespace tune::engine
