#include "engine/core/traceback.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace tune::engine {
namespace {

constexpr std::string_view kBegin = "Traceback (most recent call last):";
constexpr std::string_view kRootCause = "Root Cause (first observed failure)";  // of torch.distributed.elastic
constexpr std::string_view kFrame = "File \"";

constexpr std::array<std::string_view, 24> kFollowing{"DistBackendError",
                                                      "DistStoreError",
                                                      "DistNetworkError",
                                                      "ChildFailedError",
                                                      "SignalException",
                                                      "Rendezvous",
                                                      "BrokenPipeError",
                                                      "Broken pipe",
                                                      "ConnectionResetError",
                                                      "ConnectionRefused",
                                                      "ConnectionAbort",
                                                      "Connection reset",
                                                      "Connection closed by",
                                                      "Connection refused",
                                                      "TCPStore",
                                                      "NCCL",
                                                      "nccl",
                                                      "gloo",
                                                      "Gloo",
                                                      "CalledProcessError",
                                                      "KeyboardInterrupt",
                                                      "SystemExit",
                                                      "EOFError",
                                                      "TimeoutError"};

std::size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }

/// `name` or `name: message`, the name with dots, its last part beginning as that of a class.
bool is_exception(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_' || text[end] == '.'))
    ++end;
  if (end == 0 || (end < text.size() && text[end] != ':')) return false;
  const std::string_view name = text.substr(0, end);
  const std::size_t dot = name.rfind('.');
  const std::size_t last = dot == std::string_view::npos ? 0 : dot + 1;
  return last < name.size() && std::isupper(static_cast<unsigned char>(name[last])) != 0;
}

/// The exception of the traceback that begins in line `at`, whose mark is `mark`, if it is there.
std::optional<PythonException> exception_of(const std::vector<std::string>& lines, std::size_t at, std::string_view mark) {
  std::optional<std::size_t> frames;  // their indentation
  for (std::size_t i = at + 1; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    if (!line.starts_with(mark)) continue;  // of another process
    line.remove_prefix(mark.size());
    const std::size_t indented = indentation(line);
    const std::string_view text = line.substr(indented);
    if (text.starts_with(kBegin)) return std::nullopt;  // another one has begun before it was through
    if (!frames) {
      if (!text.starts_with(kFrame)) return std::nullopt;
      frames = indented;
    } else if (indented < *frames && !text.starts_with('|')) {
      if (!is_exception(text)) return std::nullopt;
      return PythonException{i, std::string(text), false};
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<PythonException> python_exceptions(const std::vector<std::string>& lines) {
  std::vector<PythonException> found;
  bool summary = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    if (line.find(kRootCause) != std::string_view::npos) summary = true;
    const std::size_t at = line.find(kBegin);
    if (at == std::string_view::npos) continue;
    // In torchrun's summary `  traceback : ` stands before it, and blanks before the lines after it.
    const std::string_view before = line.substr(0, at);
    const std::string_view mark = summary || before.find_first_not_of(" \t") == std::string_view::npos ? "" : before;
    auto exception = exception_of(lines, i, mark);
    if (!exception) continue;
    exception->root_cause = summary;
    found.push_back(*std::move(exception));
  }
  return found;
}

bool follows_from_others(std::string_view exception) {
  return std::ranges::any_of(kFollowing, [&](std::string_view text) { return exception.find(text) != std::string_view::npos; });
}

}  // namespace tune::engine
