#include "trainers/data/channel_files.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"

using namespace tune::test;
using namespace tune::trainer;
namespace fs = std::filesystem;

namespace {

ChannelFiles found(const ChannelRequest& request) {
  auto files = find_channel(request);
  REQUIRE_MESSAGE(files.ok(), files.failure().message);
  return files.value();
}

std::string refusal(const ChannelRequest& request) {
  const auto files = find_channel(request);
  REQUIRE_FALSE(files.ok());
  return files.failure().message;
}

std::vector<std::string> names(const std::vector<std::string>& paths) {
  std::vector<std::string> all;
  for (const std::string& path : paths) all.push_back(fs::path(path).filename().string());
  return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("RecordIO: one file, or those of a directory by what their names say") {
  const TempDir folder;
  for (const char* name : {"b_train.rec", "a_train.rec"}) folder.write(std::string("plain/") + name, "");
  const std::string plain = folder / "plain";
  CHECK(names(found({.path = plain}).files) == Names{"a_train.rec", "b_train.rec"});
  CHECK(found({.path = plain}).format == DataFormat::kRecordIo);
  CHECK(refusal({.path = plain, .role = Channel::kValidation, .shared = true})
            .find("2 .rec files, none of them for the training") != std::string::npos);
  for (const char* name : {"train_0.rec", "train_1.rec", "val.rec"}) folder.write(std::string("both/") + name, "");
  const std::string both = folder / "both";
  CHECK(names(found({.path = both, .shared = true}).files) == Names{"train_0.rec", "train_1.rec"});
  CHECK(names(found({.path = both, .role = Channel::kValidation, .shared = true}).files) == Names{"val.rec"});
  CHECK(names(found({.path = both, .role = Channel::kValidation}).files) == Names{"val.rec"});
  CHECK(names(found({.path = both + "/val.rec"}).files) == Names{"val.rec"});
}

TEST_CASE("IDX by their names, whichever channel they are given for") {
  const TempDir folder;
  folder.write("a/train-images-idx3-ubyte", "");
  folder.write("a/train-labels.idx1-ubyte", "");
  CHECK(names(found({.path = folder / "a"}).files) == Names{"train-images-idx3-ubyte", "train-labels.idx1-ubyte"});
  CHECK(found({.path = folder / "a", .role = Channel::kValidation}).format == DataFormat::kIdx);
  CHECK(refusal({.path = folder / "a", .role = Channel::kValidation, .shared = true}).find("no validation images") !=
        std::string::npos);
  const ChannelFiles file = found({.path = folder.write("b/my-images-idx3-ubyte.gz", "")});
  CHECK(names(file.files) == Names{"my-images-idx3-ubyte.gz", "my-labels-idx1-ubyte.gz"});
}

TEST_CASE("CIFAR: its files, or the folder of the archive") {
  const TempDir folder;
  for (const char* name : {"data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"}) {
    folder.write(std::string("ten/cifar-10-batches-bin/") + name, "");
  }
  CHECK(names(found({.path = folder / "ten", .shared = true}).files) == Names{"data_batch_1.bin", "data_batch_2.bin"});
  CHECK(names(found({.path = folder / "ten/cifar-10-batches-bin", .role = Channel::kValidation}).files) ==
        Names{"test_batch.bin"});
  folder.write("hundred/train.bin", "");
  folder.write("hundred/test.bin", "");
  CHECK(found({.path = folder / "hundred"}).format == DataFormat::kCifar100);
  CHECK(names(found({.path = folder / "hundred", .role = Channel::kValidation}).files) == Names{"test.bin"});
}

TEST_CASE("folders: classes by sorted names, images anywhere below, the classes of training hold for validation") {
  const TempDir folder;
  for (const char* name : {"train/zebra/2.JPG", "train/zebra/more/1.png", "train/ant/a.jpeg", "train/ant/.hidden.png",
                           "train/ant/b.txt", "train/.cache/x.png", "train/readme.png", "val/zebra/9.png"}) {
    folder.write(name, "");
  }
  const ChannelFiles train = found({.path = folder.path().string(), .shared = true});
  CHECK(train.format == DataFormat::kFolders);
  CHECK(train.class_names == Names{"ant", "zebra"});
  REQUIRE(train.images.size() == 3);
  CHECK(train.images[0].path == folder / "train/ant/a.jpeg");
  CHECK(train.images[0].labels == std::vector<float>{0});
  CHECK(train.images[1].path == folder / "train/zebra/2.JPG");
  CHECK(train.images[2].labels == std::vector<float>{1});
  const ChannelFiles validation =
      found({.path = folder.path().string(), .role = Channel::kValidation, .shared = true, .classes = train.class_names});
  REQUIRE(validation.images.size() == 1);
  CHECK(validation.images[0].labels == std::vector<float>{1});
  folder.write("val/lion/1.png", "");
  CHECK(refusal({.path = folder / "val", .role = Channel::kValidation, .classes = train.class_names}) ==
        (folder / "val/lion") + ": a class that the training images do not have");
  fs::create_directory(folder / "train/empty");
  const ChannelFiles with_note = found({.path = folder / "train"});
  CHECK(with_note.class_names == Names{"ant", "zebra"});
  CHECK(with_note.notes == Names{(folder / "train/empty") + " holds no images and is no class"});
  CHECK(refusal({.path = folder / "train", .shared = true}).find("one folder a class, but none of them is for validation") !=
        std::string::npos);
}

TEST_CASE("lists: labels and paths, relative to the images' directory") {
  const TempDir folder;
  const std::string list = folder.write("lists/train.lst", "5\t1\tants/a.jpg\n6\t0\t1.5\tb c.png\r\n\n7\t2\t/abs/d.png");
  const std::string images = folder / "images";
  fs::create_directory(images);
  const ChannelFiles given = found({.path = images, .list = list});
  CHECK(given.format == DataFormat::kList);
  REQUIRE(given.images.size() == 3);
  CHECK(given.images[0].path == images + "/ants/a.jpg");
  CHECK(given.images[0].labels == std::vector<float>{1});
  CHECK(given.images[1].path == images + "/b c.png");
  CHECK(given.images[1].labels == std::vector<float>{0, 1.5});
  CHECK(given.images[2].path == "/abs/d.png");
  CHECK(found({.path = images, .list = folder / "lists"}).images.size() == 3);  // SageMaker's channel is a directory
  CHECK(found({.path = list}).images[0].path == folder / "lists/ants/a.jpg");
  CHECK(found({.path = folder / "lists"}).images.size() == 3);
  CHECK(refusal({.path = images, .list = images}) == images + ": no .lst file there");
}

TEST_CASE("a line that is none is named") {
  const auto wrong = [](const std::string& text) { return parse_list(text, "").failure().message; };
  const std::string form = "; a line is: index TAB label [TAB label ...] TAB path";
  CHECK(wrong("1\t2\ta\nb\n") == "line 2 has no tab" + form);
  CHECK(wrong("1\ta.jpg") == "line 1 has no label" + form);
  CHECK(wrong("1\t2\t") == "line 1 names no image" + form);
  CHECK(wrong("1\tcat\ta.jpg") == "line 1 has 'cat' where a number belongs" + form);
  CHECK(wrong("1\tnan\ta.jpg") == "line 1 has 'nan' where a number belongs" + form);
  CHECK(wrong("1\t\ta.jpg") == "line 1 has '' where a number belongs" + form);
  CHECK(parse_list("", "").value().empty());
}

TEST_CASE("what is not there, and what is nothing known") {
  const TempDir folder;
  CHECK(refusal({.path = folder / "x"}) == (folder / "x") + ": no such file or directory of images");
  CHECK(refusal({.path = folder.path().string()}).find("no training images of a known format; looked for: *.rec (RecordIO)") !=
        std::string::npos);
  CHECK(refusal({.path = folder.write("notes.txt", "")}).find("a file of no known format") != std::string::npos);
}
