#pragma once

#include "engine/executors/attempt_layout.hpp"
#include "engine/executors/shim/supervisor.hpp"

namespace tune::shim {

/// Reads `tune-shim --dir D [--grace-ms N] [--cwd DIR] [--read-only PATH]... [--writable PATH]... -- COMMAND...`; `argv` ends
/// with a null pointer. False: it is none.
bool parse_arguments(int argc, char** argv, Arguments& arguments);

}  // namespace tune::shim
