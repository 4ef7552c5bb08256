#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/shim/arguments.hpp"
#include "engine/executors/shim/launcher.hpp"
#include "engine/executors/shim/supervisor.hpp"

/// `tune-shim`: the small process that supervises one attempt, so that it survives `tune`, leaves nothing behind and records how
/// it ended. See docs/architecture.md; started by the local executor, of no use by hand.
int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--launcher") == 0) return tune::shim::serve_launches(argv);
  tune::shim::Arguments arguments;
  if (!tune::shim::parse_arguments(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: tune-shim --dir ATTEMPT_DIR [--grace-ms N] [--cwd DIR] [--read-only PATH]... [--writable PATH]... -- "
                 "COMMAND [ARGUMENT...]\n");
    return tune::engine::kShimUsage;
  }
  syscall(SYS_close_range, 3U, ~0U, 0U);  // what the caller's process left open is none of the command's business
  return tune::shim::Supervisor(arguments).run();
}
