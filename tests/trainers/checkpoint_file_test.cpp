#include "trainers/checkpoint/checkpoint_file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/support/test_support.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

Checkpoint sample() {
  return {.facts = {{"epoch", "3"}, {"name", "a \"b\""}},
          .blocks = {{"parameters", std::string("\0\1\2\3", 4)}, {"empty", ""}, {"more", "xyz"}}};
}

}  // namespace

TEST_CASE("what is saved is loaded") {
  const TempDir folder;
  const std::string path = folder / "last.ckpt";
  CHECK_FALSE(load_checkpoint(path).value().has_value());
  CHECK_FALSE(save_checkpoint(path, {}).has_value());
  CHECK_FALSE(save_checkpoint(path, sample()).has_value());  // replaces the former
  const auto loaded = load_checkpoint(path);
  REQUIRE(loaded.ok());
  REQUIRE(loaded.value().has_value());
  CHECK(loaded.value()->facts == sample().facts);
  CHECK(loaded.value()->blocks == sample().blocks);
  CHECK(*loaded.value()->block("more") == "xyz");
  CHECK(loaded.value()->block("none") == nullptr);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("cut anywhere, or with any bit changed, it is refused") {
  const std::string bytes = encode_checkpoint(sample());
  REQUIRE(decode_checkpoint(bytes).ok());
  for (std::size_t length = 0; length < bytes.size(); ++length) CHECK_FALSE(decode_checkpoint(bytes.substr(0, length)).ok());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    CHECK_FALSE(decode_checkpoint(damaged).ok());
  }
  CHECK_FALSE(decode_checkpoint(bytes + "x").ok());
}

TEST_CASE("a directory that cannot be written is said") {
  const TempDir folder;
  CHECK_FALSE(check_writable(folder / "new/one").has_value());
  CHECK(std::filesystem::is_empty(folder / "new/one"));
  const std::string file = folder.write("file", "");
  const auto failure = check_writable(file + "/below");
  REQUIRE(failure.has_value());
  CHECK(failure->message.find("cannot be made for checkpoints: Not a directory") != std::string::npos);
  CHECK(save_checkpoint(folder / "nowhere/x", sample()).has_value());
}
