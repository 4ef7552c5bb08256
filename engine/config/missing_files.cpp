#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "engine/config/command.hpp"

namespace tune::engine {

namespace {

namespace fs = std::filesystem;

/// What scripts end in that an interpreter is given by name.
constexpr std::array<std::string_view, 9> kScriptEndings{".py", ".sh", ".R", ".r", ".jl", ".pl", ".rb", ".js", ".lua"};

/// The word as a trial gets it; none with a placeholder.
std::optional<std::string> plain(const std::string& word) {
  const auto pieces = split_word(word);
  if (!pieces.ok()) return std::nullopt;
  std::string text;
  for (const WordPiece& piece : *pieces) {
    if (piece.placeholder) return std::nullopt;
    text += piece.text;
  }
  return text;
}

bool in_path(const std::string& program, const fs::path& directory) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((directory / folder / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

bool is_script(const std::string& word) {
  return std::ranges::any_of(kScriptEndings, [&](std::string_view ending) { return word.ends_with(ending); });
}

}  // namespace

std::vector<std::string> missing_files(const StudySpec& spec) {
  std::vector<std::string> missing;
  if (spec.command.empty()) return missing;
  const fs::path directory = spec.working_directory;
  const std::optional<std::string> program = plain(spec.command.front().words.front());
  const bool own_path = std::ranges::any_of(spec.environment, [](const auto& variable) { return variable.first == "PATH"; });
  if (program && program->find('/') != std::string::npos) {
    if (access((directory / *program).c_str(), X_OK) != 0)
      missing.push_back("the program " + (directory / *program).string() + " is not there, or cannot be executed");
  } else if (program && !own_path && !in_path(*program, directory)) {
    missing.push_back("there is no program '" + *program + "' in PATH");
  }
  // Its script follows an interpreter's options directly; after other words a name may mean anything.
  for (std::size_t i = 1; i < spec.command.size() && !spec.command[i].optional; ++i) {
    const std::optional<std::string> word = plain(spec.command[i].words.front());
    if (!word || *word == "-c" || *word == "-e" || *word == "-m") break;  // code or a module follows
    if (word->starts_with('-')) continue;
    std::error_code error;
    if (is_script(*word) && !fs::exists(directory / *word, error))
      missing.push_back("there is no " + *word + " in " + directory.string());
    break;
  }
  return missing;
}

}  // namespace tune::engine
