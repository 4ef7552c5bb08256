#include "engine/run/launch_plan.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "engine/executors/attempt_files.hpp"
#include "tests/support/test_support.hpp"

using namespace tune;
using namespace tune::engine;

TEST_CASE("a new attempt takes the checkpoints of the one before, and removes what earlier ones left half written") {
  const test::TempDir folder;
  const std::string study = folder.path().string();
  REQUIRE(prepare_directories(study, {.trial = 1, .attempt = 1}).ok());
  folder.write("trials/0001/1/checkpoints/step", "5");
  for (const char* name : {"exit.json.tmp", "pid.tmp", "log", "user.tmp", "ranks/1/exit.json.tmp", "ranks/1/log"})
    folder.write(std::string("trials/0001/1/") + name, "");
  const Result<bool> second = prepare_directories(study, {.trial = 1, .attempt = 2});
  REQUIRE(second.ok());
  CHECK(second.value());
  const auto exists = [&](const std::string& path) { return std::filesystem::exists(folder / ("trials/0001/" + path)); };
  CHECK(exists("2/checkpoints/step"));
  for (const char* kept : {"1/log", "1/user.tmp", "1/ranks/1/log"}) CHECK_MESSAGE(exists(kept), kept);
  for (const char* removed : {"1/exit.json.tmp", "1/pid.tmp", "1/ranks/1/exit.json.tmp"})
    CHECK_FALSE_MESSAGE(exists(removed), removed);

  REQUIRE(prepare_directories(study, {.trial = 1, .attempt = 3}).ok());
  CHECK(exists("3/checkpoints/step"));

  // Those that were never made are passed over.
  folder.write("trials/0001/3/pid.tmp", "");
  REQUIRE(prepare_directories(study, {.trial = 1, .attempt = 7}).ok());
  CHECK(exists("7/checkpoints/step"));
  CHECK_FALSE(exists("3/pid.tmp"));
  CHECK_FALSE(exists("6"));
}

TEST_CASE("links that a trial has put in the place of directories are not followed when half written files are removed") {
  namespace fs = std::filesystem;
  const test::TempDir folder;
  const std::string study = folder.path().string();
  REQUIRE(prepare_directories(study, {.trial = 1, .attempt = 1}).ok());
  folder.write("elsewhere/exit.json.tmp", "precious");
  const std::string attempt = folder / "trials/0001/1";
  fs::create_directories(attempt + "/ranks");
  fs::create_directory_symlink("..", attempt + "/ranks/a");
  fs::create_directory_symlink("..", attempt + "/ranks/b");
  fs::create_directory_symlink(folder / "elsewhere", attempt + "/ranks/c");
  REQUIRE(prepare_directories(study, {.trial = 1, .attempt = 2}).ok());
  CHECK(fs::exists(folder / "elsewhere/exit.json.tmp"));
  fs::remove_all(folder / "trials/0001/2");
  fs::create_directory_symlink(folder / "elsewhere", folder / "trials/0001/2");
  REQUIRE(prepare_directories(study, {.trial = 1, .attempt = 3}).ok());
  CHECK(fs::exists(folder / "elsewhere/exit.json.tmp"));
  fs::remove_all(attempt + "/ranks");
  fs::create_directory_symlink(folder / "elsewhere", attempt + "/ranks");
  folder.write("elsewhere/1/exit.json.tmp", "precious");
  remove_unfinished_files(attempt);
  CHECK(fs::exists(folder / "elsewhere/1/exit.json.tmp"));
}
