#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/trainers/trainer_runs.hpp"
#include "tests/trainers_data/image_files.hpp"

using namespace tune::test;
namespace fs = std::filesystem;

namespace {

std::string records(unsigned count, unsigned seed) {
  std::string file;
  for (unsigned i = 0; i < count; ++i) {
    file += to_record(image_payload({static_cast<float>(i % 2)}, to_jpeg(make_image(3, 12, 12, seed + i))));
  }
  return file;
}

}  // namespace

TEST_CASE("a RecordIO file for each channel: inspected, trained on, and kept for the next run") {
  const TrainerFolder folder;
  const TempDir& dir = folder.dir();
  dir.write("a.rec", records(60, 0));
  dir.write("b.rec", records(20, 100));

  const auto inspected = folder.run({"--inspect", "a.rec", "--contact-sheet", "sheet.png"});
  CHECK(inspected.exit_code == 0);
  CHECK(inspected.out.find("  images      60, in colour\n") != std::string::npos);
  CHECK(read_file(dir / "sheet.png").starts_with("\x89PNG"));

  const std::vector<std::string> arguments = {"--train",  "a.rec", "--validation",    "b.rec",
                                              "--epochs", "1",     "--learning_rate", "0.01"};
  const auto trained = folder.run(arguments);
  CHECK(trained.exit_code == 0);
  CHECK(trained.err == "tune-train-image: note: num_classes=2: it was not given, and the largest label is 1\n");
  CHECK_FALSE(fs::exists(dir / "cache"));  // too few bytes to be worth it

  dir.write("c.rec", records(2000, 0));
  auto larger = arguments;
  larger[1] = "c.rec";
  const auto first = folder.run(larger);
  CHECK(first.exit_code == 0);
  CHECK(fs::exists(dir / "cache/tune/images"));
  const auto second = folder.run(larger);
  CHECK(weights_of(second.out) == weights_of(first.out));
  larger.insert(larger.end(), {"--cache-dir", "none"});
  CHECK(weights_of(folder.run(larger).out) == weights_of(first.out));
}

TEST_CASE("the channels of a study are taken from the environment, lists too") {
  const TrainerFolder folder;
  const TempDir& dir = folder.dir();
  std::string list;
  for (unsigned i = 0; i < 8; ++i) {
    dir.write("images/" + std::to_string(i) + ".png", to_png(make_image(1, 12, 12, i)));
    list += std::to_string(i) + "\t" + std::to_string(i % 3) + "\t" + std::to_string(i) + ".png\n";
  }
  dir.write("lists/train.lst", list);
  dir.write("few.lst", list.substr(0, list.size() / 2));
  const auto run = folder.run({"--epochs", "1", "--learning_rate", "0.01"},
                              {"TUNE_CHANNEL_TRAIN=images", "TUNE_CHANNEL_TRAIN_LST=lists", "TUNE_CHANNEL_VALIDATION=images",
                               "TUNE_CHANNEL_VALIDATION_LST=few.lst"});
  CAPTURE(run.err);
  CHECK(run.exit_code == 0);
  CHECK(run.err.find("note: 4 of 4 validation images are among those to train on too") != std::string::npos);
  CHECK(run.err.find("note: mini_batch_size=32, but there are 8 training images") != std::string::npos);
}

TEST_CASE("options about data that are not right") {
  const TrainerFolder folder;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& message) {
    const auto run = folder.run(arguments);
    CAPTURE(run.err);
    CHECK(run.exit_code == 2);
    CHECK(run.err.find(message) != std::string::npos);
  };
  refused({"--data", "data", "--generate"}, "--data, --generate, and --train with --validation exclude each other");
  refused({"--data", "data", "--train", "a.rec"}, "exclude each other");
  refused({"--validation", "b.rec"}, "--validation is given, but neither --train nor TUNE_CHANNEL_TRAIN");
  refused({"--generate", "--contact-sheet", "x.png"}, "--contact-sheet is given without --inspect PATH");
  refused({"--generate", "--max-unreadable", "2"}, "--max-unreadable is '2'; allowed: a number from 0 to 1");
  refused({"--data", "data", "--cache-dir", ""}, "--cache-dir is empty; allowed: a directory, or none");
  refused({"--inspect", "nowhere"}, "nowhere: no such file or directory of images");
}
