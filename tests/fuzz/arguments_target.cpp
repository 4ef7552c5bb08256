#include <vector>

#include "engine/executors/shim/arguments.hpp"
#include "tests/fuzz/targets.hpp"

namespace tune::fuzz {

void run_arguments(std::string_view input) {
  std::vector<std::string> words{"tune-shim"};
  while (!input.empty()) {
    const std::string_view word = input.substr(0, input.find('\0'));
    words.emplace_back(word);
    input.remove_prefix(std::min(word.size() + 1, input.size()));
  }
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  shim::Arguments arguments;
  if (!shim::parse_arguments(static_cast<int>(words.size()), argv.data(), arguments)) return;
  require(!arguments.directory.empty(), "an attempt has a directory");
  require(arguments.grace_ms >= 0, "a grace period is not negative");
  require(arguments.command != nullptr && arguments.command[0] != nullptr, "there is a command");
}

}  // namespace tune::fuzz
