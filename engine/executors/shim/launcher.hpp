#pragma once

namespace tune::shim {

/// Serves launch requests until the other end is closed (engine/executors/launch_protocol.hpp). Returns the exit code of the
/// launcher in its own process, and in each fork that of the supervisor. `argv` is the process's own, whose memory a fork
/// overwrites with what it does.
int serve_launches(char** argv);

}  // namespace tune::shim
