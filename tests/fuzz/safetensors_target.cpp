// A safetensors file, and a checkpoint with its checksum put right: refused with a message, or written back the same.

#include <algorithm>
#include <cstdio>
#include <vector>

#include "tests/fuzz/targets.hpp"
#include "trainers/checkpoint/checkpoint_file.hpp"
#include "trainers/support/safetensors.hpp"

namespace tune::fuzz {

namespace {

using namespace trainer;

constexpr std::size_t kCrcAt = 8 + std::string_view(R"({"__metadata__":{"tune.checkpoint":"2","tune.crc32":")").size();
constexpr std::size_t kCrcDigits = 8;

std::string with_right_checksum(std::string_view input) {
  std::string bytes(input);
  if (bytes.size() < kCrcAt + kCrcDigits) return bytes;
  bytes.replace(kCrcAt, kCrcDigits, kCrcDigits, '0');
  char digits[kCrcDigits + 1];
  std::snprintf(digits, sizeof digits, "%08x", checksum(bytes));
  return bytes.replace(kCrcAt, kCrcDigits, digits);
}

void check_file(std::string_view input) {
  std::string seen;
  const auto file = decode_safetensors(input, [&](std::string_view piece) { seen += piece; });
  if (!file.ok()) return require_plain(file.failure().message);
  require(seen == input, "all bytes of a file are seen, in their order");
  const std::vector<TensorView> views(file.value().tensors.begin(), file.value().tensors.end());
  const auto pieces = encode_safetensors(views, file.value().metadata);
  require(pieces.ok(), "what was read can be written");
  std::string bytes;
  for (const std::string_view piece : pieces.value().all()) bytes += piece;
  const auto again = decode_safetensors(bytes);
  require(again.ok() && again.value().tensors == file.value().tensors, "the tensors come back");
  require(again.value().metadata == file.value().metadata, "the metadata come back");
}

void check_checkpoint(std::string_view input) {
  const auto checkpoint = decode_checkpoint(input);
  if (!checkpoint.ok()) return require_plain(checkpoint.failure().message);
  const auto bytes = encode_checkpoint(checkpoint.value());
  require(bytes.ok(), "a checkpoint that was read can be written");
  const auto again = decode_checkpoint(bytes.value());
  require(again.ok() && again.value().facts == checkpoint.value().facts, "the facts come back");
  require(again.value().blocks == checkpoint.value().blocks, "the blocks come back");
}

}  // namespace

void run_safetensors(std::string_view input) {
  const std::string bytes(input);  // a copy, so that reading beyond it is found
  check_file(bytes);
  check_checkpoint(bytes);
  check_checkpoint(with_right_checksum(bytes));
}

}  // namespace tune::fuzz
