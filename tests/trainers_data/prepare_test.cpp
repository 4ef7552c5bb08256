#include "trainers/data/prepare.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"
#include "tests/trainers_data/image_files.hpp"
#include "trainers/data/cifar.hpp"
#include "trainers/data/resize.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

/// Grey and coloured images of several sizes and kinds, one of them broken, in a RecordIO file.
std::string mixed_records() {
  std::string file;
  for (unsigned i = 0; i < 40; ++i) {
    const Image image = make_image(i % 3 == 0 ? 1 : 3, 10 + i % 7, 12 + i % 5, i);
    const std::string encoded = i == 17 ? "broken" : i % 2 == 0 ? to_png(image) : to_jpeg(image);
    file += to_record(image_payload({static_cast<float>(i % 4)}, encoded));
  }
  return file;
}

std::unique_ptr<ImageSource> records(const std::string& path, std::int64_t limit = 0) {
  auto source = open_source({.format = DataFormat::kRecordIo, .path = path, .files = {path}}, limit);
  REQUIRE_MESSAGE(source.ok(), source.failure().message);
  return std::move(source.value());
}

PreparedImages prepared(const ImageSource& source, const PreparationSettings& settings, int threads = 1) {
  auto images = prepare_in_memory(source, settings, threads);
  REQUIRE_MESSAGE(images.ok(), images.failure().message);
  return std::move(images.value());
}

std::string refusal(const std::string& file, const PreparationSettings& settings) {
  const TempDir folder;
  const auto images = prepare_in_memory(*records(folder.write("a.rec", file)), settings, 1);
  REQUIRE_FALSE(images.ok());
  return images.failure().message.substr((folder / "a.rec").size());
}

std::vector<std::uint8_t> pixels_of(const ImageSet& set, std::size_t i) {
  const ImagePlace place = set.places[i];
  const auto count = static_cast<std::size_t>(place.height) * static_cast<std::size_t>(place.width * set.channels);
  const auto pixels = set.pixels.subspan(place.offset, count);
  return {pixels.begin(), pixels.end()};
}

}  // namespace

TEST_CASE("the same images give the same bytes with any number of threads") {
  const TempDir folder;
  const auto source = records(folder.write("a.rec", mixed_records()));
  const PreparedImages one = prepared(*source, {.channels = 3, .height = 12, .width = 12, .resize = 14});
  for (const int threads : {2, 3, 8}) {
    const PreparedImages more = prepared(*source, {.channels = 3, .height = 12, .width = 12, .resize = 14}, threads);
    CHECK(more.set.fingerprint == one.set.fingerprint);
    CHECK(std::ranges::equal(more.set.pixels, one.set.pixels));
  }
  CHECK(one.set.size() == 39);
  CHECK(one.trouble.images == 40);
  CHECK(one.trouble.unreadable == 1);
  REQUIRE(one.trouble.unreadable_names.size() == 1);
  CHECK(one.trouble.unreadable_names[0].find("record at byte") != std::string::npos);
  CHECK(one.trouble.unreadable_names[0].ends_with(": neither a JPEG nor a PNG image"));
  CHECK(one.set.labels[16] == 0);
  CHECK(one.set.labels[17] == 2);  // what follows the broken one
}

TEST_CASE("each image is decoded, resized, and enlarged to the crop") {
  const TempDir folder;
  const auto source = records(folder.write("a.rec", mixed_records()));
  const PreparedImages images = prepared(*source, {.channels = 1, .height = 15, .width = 11});
  Decoder decoder;
  for (const unsigned i : {0U, 2U, 6U, 14U}) {  // as PNG, so without loss
    Image expected = make_image(i % 3 == 0 ? 1 : 3, 10 + i % 7, 12 + i % 5, i);
    convert_channels(expected, 1);
    REQUIRE_FALSE(enlarge_to_crop(expected, 15, 11));
    CHECK(pixels_of(images.set, i) == expected.pixels);
    CHECK(images.set.places[i].height == expected.height);
  }
  CHECK(images.trouble.enlarged > 0);
  CHECK(std::ranges::all_of(images.set.places, [](const ImagePlace& place) { return place.height >= 15 && place.width >= 11; }));
}

TEST_CASE("what is left open is decided by the images") {
  const TempDir folder;
  const auto decided = [&](const std::string& file, PreparationSettings settings) {
    const auto result = decide(*records(folder.write("a.rec", file)), settings, 2);
    REQUIRE(result.ok());
    return ImageShape{.channels = result.value().channels, .height = result.value().height, .width = result.value().width};
  };
  const auto record = [](const Image& image) { return to_record(image_payload({0}, to_png(image))); };
  const std::string grey = record(make_image(1, 20, 30));
  const std::string colour = record(make_image(3, 20, 30));
  CHECK(decided(grey + grey, {}) == ImageShape{.channels = 1, .height = 20, .width = 30});
  CHECK(decided(grey + colour, {}) == ImageShape{.channels = 3, .height = 20, .width = 30});
  CHECK(decided(grey + colour, {.channels = 1}) == ImageShape{.channels = 1, .height = 20, .width = 30});
  CHECK(decided(grey, {.resize = 10}) == ImageShape{.channels = 1, .height = 10, .width = 15});
  CHECK(decided(grey + record(make_image(1, 20, 31)), {}) == ImageShape{.channels = 1, .height = 224, .width = 224});
  CHECK(decided(grey + record(make_image(1, 20, 35)), {.resize = 16}) == ImageShape{.channels = 1, .height = 16, .width = 16});
  CHECK(decided(record(make_image(1, 2, 2)), {}) == ImageShape{.channels = 1, .height = 4, .width = 4});
  CHECK(decided(grey + to_record("rubbish"), {}) == ImageShape{.channels = 1, .height = 20, .width = 30});
}

TEST_CASE("labels that are none are named with their image") {
  const std::string image = to_png(make_image(1, 8, 8));
  const auto file = [&](const std::vector<float>& labels) {
    return to_record(image_payload({1}, image)) + to_record(image_payload(labels, image));
  };
  const std::string at = ", record at byte " + std::to_string(to_record(image_payload({1}, image)).size()) + ": ";
  CHECK(refusal(file({2.5F}), {}) == at + "label 2.5; allowed: a whole number from 0 to 16777215");
  CHECK(refusal(file({-1}), {}) == at + "label -1; allowed: a whole number from 0 to 16777215");
  CHECK(refusal(file({__builtin_nanf("")}), {}) == at + "label nan; allowed: a whole number from 0 to 16777215");
  CHECK(refusal(file({0, 1}), {}) == at + "2 labels; with multi_label=1 an image may have several");
  CHECK(refusal(to_record(image_payload({0, 2}, image)), {.multi_label = true}) ==
        ", record at byte 0: label 2; with multi_label=1 allowed: 0 and 1");
  CHECK(refusal(to_record(image_payload({0, 1}, image)) + to_record(image_payload({0, 1, 1}, image)), {.multi_label = true})
            .find("3 labels; with multi_label=1 every image has as many as there are classes, and the first one has 2") !=
        std::string::npos);
}

TEST_CASE("several labels an image") {
  const TempDir folder;
  std::string file;
  for (unsigned i = 0; i < 4; ++i) {
    file += to_record(image_payload({static_cast<float>(i & 1), 1, static_cast<float>(i >> 1)}, to_png(make_image(1, 8, 8, i))));
  }
  const PreparedImages images = prepared(*records(folder.write("a.rec", file)), {.multi_label = true});
  CHECK(images.set.labels_per_image == 3);
  CHECK(std::ranges::equal(images.set.labels, std::vector{0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1}));
}

TEST_CASE("damage in a file counts as unreadable images; a file that is none is refused; an .idx of another file is noted") {
  const TempDir folder;
  const std::string one = to_record(image_payload({1}, to_png(make_image(1, 8, 8))));
  const std::string path = folder.write("a.rec", one + "rubbish!" + one);
  folder.write("a.idx", "0\t4\n");
  const PreparedImages images = prepared(*records(path), {});
  CHECK(images.set.size() == 2);
  CHECK(images.trouble.images == 3);
  CHECK(images.trouble.unreadable == 1);
  CHECK(images.trouble.unreadable_names[0] ==
        path + ", byte " + std::to_string(one.size()) + ": no record begins here (the magic number 0xced7230a is missing)");
  CHECK(images.notes == std::vector<std::string>{(folder / "a.idx") +
                                                 " is of another file and is not used: line 1 says 4, where no record begins"});
  const auto none = open_source({.format = DataFormat::kRecordIo, .files = {folder.write("b.rec", "not a record")}}, 0);
  REQUIRE_FALSE(none.ok());
  CHECK(none.failure().message.find("b.rec: no RecordIO file: at byte 0") != std::string::npos);
}

TEST_CASE("files of images: those that are missing or broken are unreadable") {
  const TempDir folder;
  const Image image = make_image(3, 9, 8);
  ChannelFiles files{.format = DataFormat::kFolders};
  files.images = {{.path = folder.write("a.png", to_png(image)), .labels = {0}},
                  {.path = folder / "missing.png", .labels = {1}},
                  {.path = folder.write("c.jpg", to_jpeg(image)), .labels = {1}},
                  {.path = folder.write("empty.jpg", ""), .labels = {1}}};
  const auto source = open_source(files, 0);
  REQUIRE(source.ok());
  const PreparedImages images = prepared(*source.value(), {});
  CHECK(images.shape == ImageShape{.channels = 3, .height = 9, .width = 8});
  CHECK(pixels_of(images.set, 0) == image.pixels);
  CHECK(std::ranges::equal(images.set.labels, std::vector{0, 1}));
  REQUIRE(images.trouble.unreadable_names.size() == 2);
  CHECK(images.trouble.unreadable_names[0] == (folder / "missing.png") + ": No such file or directory");
  CHECK(images.trouble.unreadable_names[1] == (folder / "empty.jpg") + ": no bytes");
  const auto limited = open_source(files, 1);
  CHECK(limited.value()->size() == 1);
}

TEST_CASE("CIFAR: planes become pixels, the fine label counts, names are beside the files") {
  const TempDir folder;
  const auto plane = [](char c) { return std::string(1024, c); };
  const std::string row = plane('r') + plane('g') + plane('b');
  const std::string one = folder.write("data_batch_1.bin", std::string(1, 3) + row + std::string(1, 9) + row);
  const auto ten = read_cifar({one, one}, kCifar10, 0);
  REQUIRE(ten.ok());
  CHECK(ten.value().common_shape() == ImageShape{.channels = 3, .height = 32, .width = 32});
  CHECK(std::ranges::equal(ten.value().labels, std::vector{3, 9, 3, 9}));
  CHECK(ten.value().pixels[0] == 'r');
  CHECK(ten.value().pixels[1] == 'g');
  CHECK(ten.value().pixels[2] == 'b');
  CHECK(read_cifar({one, one}, kCifar10, 3).value().size() == 3);
  const std::string hundred = folder.write("train.bin", std::string("\x07\x63", 2) + row);
  CHECK(read_cifar({hundred}, kCifar100, 0).value().labels[0] == 99);
  CHECK(read_cifar({folder.write("bad.bin", std::string(1, 10) + row)}, kCifar10, 0).failure().message ==
        (folder / "bad.bin") + ": label 10 of image 0; CIFAR-10 has 0 to 9");
  CHECK(read_cifar({folder.write("short.bin", row)}, kCifar10, 0).failure().message ==
        (folder / "short.bin") + ": 3072 bytes; a file of CIFAR-10 has a multiple of 3073");
  CHECK(cifar_class_names(one, kCifar10).empty());
  folder.write("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  CHECK(cifar_class_names(one, kCifar10).size() == 10);
}
