#include "trainers/data/recordio.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/test_support.hpp"
#include "tests/trainers_data/image_files.hpp"
#include "trainers/data/decode.hpp"
#include "trainers/data/mapped_file.hpp"

using namespace tune::test;
using namespace tune::trainer;

namespace {

const std::string kMagicText = little_endian(kRecordMagic);

std::string payload_text(const std::string& file, const RecordPlace& place) {
  std::vector<std::uint8_t> joined;
  const auto payload = record_payload(bytes_of(file), place, joined);
  CHECK(payload.size() == place.size);
  return {payload.begin(), payload.end()};
}

std::vector<std::string> payloads(const std::string& file) {
  const RecordIndex index = index_records(bytes_of(file));
  CHECK(index.damage_count == 0);
  std::vector<std::string> all;
  for (const RecordPlace& place : index.records) all.push_back(payload_text(file, place));
  return all;
}

}  // namespace

TEST_CASE("records: whole ones, padded ones, an empty one") {
  const std::vector<std::string> written = {"abcd", "a", "", "abcde", "ab", "abc"};
  std::string file;
  for (const std::string& payload : written) file += to_record(payload);
  CHECK(file.size() == 6 * 8 + 4 + 4 + 0 + 8 + 4 + 4);
  CHECK(payloads(file) == written);
}

TEST_CASE("a magic number in a payload: aligned, not aligned, two in a row, at either end, alone") {
  const std::vector<std::string> written = {"abcd" + kMagicText + "efg",
                                            "abc" + kMagicText + "efg",
                                            "abcd" + kMagicText + kMagicText + "e",
                                            kMagicText + "abcd",
                                            "abcd" + kMagicText,
                                            kMagicText,
                                            kMagicText + kMagicText,
                                            "ab" + kMagicText + kMagicText + "x"};
  std::string file;
  for (const std::string& payload : written) file += to_record(payload);
  CHECK(payloads(file) == written);
  const RecordIndex index = index_records(bytes_of(file));
  const std::vector<std::uint32_t> parts = {2, 1, 3, 2, 2, 2, 3, 1};
  for (std::size_t i = 0; i < parts.size(); ++i) CHECK(index.records[i].parts == parts[i]);
}

TEST_CASE("any payloads are read as they were written") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> written;
    std::string file;
    for (auto count = random() % 6; count > 0; --count) {
      std::string payload;
      for (auto pieces = random() % 8; pieces > 0; --pieces) {
        if (random() % 3 == 0)
          payload += kMagicText;
        else
          payload += std::string(random() % 7, static_cast<char>(random()));
      }
      written.push_back(payload);
      file += to_record(payload);
    }
    CHECK(payloads(file) == written);
  }
}

TEST_CASE("after damage reading goes on with the next record") {
  const std::string one = to_record("first record");
  const std::string two = to_record("the second " + std::string(13, 'x'));
  const std::string three = to_record("abcd" + kMagicText + "third");
  SUBCASE("a wrong magic number") {
    std::string file = one + two + three;
    file[one.size()] = 'X';
    const RecordIndex index = index_records(bytes_of(file));
    REQUIRE(index.records.size() == 2);
    CHECK(payload_text(file, index.records[0]) == "first record");
    CHECK(payload_text(file, index.records[1]) == "abcd" + kMagicText + "third");
    REQUIRE(index.damage_count == 1);
    CHECK(index.damages[0].offset == one.size());
    CHECK(index.damages[0].what == "no record begins here (the magic number 0xced7230a is missing)");
  }
  SUBCASE("a length that leads astray") {
    std::string file = one + two + three;
    file[one.size() + 4] = 2;
    const RecordIndex index = index_records(bytes_of(file));
    REQUIRE(index.records.size() == 3);  // the second one is shorter than it was
    CHECK(payload_text(file, index.records[1]) == "th");
    CHECK(payload_text(file, index.records[2]) == "abcd" + kMagicText + "third");
    CHECK(index.damage_count == 1);
  }
  SUBCASE("the later parts of a record whose beginning is gone") {
    const std::string file = one + three.substr(12) + two;
    const RecordIndex index = index_records(bytes_of(file));
    REQUIRE(index.records.size() == 2);
    CHECK(index.damages[0].what == "a later part of a record whose first one is missing");
  }
  SUBCASE("a first part that no last one follows") {
    const std::string file = one + three.substr(0, 12) + two;
    const RecordIndex index = index_records(bytes_of(file));
    REQUIRE(index.records.size() == 2);
    CHECK(index.damages[0].offset == one.size());
    CHECK(index.damages[0].what == "a record in parts whose last one is missing");
    CHECK(index_records(bytes_of(one + three.substr(0, 12))).damages[0].what ==
          "cut short: a record in parts whose last one is missing");
  }
  SUBCASE("an unknown kind of part") {
    const RecordIndex index = index_records(bytes_of(one + record_part(5, "abcd") + two));
    CHECK(index.records.size() == 2);
    CHECK(index.damages[0].what == "a part of a record of kind 5; known: 0 to 3");
  }
}

TEST_CASE("a file that is cut short anywhere keeps the records before") {
  const std::string one = to_record("first record");
  const std::string file = one + to_record("abcd" + kMagicText + "third");
  for (std::size_t length = 0; length <= file.size(); ++length) {
    CAPTURE(length);
    const RecordIndex index = index_records(bytes_of(file.substr(0, length)));
    const bool whole = length >= file.size() - 3;  // padding that is missing at the end is no loss
    const bool between = length == 0 || length == one.size();
    CHECK(index.records.size() == (whole ? 2U : length >= one.size() ? 1U : 0U));
    CHECK((index.damage_count == 0) == (whole || between));
  }
}

TEST_CASE("only so many records are looked for") {
  const std::string file = to_record("a") + to_record("b") + "rubbish" + to_record("c");
  CHECK(index_records(bytes_of(file), 2).records.size() == 2);
  CHECK(index_records(bytes_of(file), 2).damage_count == 0);
}

TEST_CASE(".idx: agreeing with the file, or not") {
  const std::string file = to_record("a") + to_record("b") + to_record("c");
  const RecordIndex index = index_records(bytes_of(file));
  CHECK_FALSE(check_index("0\t0\n1\t12\n2\t24\n", index));
  CHECK_FALSE(check_index("5\t24\r\n1\t12\n\n2\t0", index));
  const auto wrong = [&](const std::string& text) { return check_index(text, index)->message; };
  CHECK(wrong("0\t0\n1\t13\n2\t24\n") == "line 2 says 13, where no record begins");
  CHECK(wrong("0\t0\n1\t99\n") == "line 2 says 99, where no record begins");
  CHECK(wrong("0\t0\n1\t12\n") == "2 lines, but there are 3 records");
  CHECK(wrong("0 0\n") == "line 1 is not a key, a tab and an offset");
  CHECK(wrong("0\t-4\n") == "line 1 is not a key, a tab and an offset");
}

TEST_CASE("image records: one label, several labels, cut short") {
  const std::string single = image_payload({7}, "image", 0x1234567890ULL);
  const auto one = read_image_record(bytes_of(single));
  REQUIRE(one.ok());
  CHECK(one.value().labels == std::vector<float>{7});
  CHECK(one.value().id == 0x1234567890ULL);
  CHECK(one.value().image.size() == 5);
  const std::string multiple = image_payload({0, 1, 1}, "image");
  const auto several = read_image_record(bytes_of(multiple));
  REQUIRE(several.ok());
  CHECK(several.value().labels == std::vector<float>{0, 1, 1});
  CHECK(several.value().image.size() == 5);
  CHECK(read_image_record(bytes_of(single.substr(0, 23))).failure().message ==
        "a record of 23 bytes; an image record has at least 24");
  CHECK(read_image_record(bytes_of(multiple.substr(0, 30))).failure().message ==
        "a record that announces 3 labels and has 6 bytes for them");
  const std::string none = single.substr(0, 24);
  CHECK(read_image_record(bytes_of(none)).value().image.empty());
}

TEST_CASE("real RecordIO files: every record is an image of 28 x 28, labels 2 to 34") {
  const auto folder = shared_data("images/recordio-glyphs");
  if (!folder) {
    MESSAGE("skipped: no shared data");
    return;
  }
  for (const auto& [name, count] : std::vector<std::pair<std::string, std::size_t>>{{"train.rec", 1380}, {"val.rec", 392}}) {
    const auto file = map_file((*folder / name).string());
    REQUIRE(file.ok());
    const RecordIndex index = index_records(file.value().bytes);
    CHECK(index.records.size() == count);
    CHECK(index.damage_count == 0);
    Decoder decoder;
    std::vector<std::uint8_t> joined;
    for (const RecordPlace& place : index.records) {
      const auto record = read_image_record(record_payload(file.value().bytes, place, joined));
      REQUIRE(record.ok());
      CHECK(record.value().labels.size() == 1);
      CHECK(record.value().labels[0] >= 2);
      CHECK(record.value().labels[0] <= 34);
      const auto header = decoder.header(record.value().image);
      REQUIRE(header.ok());
      CHECK(header.value().channels == 1);
      CHECK(header.value().height == 28);
      CHECK(header.value().width == 28);
    }
  }
}
