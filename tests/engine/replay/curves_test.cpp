#include <doctest/doctest.h>
#include <zlib.h>

#include <cmath>

#include "engine/replay/curves.hpp"
#include "tests/support/test_support.hpp"

namespace tune::engine {
namespace {

using test::TempDir;

Result<Curves> read(const TempDir& directory, const std::string& text) {
  return read_curves(directory.write("curves.csv", text));
}

void check_refused(const std::string& text, const std::string& part) {
  const TempDir directory;
  const auto curves = read(directory, text);
  CAPTURE(text);
  REQUIRE_FALSE(curves.ok());
  CAPTURE(curves.status().message());
  CHECK(curves.status().message().find(part) != std::string::npos);
}

TEST_CASE("a CSV of curves: columns in any order, gaps, short curves, what is no number, quotes, CRLF") {
  const TempDir directory;
  const auto curves = read(directory,
                           "\xEF\xBB\xBFname,y2,id,y1,y3\r\n"
                           "\"a, \"\"b\"\"\",0.2,first,0.1,0.3\r\n"
                           "c,,second,1e-3,-Inf\n"
                           "d,nan,third,+2,\n"
                           "\n"
                           "e,,empty,,\n"
                           "f,1e999,last,-1e999,4");
  REQUIRE(curves.ok());
  CHECK(curves->max_step == 3);
  CHECK(curves->left_out == 1);
  REQUIRE(curves->curves.size() == 4);
  const auto& first = curves->curves[0];
  CHECK(first.id == "first");
  REQUIRE(first.points.size() == 3);
  CHECK(first.points[1].step == 2);
  CHECK(first.points[1].value == 0.2);
  const auto& second = curves->curves[1];
  REQUIRE(second.points.size() == 2);
  CHECK(second.points[1].step == 3);
  CHECK(second.points[1].value == -HUGE_VAL);
  CHECK(curves->curves[2].last_step() == 2);
  CHECK(std::isnan(curves->curves[2].points[1].value));
  CHECK(curves->curves[3].points[0].value == -HUGE_VAL);
  CHECK(curves->curves[3].points[1].value == HUGE_VAL);
}

TEST_CASE("a CSV compressed by gzip is read as it is") {
  const TempDir directory;
  const std::string path = directory / "curves.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  const std::string text = "y1,y2\n1,2\n3,4\n";
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const auto curves = read_curves(path);
  REQUIRE(curves.ok());
  CHECK(curves->curves.size() == 2);
  CHECK(curves->curves[1].id == "2");

  // Cut off in the middle: nothing is taken for whole.
  std::string bytes = test::read_file(path);
  directory.write("cut.csv.gz", bytes.substr(0, bytes.size() - 9));
  const auto cut = read_curves(directory / "cut.csv.gz");
  REQUIRE_FALSE(cut.ok());
  CHECK(cut.status().message().find("damaged") != std::string::npos);
}

TEST_CASE("bad CSVs: the message names the line, what was found and what is allowed") {
  check_refused("", "is empty");
  check_refused("id,y1,y2\n", "holds no curve");
  check_refused("id,lr\na,1\n", "no columns y1, y2, ...");
  check_refused("id,y1,y3\na,1,2\n", "column y2 is missing");
  check_refused("y1,y1\n1,2\n", "column y1 is there twice");
  check_refused("id,y1,y2\na,1,2\nb,1\n", "curves.csv:3: the row has 2 cells, the first line has 3");
  check_refused("id,y1,y2\na,1,2,3\n", "curves.csv:2: the row has 4 cells");
  check_refused("id,y1,y2\na,1,high\n", "curves.csv:2: y2 is 'high', which is no number");
  check_refused("id,y1\na,1x\n", "y1 is '1x'");
  check_refused("id,y1\n\"a,1\n", "quoted cell");
  const TempDir directory;
  CHECK(read_curves(directory / "absent.csv").status().message().find("cannot be read") != std::string::npos);
  CHECK(read_curves(directory.path().string()).status().message().find("is a directory") != std::string::npos);
}

}  // namespace
}  // namespace tune::engine
