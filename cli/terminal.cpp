#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/exit_codes.hpp"
#include "engine/text/printable.hpp"

namespace tune::cli {

namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool dumb_terminal() {
  const char* term = std::getenv("TERM");
  return term == nullptr || *term == '\0' || std::strcmp(term, "dumb") == 0;
}

/// 0 or the error's number.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

const char* escape_of(engine::Style style) {
  switch (style) {
    case engine::Style::kPlain:
      return "";
    case engine::Style::kBold:
      return "\x1b[1m";
    case engine::Style::kDim:
      return "\x1b[2m";
    case engine::Style::kGood:
      return "\x1b[32m";
    case engine::Style::kBad:
      return "\x1b[31m";
  }
  return "";
}

}  // namespace

bool stderr_is_screen() { return ::isatty(STDERR_FILENO) == 1 && !dumb_terminal(); }

bool use_color(const OutputOptions& options) {
  if (options.no_color) return false;
  if (is_set("FORCE_COLOR")) return true;
  if (is_set("NO_COLOR")) return false;
  return stderr_is_screen();
}

ScreenSize screen_size() {
  winsize size{};
  ScreenSize out;
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && size.ws_row > 0) {
    out.width = size.ws_col;
    out.height = size.ws_row;
  }
  return out;
}

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

int write_out(std::string_view text) {
  return stdout_is_terminal() ? write_out_raw(engine::printable_lines(text)) : write_out_raw(text);
}

void OutPieces::add(std::string_view text) {
  constexpr std::size_t kAtOnce = 1 << 16;  // bytes
  if (code_ != kExitOk) return;
  pending_ += text;
  if (pending_.size() >= kAtOnce) write_pending();
}

int OutPieces::finish() {
  write_pending();
  return code_;
}

void OutPieces::write_pending() {
  if (code_ == kExitOk) code_ = write_out(pending_);
  pending_.clear();
}

int write_out_raw(std::string_view text) {
  const int error = write_all(STDOUT_FILENO, text);
  if (error == 0 || error == EPIPE) return kExitOk;
  return fail(Status::storage(std::string("standard output cannot be written: ") + std::strerror(error)));
}

void write_err(std::string_view text) { write_screen(engine::printable_lines(text)); }

void write_screen(std::string_view text) { static_cast<void>(write_all(STDERR_FILENO, text)); }

int fail(const Status& status) {
  std::string text = "tune: " + status.message();
  if (text.back() != '\n') text += '\n';
  write_err(text);
  return exit_code(status.code());
}

std::string rendered(const engine::StyledLine& line, bool color) {
  if (!color) return engine::plain_text(line);
  std::string out;
  for (const engine::Span& span : line) {
    const char* escape = escape_of(span.style);
    out += *escape == '\0' ? span.text : escape + span.text + "\x1b[0m";
  }
  return out;
}

}  // namespace tune::cli
