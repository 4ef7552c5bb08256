#include "trainers/data/idx.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include <string>

#include "tests/trainers/trainer_runs.hpp"
#include "trainers/data/read_images.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

const std::string kImages = big_endian(0x803) + big_endian(3) + big_endian(4) + big_endian(5) + std::string(20, 'a') +
                            std::string(20, 'b') + std::string(20, 'c');
const std::string kLabels = big_endian(0x801) + big_endian(3) + std::string("\1\0\2", 3);

std::string refusal(const std::string& images, const std::string& labels) {
  const TempDir folder;
  const auto set = read_idx(folder.write("images", images), folder.write("labels", labels), 0);
  REQUIRE_FALSE(set.ok());
  const std::string& message = set.failure().message;
  REQUIRE(message.starts_with(folder.path().string()));
  return message.substr(folder.path().string().size() + 1);
}

}  // namespace

TEST_CASE("plain and gzip files read alike") {
  const TempDir folder;
  write_gzip(folder / "images.gz", kImages);
  write_gzip(folder / "labels.gz", kLabels);
  const auto plain = read_idx(folder.write("images", kImages), folder.write("labels", kLabels), 0);
  const auto packed = read_idx(folder / "images.gz", folder / "labels.gz", 0);
  REQUIRE(plain.ok());
  REQUIRE(packed.ok());
  CHECK(plain.value().common_shape() == ImageShape{.channels = 1, .height = 4, .width = 5});
  CHECK(std::ranges::equal(plain.value().labels, std::vector{1, 0, 2}));
  CHECK(plain.value().pixels.size() == 60);
  CHECK(plain.value().pixels[20] == 'b');
  CHECK(packed.value().fingerprint == plain.value().fingerprint);
}

TEST_CASE("only the first images are read when only they are wanted") {
  const TempDir folder;
  const auto set = read_idx(folder.write("images", kImages.substr(0, 16 + 40)), folder.write("labels", kLabels), 2);
  REQUIRE(set.ok());
  CHECK(set.value().size() == 2);
  CHECK(set.value().pixels.size() == 40);
}

TEST_CASE("each defect is named with its file") {
  CHECK(refusal(kLabels, kLabels) == "images: magic number 0x00000801, but IDX images begin with 0x00000803");
  CHECK(refusal(kImages, kImages) == "labels: magic number 0x00000803, but IDX labels begin with 0x00000801");
  CHECK(refusal("", kLabels) == "images: cut short: it ends before all that its header announces");
  CHECK(refusal(kImages.substr(0, kImages.size() - 1), kLabels) ==
        "images: cut short: it ends before all that its header announces");
  CHECK(refusal(kImages, kLabels.substr(0, 10)) == "labels: cut short: it ends before all that its header announces");
  CHECK(refusal(kImages + "x", kLabels) == "images: longer than its header says");
  CHECK(refusal(kImages, kLabels + "x") == "labels: longer than its header says");
  CHECK(refusal(big_endian(0x803) + big_endian(0) + big_endian(4) + big_endian(4), kLabels) == "images: no images");
  CHECK(refusal(big_endian(0x803) + big_endian(0xFFFFFFFF) + big_endian(4096) + big_endian(4096) + "few", kLabels) ==
        "images: cut short: it ends before all that its header announces");
  CHECK(refusal(big_endian(0x803) + big_endian(1) + big_endian(2) + big_endian(9999), kLabels) ==
        "images: images of 2 x 9999 pixels; allowed: 1 to 4096 each way");
}

TEST_CASE("damaged gzip data is named") {
  const TempDir folder;
  write_gzip(folder / "images", kImages);
  std::string bytes = read_file(folder / "images");
  CHECK(refusal(bytes.substr(0, bytes.size() - 12), kLabels) ==
        "images: cut short: it ends before all that its header announces");
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);  // the checksum at its end
  CHECK(refusal(bytes, kLabels).starts_with("images: damaged gzip data"));
}

TEST_CASE("a directory: each file plain or packed, with a dash or a dot") {
  const TempDir folder;
  folder.write("train-images.idx3-ubyte", kImages);
  write_gzip(folder / "train-labels-idx1-ubyte.gz", kLabels);
  folder.write("t10k-images-idx3-ubyte", kImages);
  folder.write("t10k-labels.idx1-ubyte", kLabels);
  const std::string path = folder.path().string();
  const auto data = read_images({.train = path, .validation = path, .num_training_samples = 2});
  REQUIRE(data.ok());
  CHECK(data.value().train.size() == 2);
  CHECK(data.value().num_classes == 3);
  CHECK(data.value().shape == ImageShape{.channels = 1, .height = 4, .width = 5});
  CHECK(data.value().validation.size() == 3);
}

TEST_CASE("generated images: always the same, a larger set begins with a smaller one, all classes occur") {
  const ImageData small = generate_images(50);
  const ImageData large = generate_images(200);
  CHECK(std::ranges::equal(first_images(large.train, 50).pixels, small.train.pixels));
  CHECK(first_images(large.train, 50).fingerprint == small.train.fingerprint);
  CHECK(generate_images(50).validation.fingerprint == small.validation.fingerprint);
  CHECK(large.train.fingerprint != small.train.fingerprint);
  CHECK(small.validation.size() == kGeneratedValidation);
  std::vector<int> counts(kGeneratedClasses);
  for (const std::int32_t label : small.validation.labels) ++counts.at(static_cast<std::size_t>(label));
  for (const int count : counts) CHECK(count > kGeneratedValidation / kGeneratedClasses / 2);
}
