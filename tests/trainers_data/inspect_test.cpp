#include "trainers/data/inspect.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/test_support.hpp"
#include "tests/trainers_data/image_files.hpp"
#include "trainers/data/resize.hpp"

using namespace tune::test;
using namespace tune::trainer;

TEST_CASE("what there is: format, sizes, counts, statistics, what cannot be read") {
  const TempDir folder;
  const Image bright{.channels = 1, .height = 4, .width = 5, .pixels = std::vector<std::uint8_t>(20, 200)};
  const Image dark{.channels = 1, .height = 4, .width = 5, .pixels = std::vector<std::uint8_t>(20, 100)};
  const auto record = [](float label, const std::string& image) { return to_record(image_payload({label}, image)); };
  const std::string file = record(2, to_png(bright)) + record(7, to_png(dark)) + record(7, "broken") + record(7, to_png(dark)) +
                           record(2, to_png(bright));
  const std::string path = folder.write("a.rec", file);
  const auto all = inspect(path);
  REQUIRE_MESSAGE(all.ok(), all.failure().message);
  REQUIRE(all.value().size() == 1);
  const std::string broken = std::to_string((record(2, to_png(bright)) + record(7, to_png(dark))).size());
  CHECK(text_of(all.value()[0]) == path +
                                       "\n"
                                       "  files       a.rec\n"
                                       "  format      RecordIO, 1 file, " +
                                       std::to_string(file.size()) +
                                       " bytes\n"
                                       "  images      4, grey\n"
                                       "  size        4 x 5\n"
                                       "  unreadable  1\n"
                                       "              " +
                                       path + ", record at byte " + broken +
                                       ": neither a JPEG nor a PNG image\n"
                                       "  mean        150.00\n"
                                       "  deviation   50.00\n"
                                       "  labels      2 to 7, 2 of them occur; num_classes=8\n"
                                       "  class       images  name\n"
                                       "  2                2\n"
                                       "  7                2\n");
}

TEST_CASE("both channels of a directory, with the names of the classes; a contact sheet with a row for each") {
  const TempDir folder;
  for (unsigned i = 0; i < 30; ++i) {
    const std::string name = (i % 2 == 0 ? "cat/" : "dog/") + std::to_string(i) + ".png";
    folder.write((i < 26 ? "train/" : "val/") + name, to_png(make_image(3, 40 + i, 80, i)));
  }
  const auto all = inspect(folder.path().string());
  REQUIRE_MESSAGE(all.ok(), all.failure().message);
  REQUIRE(all.value().size() == 2);
  const std::string text = text_of(all.value()[0]);
  CHECK(text.find("  size        40 x 80 (1), 41 x 80 (1), ") != std::string::npos);
  CHECK(text.find(", ... (26 sizes)\n") != std::string::npos);
  CHECK(text.find("  1               13  dog\n") != std::string::npos);
  CHECK(text_of(all.value()[1]).find("  0                2  cat\n") != std::string::npos);
  const std::string sheet = folder / "sheet.png";
  REQUIRE_FALSE(write_contact_sheet(all.value()[0], sheet));
  Decoder decoder;
  Image drawn;
  const std::string bytes = read_file(sheet);
  REQUIRE_FALSE(decoder.decode(bytes_of(bytes), 3, drawn));
  CHECK(drawn.height == 2 * 68 + 4);
  CHECK(drawn.width == 64 + 10 * 68 + 4);
  const auto at = [&](std::size_t y, std::size_t x) {
    return drawn.pixels.data() + 3 * (y * static_cast<std::size_t>(drawn.width) + x);
  };
  Image first = make_image(3, 40, 80, 0);  // 64 pixels on its longer side
  REQUIRE_FALSE(resize_bilinear(first, 32, 64));
  for (std::size_t x = 0; x < 64; ++x) CHECK(at(4, 64 + x)[0] == first.pixels[3 * x]);
  CHECK(at(0, 64)[0] == 255);  // paper
  CHECK(write_contact_sheet(all.value()[0], folder / "no/such/folder.png"));
}

TEST_CASE("several labels an image, and nothing to look at") {
  const TempDir folder;
  const std::string image = to_png(make_image(1, 8, 8));
  const auto all =
      inspect(folder.write("m.rec", to_record(image_payload({1, 0, 1}, image)) + to_record(image_payload({0, 0, 1}, image))));
  REQUIRE(all.ok());
  CHECK(text_of(all.value()[0]).find("  labels      3 an image: multi_label=1\n") != std::string::npos);
  CHECK(text_of(all.value()[0]).find("  2                2\n") != std::string::npos);
  CHECK_FALSE(inspect(folder / "nothing").ok());
}
