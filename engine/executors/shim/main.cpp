#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/shim/supervisor.hpp"

/// `tune-shim`: the small process that supervises one attempt, so that it survives `tune`, leaves nothing behind and records how
/// it ended. See docs/architecture.md; started by the local executor, of no use by hand.
namespace {

bool parse(int argc, char** argv, tune::shim::Arguments& arguments) {
  int at = 1;
  for (; at + 1 < argc && std::strcmp(argv[at], "--") != 0; at += 2) {
    const char* name = argv[at];
    const char* value = argv[at + 1];
    if (std::strcmp(name, "--dir") == 0) {
      arguments.directory = value;
    } else if (std::strcmp(name, "--cwd") == 0) {
      arguments.working_directory = value;
    } else if (std::strcmp(name, "--grace-ms") == 0) {
      const char* end = value + std::strlen(value);
      const auto [stopped, error] = std::from_chars(value, end, arguments.grace_ms);
      if (error != std::errc() || stopped != end || arguments.grace_ms < 0) return false;
    } else {
      return false;
    }
  }
  if (at + 1 >= argc || std::strcmp(argv[at], "--") != 0) return false;
  arguments.command = argv + at + 1;
  return !arguments.directory.empty();
}

}  // namespace

int main(int argc, char** argv) {
  tune::shim::Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fprintf(stderr, "usage: tune-shim --dir ATTEMPT_DIR [--grace-ms N] [--cwd DIR] -- COMMAND [ARGUMENT...]\n");
    return tune::engine::kShimUsage;
  }
  syscall(SYS_close_range, 3U, ~0U, 0U);  // what the caller's process left open is none of the command's business
  return tune::shim::Supervisor(arguments).run();
}
