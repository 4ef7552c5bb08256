#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/report/live_view.hpp"

/// Standard output, standard error, and what they are connected to.
namespace tune::cli {

/// `--color` has three sources: `--no-color` beats FORCE_COLOR, which beats NO_COLOR and what stderr is.
struct OutputOptions {
  bool quiet = false;  ///< on stderr only errors
  bool no_color = false;
  int verbosity = 0;  ///< number of -v
};

/// Whether stderr is a terminal that understands cursor movements.
bool stderr_is_screen();
/// Whether stderr gets colours.
bool use_color(const OutputOptions& options);

struct ScreenSize {
  std::size_t width = 80;
  std::size_t height = 24;
};
ScreenSize screen_size();

/// Writes data; the exit code: 0, also when the reader has gone away, else that of a storage error, which is then on stderr. On a
/// terminal nothing of it is obeyed: what would be is shown as `?` (engine::printable_lines). Elsewhere it is written as it is.
int write_out(std::string_view text);
/// The same for a long document that comes in pieces, each of whole characters. After an error the rest is dropped.
class OutPieces {
 public:
  void add(std::string_view text);
  /// Writes what is left; the exit code.
  int finish();

 private:
  void write_pending();

  std::string pending_;
  int code_ = 0;
};
/// The same as it is on a terminal, too.
int write_out_raw(std::string_view text);
/// Writes to stderr as far as possible, without what a terminal would obey.
void write_err(std::string_view text);
/// Escape sequences of our own.
void write_screen(std::string_view text);
/// Whether stdout is a terminal.
bool stdout_is_terminal();
/// `tune: MESSAGE` on stderr and the exit code of the error. REQUIRES: !status.ok().
int fail(const Status& status);

/// `line` with the escape sequences of its styles, or without.
std::string rendered(const engine::StyledLine& line, bool color);

}  // namespace tune::cli
