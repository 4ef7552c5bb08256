#include "engine/executors/shim/arguments.hpp"

#include <charconv>
#include <cstring>

namespace tune::shim {

bool parse_arguments(int argc, char** argv, Arguments& arguments) {
  int at = 1;
  for (; at + 1 < argc && std::strcmp(argv[at], "--") != 0; at += 2) {
    const char* name = argv[at];
    const char* value = argv[at + 1];
    if (std::strcmp(name, "--dir") == 0) {
      arguments.directory = value;
    } else if (std::strcmp(name, "--cwd") == 0) {
      arguments.working_directory = value;
    } else if (std::strcmp(name, "--read-only") == 0) {
      arguments.read_only.emplace_back(value);
    } else if (std::strcmp(name, "--writable") == 0) {
      arguments.writable.emplace_back(value);
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

}  // namespace tune::shim
