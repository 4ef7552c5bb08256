#include "trainers/checkpoint/checkpoint_file.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "tests/support/test_support.hpp"
#include "tests/trainers/python_peer.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

namespace fs = std::filesystem;

Checkpoint sample(const std::string& epoch = "3") {
  return {.facts = {{"epoch", epoch}, {"name", "a \"b\""}},
          .blocks = {{.name = "steps", .dtype = Dtype::kU8, .shape = {3}, .bytes = "xyz"},
                     {.name = "parameters", .dtype = Dtype::kF32, .shape = {2}, .bytes = std::string("\0\1\2\3\4\5\6\7", 8)},
                     {.name = "empty", .dtype = Dtype::kF32, .shape = {0}, .bytes = ""}}};
}

std::set<std::string> files_in(const TempDir& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.insert(entry.path().filename().string());
  return names;
}

void save(const TempDir& folder, const std::string& epoch) {
  const auto failure = save_checkpoint(folder.path().string(), sample(epoch));
  REQUIRE_MESSAGE(!failure, failure->message);
}

LoadedCheckpoint load(const TempDir& folder) {
  auto loaded = load_checkpoint(folder.path().string());
  REQUIRE_MESSAGE(loaded.ok(), loaded.failure().message);
  return std::move(loaded.value());
}

std::string load_failure(const TempDir& folder) {
  const auto loaded = load_checkpoint(folder.path().string());
  return loaded.ok() ? "none" : loaded.failure().message;
}

std::string failure_of(const std::string& bytes) {
  const auto decoded = decode_checkpoint(bytes);
  return decoded.ok() ? "none" : decoded.failure().message;
}

/// Runs save_checkpoint in a process of its own and kills that at its `call`-th system call, before the call is made. False: it
/// had fewer. Nothing: processes may not be traced here.
std::optional<bool> killed_while_saving(const std::string& directory, int call) {
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(125);
    raise(SIGSTOP);
    _exit(save_checkpoint(directory, sample("5")) ? 1 : 0);
  }
  int state = 0;
  waitpid(child, &state, 0);
  if (WIFEXITED(state)) return std::nullopt;
  for (int stops = 1;; ++stops) {  // a call stops it twice, when it begins and when it ends
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    waitpid(child, &state, 0);
    if (WIFEXITED(state)) {
      CHECK(WEXITSTATUS(state) == 0);
      return false;
    }
    if (stops == 2 * call - 1) {
      kill(child, SIGKILL);
      waitpid(child, &state, 0);
      return true;
    }
  }
}

}  // namespace

TEST_CASE("what is saved is loaded, and the one before is kept") {
  const TempDir folder;
  CHECK_FALSE(load(folder).checkpoint.has_value());
  save(folder, "1");
  CHECK(files_in(folder) == std::set<std::string>{kLastCheckpoint});
  save(folder, "2");
  save(folder, "3");
  CHECK(files_in(folder) == std::set<std::string>{kLastCheckpoint, kPreviousCheckpoint});
  const LoadedCheckpoint loaded = load(folder);
  CHECK(loaded.path == folder / kLastCheckpoint);
  CHECK(loaded.note.empty());
  CHECK(loaded.checkpoint->facts == sample("3").facts);
  CHECK(loaded.checkpoint->blocks == sample("3").blocks);
  CHECK(loaded.checkpoint->block("steps")->bytes == "xyz");
  CHECK(loaded.checkpoint->block("none") == nullptr);
  CHECK(*loaded.checkpoint->fact("epoch") == "3");
  CHECK(loaded.checkpoint->fact("none") == nullptr);
  CHECK(*read_checkpoint(folder / kPreviousCheckpoint).value().fact("epoch") == "2");
}

TEST_CASE("a best model replaces the former") {
  const TempDir folder;
  for (const std::string epoch : {"1", "2"}) CHECK_FALSE(write_checkpoint(folder / kBestCheckpoint, sample(epoch)).has_value());
  CHECK(*read_checkpoint(folder / kBestCheckpoint).value().fact("epoch") == "2");
  CHECK(files_in(folder) == std::set<std::string>{kBestCheckpoint});
  CHECK(read_checkpoint(folder / "none").failure().message.find("none: cannot be read: No such file") != std::string::npos);
}

TEST_CASE("Python's safetensors reads a checkpoint, and what it writes of it is none") {
  const auto python = python_with("numpy, safetensors");
  if (!python) return;
  const TempDir folder;
  save(folder, "3");
  const std::string script = R"(
import sys, safetensors.numpy
with safetensors.safe_open(sys.argv[1], framework="np") as file:
    facts = file.metadata()
    print(facts["epoch"], facts["name"], facts["tune.checkpoint"], file.get_tensor("parameters").shape)
    safetensors.numpy.save_file({name: file.get_tensor(name) for name in file.keys()}, sys.argv[2], metadata={"epoch": "3"})
)";
  CHECK(python_says(*python, script, {folder / kLastCheckpoint, folder / kPreviousCheckpoint}) == "3 a \"b\" 2 (2,)\n");
  fs::rename(folder / kPreviousCheckpoint, folder / kLastCheckpoint);
  CHECK(load_failure(folder).find("is no checkpoint of tune-train-image; remove it") != std::string::npos);
}

TEST_CASE("cut anywhere, or with any bit changed, it is refused") {
  const std::string bytes = encode_checkpoint(sample()).value();
  REQUIRE(decode_checkpoint(bytes).ok());
  for (std::size_t length = 0; length < bytes.size(); ++length) CHECK(failure_of(bytes.substr(0, length)) != "none");
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    CHECK(failure_of(damaged) != "none");
  }
  CHECK(failure_of(bytes + "x") != "none");
}

TEST_CASE("torn at any byte, the last is set aside and the one before it taken, which is said") {
  const std::string whole = encode_checkpoint(sample("2")).value();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    const TempDir folder;
    save(folder, "1");
    fs::rename(folder / kLastCheckpoint, folder / kPreviousCheckpoint);
    const std::string torn =
        length % 2 == 0 ? whole.substr(0, length) : std::string(length, '\0');  // zeros: never reached the disk
    folder.write(kLastCheckpoint, torn);
    const LoadedCheckpoint loaded = load(folder);
    CHECK(*loaded.checkpoint->fact("epoch") == "1");
    CHECK(loaded.path == folder / kPreviousCheckpoint);
    CHECK(loaded.note.starts_with((folder / kLastCheckpoint) + ": "));
    CHECK(loaded.note.ends_with("; kept as " + (folder / kDamagedCheckpoint)));
    CHECK(read_file(folder / kDamagedCheckpoint) == torn);
    // The next save must not push the torn one into the place of the whole one.
    save(folder, "2");
    CHECK(*load(folder).checkpoint->fact("epoch") == "2");
    CHECK(*read_checkpoint(folder / kPreviousCheckpoint).value().fact("epoch") == "1");
  }
}

TEST_CASE("with the last one missing the one before is taken") {
  const TempDir folder;
  save(folder, "1");
  fs::rename(folder / kLastCheckpoint, folder / kPreviousCheckpoint);
  const LoadedCheckpoint loaded = load(folder);
  CHECK(*loaded.checkpoint->fact("epoch") == "1");
  CHECK(loaded.note == (folder / kLastCheckpoint) + ": is not there");
}

TEST_CASE("where none is whole, each is named") {
  const TempDir folder;
  const std::string bytes = encode_checkpoint(sample()).value();
  const std::string last = folder.write(kLastCheckpoint, bytes.substr(0, bytes.size() - 1));
  CHECK(load_failure(folder) ==
        last + ": damaged: the tensor \"steps\" ends behind the file; remove it to train from the beginning");
  const std::string previous = folder.write(kPreviousCheckpoint, bytes.substr(0, 100));
  CHECK(load_failure(folder).find(previous + ": cut short") != std::string::npos);
  CHECK(load_failure(folder).find("remove both to train from the beginning") != std::string::npos);
  CHECK(files_in(folder) == std::set<std::string>{kLastCheckpoint, kPreviousCheckpoint});
}

TEST_CASE("a file that is none of ours is refused and stays, also beside a whole one") {
  const std::string ours = encode_checkpoint(sample()).value();
  std::string newer = ours;
  newer.replace(newer.find("\"2\""), 3, "\"3\"");
  const std::string zip = "PK\x03\x04" + std::string(200, 'z');
  const std::string text = "tune-checkpoint 1\n" + std::string(100, ' ');
  for (const std::string& content : {newer, zip, text, std::string("#!/bin/sh\n")}) {
    const TempDir folder;
    save(folder, "1");
    save(folder, "2");
    folder.write(kLastCheckpoint, content);
    CHECK(load_failure(folder) ==
          (folder / kLastCheckpoint) + ": is no checkpoint of tune-train-image; remove it to train from the beginning");
    CHECK(read_file(folder / kLastCheckpoint) == content);
  }
}

TEST_CASE("killed at any system call of a save: the old one is there, or the new one, and the next save goes well") {
  for (const bool second : {false, true}) {
    CAPTURE(second);
    bool seen_new = false;
    for (int call = 1;; ++call) {
      CAPTURE(call);
      const TempDir folder;
      if (second) save(folder, "3");
      save(folder, "4");
      const auto killed = killed_while_saving(folder.path().string(), call);
      if (!killed) {
        MESSAGE("skipped: no process may be traced here");
        return;
      }
      const LoadedCheckpoint loaded = load(folder);
      REQUIRE(loaded.checkpoint.has_value());
      const std::string epoch = *loaded.checkpoint->fact("epoch");
      CHECK(loaded.note == "");
      CHECK((epoch == "5" || (epoch == "4" && !seen_new)));
      seen_new = epoch == "5";
      save(folder, "6");
      CHECK(*load(folder).checkpoint->fact("epoch") == "6");
      CHECK(*read_checkpoint(folder / kPreviousCheckpoint).value().fact("epoch") == epoch);
      CHECK(files_in(folder) == std::set<std::string>{kLastCheckpoint, kPreviousCheckpoint});
      if (!*killed) {
        CHECK(call > 8);
        break;
      }
    }
    CHECK(seen_new);
  }
}

TEST_CASE("a directory that cannot be written is said") {
  const TempDir folder;
  CHECK_FALSE(check_writable(folder / "new/one").has_value());
  CHECK(fs::is_empty(folder / "new/one"));
  const std::string file = folder.write("file", "");
  const auto failure = check_writable(file + "/below");
  REQUIRE(failure.has_value());
  CHECK(failure->message.find("cannot be made for checkpoints: Not a directory") != std::string::npos);
  CHECK(save_checkpoint(folder / "nowhere", sample()).has_value());
  CHECK(write_checkpoint(folder / "nowhere/x", sample()).has_value());
}

TEST_CASE("a full disk while saving leaves what was there") {
  const TempDir folder;
  save(folder, "1");
  fs::create_directory(folder / "last.safetensors.tmp");  // stands for whatever keeps the new file from being written
  CHECK(save_checkpoint(folder.path().string(), sample("2")).has_value());
  CHECK(*load(folder).checkpoint->fact("epoch") == "1");
  Checkpoint bad = sample("2");
  bad.blocks.front().shape = {9};
  fs::remove(folder / "last.safetensors.tmp");
  CHECK(save_checkpoint(folder.path().string(), bad)->message.find("do not fit its shape") != std::string::npos);
  CHECK(files_in(folder) == std::set<std::string>{kLastCheckpoint});
}
