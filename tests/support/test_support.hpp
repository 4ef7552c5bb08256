#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What tests of every folder need.
namespace tune::test {

/// A directory of its own for one test, removed with everything in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file below it, folders included, and returns its path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);

/// The folder of real data beside the checkout, looked up here and nowhere else: TUNE_SHARED_DIR, else ../shared. Where it is
/// absent a test that needs it says so and skips.
std::optional<std::filesystem::path> shared_data(const std::string& below = "");

std::filesystem::path source_dir();
std::filesystem::path program(const std::string& name);

struct ProcessResult {
  int exit_code = -1;  ///< 128 + signal when killed
  std::string out;
  std::string err;
};
/// Runs a program to its end, in `directory` when given, with `environment` ("NAME=value") on top of the caller's.
ProcessResult run_process(const std::vector<std::string>& argv, const std::string& directory = "", const std::string& input = "",
                          const std::vector<std::string>& environment = {});

}  // namespace tune::test
