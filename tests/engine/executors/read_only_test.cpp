#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/engine/executors/local_fixture.hpp"

/// Channels that trials must not write to.
namespace tune::engine {
namespace {
namespace fs = std::filesystem;
using test::EventLog;

constexpr const char* kTriesToWrite =
    "cat data/numbers; echo new > data/numbers; echo more >> data/sub/deep; touch data/another; rm -f data/numbers; mv data/sub "
    "data/x; "
    "echo kept > \"$TUNE_ATTEMPT_DIRECTORY/kept\"; echo beside > beside; true";

void make_data(const test::TempDir& files) {
  files.write("data/numbers", "42\n");
  files.write("data/sub/deep", "7\n");
}

void check_untouched(const test::TempDir& files) {
  CHECK(test::read_file(files / "data/numbers") == "42\n");
  CHECK(test::read_file(files / "data/sub/deep") == "7\n");
  CHECK(!fs::exists(files / "data/another"));
}

}  // namespace

TEST_CASE("a trial cannot write to what is read-only, and can everywhere else") {
  LocalFixture fixture;
  make_data(fixture.files());
  EventLog log(fixture.executor(), fixture.clock());
  LaunchSpec spec = fixture.shell(1, kTriesToWrite);
  spec.working_directory = fixture.files().path().string();
  spec.read_only = {fixture.files() / "data"};
  spec.writable = {spec.directory, fixture.files() / "nowhere near"};
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_over(spec.id);
  if (!log.exit(spec.id).launch_error.empty()) {
    MESSAGE("skipped: " << log.exit(spec.id).launch_error);  // a container that allows no namespaces
    return;
  }
  CHECK(log.exit(spec.id).code == 0);
  CHECK(log.bytes[spec.id].starts_with("42\n"));
  CHECK(log.bytes[spec.id].find("Read-only file system") != std::string::npos);
  check_untouched(fixture.files());
  CHECK(test::read_file(spec.directory + "/kept") == "kept\n");
  CHECK(test::read_file(fixture.files() / "beside") == "beside\n");
  CHECK(left_over(spec) == 0);
}

TEST_CASE("the attempt's own directory can be written to, also below what is read-only; a file can be read-only, too") {
  LocalFixture fixture;
  make_data(fixture.files());
  EventLog log(fixture.executor(), fixture.clock());
  LaunchSpec spec = fixture.shell(1, kTriesToWrite);
  spec.working_directory = fixture.files().path().string();
  fixture.files().write("cache/old", "old");
  spec.argv.back() += "; echo new > cache/new";
  spec.read_only = {fixture.files() / "data/numbers", fixture.files().path().string()};
  spec.writable = {spec.directory, fixture.files() / "cache"};
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_over(spec.id);
  if (!log.exit(spec.id).launch_error.empty() && geteuid() != 0) return;
  REQUIRE(log.exit(spec.id).launch_error == "");
  check_untouched(fixture.files());
  CHECK(test::read_file(spec.directory + "/kept") == "kept\n");
  CHECK(test::read_file(fixture.files() / "cache/new") == "new\n");
  CHECK(!fs::exists(fixture.files() / "beside"));
}

TEST_CASE("what cannot be made read-only keeps the command from being started, and it is said") {
  LocalFixture fixture;
  EventLog log(fixture.executor(), fixture.clock());
  LaunchSpec spec = fixture.shell(1, "echo ran");
  spec.read_only = {fixture.files() / "nowhere"};
  REQUIRE(fixture.executor().launch(spec).ok());
  log.until_over(spec.id);
  CHECK(log.exit(spec.id).launch_error.starts_with("cannot keep the command from writing to '" + fixture.files() / "nowhere" +
                                                   "'"));
  CHECK(log.bytes[spec.id].empty());
}

TEST_CASE("without the rights of root as well, and without gaining any") {
  if (geteuid() != 0 || !fs::exists("/usr/bin/setpriv")) {
    MESSAGE("skipped: needs root and setpriv, to become somebody else");
    return;
  }
  const test::TempDir files;
  make_data(files);
  fs::create_directory(files / "attempt");
  for (const char* one : {"", "data", "data/sub", "data/numbers", "data/sub/deep", "attempt"})
    REQUIRE(chmod((files / one).c_str(), 0777) == 0);
  fs::copy_file(test::program("tune-shim"), files / "tune-shim");
  const auto result =
      test::run_process({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", files / "tune-shim", "--dir",
                         files / "attempt", "--cwd", files.path().string(), "--read-only", files / "data", "--", "sh", "-c",
                         std::string("id -u > attempt/who; TUNE_ATTEMPT_DIRECTORY=attempt; ") + kTriesToWrite});
  CHECK(result.exit_code == 0);
  const auto exit = nlohmann::json::parse(test::read_file(files / "attempt/exit.json"));
  if (exit["launch_step"] == "read_only") {
    MESSAGE("skipped: " << exit["launch_error"]);
    return;
  }
  CHECK(exit["code"] == 0);
  CHECK(test::read_file(files / "attempt/who") == "65534\n");
  check_untouched(files);
  CHECK(test::read_file(files / "attempt/kept") == "kept\n");
}

}  // namespace tune::engine
