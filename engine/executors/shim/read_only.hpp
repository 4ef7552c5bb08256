#pragma once

#include <string>
#include <vector>

namespace tune::shim {

/// Makes `paths` read-only for this process and all that it starts, by a mount namespace of their own; where that needs a right
/// that the process has not, by a user namespace as well, in which it stays who it is. `writable` stays as it is, also when it
/// lies below one of them. Before the process changes its directory. 0, or the errno that says why not; `failed` is the path
/// then.
int make_read_only(const std::vector<std::string>& paths, const std::string& writable, std::string& failed);

}  // namespace tune::shim
