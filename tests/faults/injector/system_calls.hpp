#pragma once

#include <cstdint>
#include <string>

namespace tune::test {

/// One system call at its entry.
struct SystemCall {
  std::uint64_t number = 0;
  std::uint64_t arguments[6] = {};
};

/// Its name as in `man 2`, if it is one that changes something or can run out of something; else "". An open that creates or
/// empties a file is called "create", any other "open"; a write to standard output or error is a "print"; descriptors, flags and
/// variants do not count: openat is "open", renameat2 "rename".
std::string name_of(const SystemCall& call);

/// Whether a call of that name takes a number of bytes as its third argument, and may do with fewer.
bool takes_bytes(const std::string& name);

/// Which argument is a path, or -1.
int path_argument(const SystemCall& call);

/// 28 for "ENOSPC"; 0: not known here.
int error_number(const std::string& name);

}  // namespace tune::test
