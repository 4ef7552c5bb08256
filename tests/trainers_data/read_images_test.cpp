#include "trainers/data/read_images.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"
#include "tests/trainers_data/image_files.hpp"
#include "trainers/data/generated.hpp"

using namespace tune::test;
using namespace tune::trainer;
namespace fs = std::filesystem;

namespace {

/// A RecordIO file of small PNGs with these labels; -1: an image that is none.
std::string records(const std::vector<int>& labels, std::int64_t side = 8, unsigned seed = 0) {
  std::string file;
  for (const int label : labels) {
    const std::string image = label < 0 ? "broken" : to_png(make_image(1, side, side, seed++));
    file += to_record(image_payload({static_cast<float>(std::max(label, 0))}, image));
  }
  return file;
}

class Data {
 public:
  Data(const std::string& train, const std::string& validation) {
    request.train = folder.write("train.rec", train);
    request.validation = folder.write("val.rec", validation);
  }
  [[nodiscard]] ImageData read() const {
    auto data = read_images(request);
    REQUIRE_MESSAGE(data.ok(), data.failure().message);
    return std::move(data.value());
  }
  /// Without the folder's name.
  [[nodiscard]] std::string shortened(std::string text) const {
    const std::string prefix = folder.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }
  [[nodiscard]] std::vector<std::string> notes() const {
    std::vector<std::string> all = read().notes;
    std::ranges::transform(all, all.begin(), [this](const std::string& note) { return shortened(note); });
    return all;
  }
  [[nodiscard]] std::string refusal() const {
    const auto data = read_images(request);
    REQUIRE_FALSE(data.ok());
    return shortened(data.failure().message);
  }

  TempDir folder;
  DataRequest request;
};

using Notes = std::vector<std::string>;

}  // namespace

TEST_CASE("the number of classes: taken from the data, given, too small") {
  Data data(records({0, 1, 2}), records({0, 1, 4}, 8, 50));
  CHECK(data.read().num_classes == 5);
  CHECK(data.notes() == Notes{"num_classes=5: it was not given, and the largest label is 4", "1 of 5 classes have no images: 3",
                              "1 of 5 classes have validation images but none to train on: 4"});
  data.request.num_classes = 4;
  CHECK(data.refusal() ==
        "num_classes=4, but the largest label of the validation images is 4; allowed: 0 to num_classes - 1; "
        "set num_classes=5 or leave it out");
  data.request.num_classes = 12;

  CHECK(data.notes()[0] == "8 of 12 classes have no images: 3, 5, 6, 7, 8, 9, 10, 11");
}

TEST_CASE("one class only") {
  Data data(records({3, 3, 3}), records({1, 3}, 8, 50));
  CHECK(data.refusal() == "all 3 training images are of class 3; a classifier needs two classes or more");
  data.request.num_classes = 9;
  CHECK(data.refusal() == "all 3 training images are of class 3; a classifier needs two classes or more");
}

TEST_CASE("unreadable images: named, and too many of them") {
  Data data(records({0, -1, 1, 1, 0, 1, 0, -1}), records({0, 1}, 8, 50));
  data.request.num_classes = 2;
  const std::string named = "train.rec: 2 of 8 images cannot be read (train.rec, record at byte " +
                            std::to_string(records({0}).size()) + ": neither a JPEG nor a PNG image; train.rec, record at byte " +
                            std::to_string(records({0, -1, 1, 1, 0, 1, 0}).size()) + ": neither a JPEG nor a PNG image)";
  CHECK(data.refusal() == named + "; allowed: a share of 0.01 (--max-unreadable)");
  data.request.max_unreadable = 0.25;
  CHECK(data.notes() == Notes{named + "; they are left out"});
  CHECK(data.read().train.size() == 6);
  Data all(records({-1, -1}), records({0, 1}));
  all.request.max_unreadable = 1;
  CHECK(all.refusal().starts_with("train.rec: 2 of 2 images cannot be read ("));
  CHECK(Data("", records({0, 1})).refusal() == "train.rec: no images");
}

TEST_CASE("sizes: enlarged to the crop, cropped without being asked, batches larger than the set") {
  Data data(records({0, 1, 0}), records({0, 1}, 12, 50));
  data.request.num_classes = 2;
  CHECK(data.read().shape == ImageShape{.channels = 1, .height = 8, .width = 8});
  CHECK(data.notes() == Notes{"val.rec: images are cropped to image_shape=1,8,8; set image_shape or resize for something else"});
  data.request.image_shape = {.channels = 3, .height = 10, .width = 10};
  CHECK(data.notes() == Notes{"train.rec: 3 images are smaller than image_shape=3,10,10 and were enlarged, the first: "
                              "train.rec, record at byte 0"});
  CHECK(data.read().train.channels == 3);
  CHECK(data.read().train.places[0].height == 10);
  data.request.image_shape = {.channels = 1, .height = 8, .width = 8};
  data.request.mini_batch_size = 4;
  data.request.num_training_samples = 9;
  CHECK(data.notes() == Notes{"mini_batch_size=4, but there are 3 training images: an epoch is one step of them all",
                              "num_training_samples=9, but there are 3 training images"});
  data.request.num_training_samples = 2;
  data.request.mini_batch_size = 2;
  CHECK(data.read().train.size() == 2);
  CHECK(data.read().validation.size() == 2);
}

TEST_CASE("training and validation on the same images") {
  Data data(records({0, 1}), records({0, 1}));
  data.request.num_classes = 2;
  CHECK(data.notes() ==
        Notes{"training and validation images are the same: the validation will not tell how well others are classified"});
  data.request.validation = data.request.train;
  CHECK(data.notes() ==
        Notes{"training and validation images are the same: the validation will not tell how well others are classified"});
}

TEST_CASE("several labels an image: as many as classes") {
  const auto file = [](unsigned seed) {
    std::string text;
    for (const std::vector<float>& labels : {std::vector<float>{1, 0, 1}, std::vector<float>{0, 1, 1}}) {
      text += to_record(image_payload(labels, to_png(make_image(1, 8, 8, seed++))));
    }
    return text;
  };
  Data data(file(0), file(9));
  data.request.multi_label = true;
  CHECK(data.read().num_classes == 3);
  CHECK(data.read().train.labels_per_image == 3);
  data.request.num_classes = 4;
  CHECK(
      data.refusal().starts_with("num_classes=4, but with multi_label=1 an image has a label for each class, and these have 3"));
  data.request.multi_label = false;
  CHECK(data.refusal() == "train.rec, record at byte 0: 3 labels; with multi_label=1 an image may have several");
}

TEST_CASE("folders of classes and lists of the same images train on the same") {
  const TempDir folder;
  std::string list;
  for (unsigned i = 0; i < 6; ++i) {
    const std::string name = std::string(i % 2 == 0 ? "cat" : "dog") + "/" + std::to_string(i) + ".png";
    for (const std::string part : {"train/", "validation/"})
      folder.write(part + name, to_png(make_image(3, 8, 8, i + (part == "train/" ? 0 : 9))));
  }
  for (const unsigned i : {0U, 2U, 4U, 1U, 3U, 5U}) {
    list +=
        std::to_string(i) + "\t" + std::to_string(i % 2) + "\t" + (i % 2 == 0 ? "cat/" : "dog/") + std::to_string(i) + ".png\n";
  }
  const std::string lists = folder.write("lists/train.lst", list);
  const std::string root = folder.path().string();
  const auto folders = read_images({.train = root, .validation = root});
  REQUIRE_MESSAGE(folders.ok(), folders.failure().message);
  CHECK(folders.value().class_names == std::vector<std::string>{"cat", "dog"});
  CHECK(folders.value().num_classes == 2);
  CHECK(folders.value().notes.empty());
  const auto listed = read_images(
      {.train = folder / "train", .validation = folder / "validation", .train_list = folder / "lists", .validation_list = lists});
  REQUIRE_MESSAGE(listed.ok(), listed.failure().message);
  CHECK(listed.value().train.fingerprint == folders.value().train.fingerprint);
  CHECK(listed.value().validation.fingerprint == folders.value().validation.fingerprint);
  const auto shared = read_images({.train = lists, .validation = lists});
  REQUIRE_FALSE(shared.ok());  // the images are not beside the list
  const auto overlapping = read_images({.train = folder / "train",
                                        .validation = folder / "train",
                                        .train_list = lists,
                                        .validation_list = folder.write("few.lst", "0\t0\tcat/0.png\n1\t1\tdog/1.png\n")});
  REQUIRE(overlapping.ok());
  CHECK(overlapping.value().notes.back() == "2 of 2 validation images are among those to train on too");
}

TEST_CASE("generated images go the same way") {
  const auto data = read_images({.generate = true, .num_training_samples = 200});
  REQUIRE(data.ok());
  CHECK(data.value().num_classes == kGeneratedClasses);
  CHECK(data.value().notes.empty());
  CHECK(data.value().train.fingerprint == generate_images(200).train.fingerprint);
  const auto colour =
      read_images({.generate = true, .num_training_samples = 20, .image_shape = {.channels = 3, .height = 32, .width = 32}});
  CHECK(colour.value().train.common_shape() == ImageShape{.channels = 3, .height = 32, .width = 32});
}

TEST_CASE("the real RecordIO set: labels 2 to 34 with gaps") {
  const auto folder = shared_data("images/recordio-glyphs");
  if (!folder) return;
  DataRequest request{.train = folder->string(), .validation = folder->string()};
  const auto data = read_images(request);
  REQUIRE_MESSAGE(data.ok(), data.failure().message);
  CHECK(data.value().train.size() == 1380);
  CHECK(data.value().validation.size() == 392);
  CHECK(data.value().num_classes == 35);
  CHECK(data.value().shape == ImageShape{.channels = 1, .height = 28, .width = 28});
  REQUIRE(data.value().notes.size() == 2);
  CHECK(data.value().notes[1].starts_with("15 of 35 classes have no images: 0, 1, "));
  request.num_classes = 20;
  CHECK(read_images(request).failure().message.find("set num_classes=35") != std::string::npos);
}
