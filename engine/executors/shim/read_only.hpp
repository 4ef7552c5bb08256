#pragma once

#include <string>
#include <vector>

namespace tune::shim {

/// Makes `paths` read-only for this process and all that it starts, by a mount namespace of their own; where that needs a right
/// that the process has not, by a user namespace as well, in which it stays who it is. What is in `writable` stays as it is, also
/// when it lies below one of them. All are without links, `.` and `..`. Before the process changes its directory. 0, or the errno
/// that says why not.
int make_read_only(const std::vector<std::string>& paths, const std::vector<std::string>& writable);

}  // namespace tune::shim
