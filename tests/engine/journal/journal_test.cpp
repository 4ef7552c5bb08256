#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "engine/journal/crc32c.hpp"
#include "engine/journal/event_json.hpp"
#include "engine/journal/journal_file.hpp"
#include "tests/support/test_support.hpp"

namespace {

using namespace tune;
using namespace tune::engine;
using tune::test::TempDir;

/// One event of every kind, with every field set to something that is not its default.
std::vector<event::Body> one_of_each() {
  const AttemptId id{7, 2};
  event::Decided decided{
      id, 3, {Decision::Kind::kStop, "median", "worse: 0.1 < 0.2", {{"value", 0.1}, {"limit", 1.0 / 3.0}}, {1, 4}}};
  event::Ended ended;
  ended.id = id;
  ended.status = TrialStatus::kFailed;
  ended.secondary = SecondaryStatus::kMaxRuntimeExceeded;
  ended.stop_reason = "time_limit";
  ended.failure = FailureClass::kOom;
  ended.detail = "exit code 1";
  ended.last_lines = {"Traceback \"quoted\"", "caf\xc3\xa9"};
  ended.value = 0.1;
  ended.exit_code = 1;
  ended.exit_signal = 9;
  ended.attempt_started = TimePoint(Duration(123));
  ended.attempt_ended = TimePoint(Duration(456));
  ended.unreadable_captures = 5;
  ended.cut_lines = 6;
  return {
      event::StudyCreated{R"({"name":"x"})"},
      event::EarlierStudyTaken{EarlierStudy{"old",
                                            "/runs/old",
                                            WarmStartType::kTransfer,
                                            "loss",
                                            9,
                                            2,
                                            5,
                                            true,
                                            12,
                                            3,
                                            0.5,
                                            {{"lr", 0.1}, {"layers", std::int64_t{4}}}}},
      event::EarlierTrialTaken{1, 4, {{"lr", 0.25}, {"opt", std::string("adam")}}, 0.75, false, true, 12},
      event::EarlierTrialTaken{0, 5, {}, std::nullopt, true, false, 3},
      event::Proposed{7,
                      "x-007-01234567",
                      {{"lr", 1e-5}, {"batch", std::int64_t{16}}, {"opt", std::string("sgd")}, {"on", true}, {"one", 1.0}},
                      12,
                      "random-1",
                      3,
                      Outlook{0.25, 1.0 / 3.0, std::numeric_limits<double>::infinity()}},
      event::Launched{id, 4, 9},
      event::Started{id, "host", {"0", "GPU-1"}, 1},
      event::Observed{id, "validation:accuracy", 3, 0.25, event::LogPosition{17, 1, {3, std::nullopt}}},
      event::Observed{id, "loss", 1, std::numeric_limits<double>::infinity(), std::nullopt, true},
      decided,
      event::Spared{7, 0.03125, 0.05},
      event::StopRequested{7, "median"},
      event::Interrupted{id, "tune was interrupted", true},
      event::Paused{id, {}, {}},
      event::Paused{id, TimePoint(Duration(5)), TimePoint(Duration(9))},
      ended,
      event::StudyEnding{StudyStatus::kFailed, "max_failures", {{"failed_in_a_row", 5.0}}},
      event::StudyEnded{StudyStatus::kCompleted, "max_trials", {{"trials", 20.0}, {"best", 0.1}}},
      event::OwnerChanged{"host", 42, {10, 3, Duration(60000000), 1.5}},
  };
}

std::string journal_of(const std::vector<event::Body>& bodies) {
  std::string text;
  std::int64_t seq = 0;
  for (const event::Body& body : bodies) text += to_line({++seq, 1, TimePoint(Duration(1000 + seq)), body});
  return text;
}

/// `piece`: bytes that the reader gets at once.
Result<JournalReading> read_back(std::string_view text, std::vector<std::string>* lines = nullptr,
                                 std::size_t piece = std::string_view::npos) {
  JournalReader reader("journal", [&](const Event& event) {
    if (lines != nullptr) lines->push_back(to_line(event));
    return Status();
  });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    TUNE_RETURN_IF_ERROR(reader.take(text.substr(0, piece)));
  return reader.finish();
}

}  // namespace

TEST_CASE("crc32c gives the check value of the standard") {
  CHECK(crc32c("123456789") == 0xE3069283U);  // RFC 3720
  CHECK(crc32c("") == 0U);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AAU);  // RFC 3720, B.4
  CHECK(crc32c(std::string(32, '\xff')) == 0x62A8AB43U);
}

TEST_CASE("every event reads back as it was written") {
  std::int64_t seq = 0;
  for (const event::Body& body : one_of_each()) {
    const Event event{++seq, 3, TimePoint(Duration(1763725138123456)), body};
    const std::string line = to_line(event);
    REQUIRE(line.ends_with("\n"));
    const Result<Event> back = from_line(std::string_view(line).substr(0, line.size() - 1));
    REQUIRE_MESSAGE(back.ok(), back.status().message());
    CHECK(back->seq == event.seq);
    CHECK(back->owner == event.owner);
    CHECK(back->time == event.time);
    CHECK(back->body.index() == body.index());
    CHECK(to_line(*back) == line);
  }
}

TEST_CASE("NaN survives the journal") {
  const std::string line = to_line({1, 1, {}, event::Observed{{1, 1}, "loss", 1, std::nan(""), std::nullopt}});
  const auto back = from_line(std::string_view(line).substr(0, line.size() - 1));
  REQUIRE(back.ok());
  CHECK(std::isnan(std::get<event::Observed>(back->body).value));
}

TEST_CASE("a journal cut at any byte is read up to its last whole line") {
  const std::string whole = journal_of(one_of_each());
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::string cut = whole.substr(0, length);
    const auto reading = read_back(cut);
    REQUIRE(reading.ok());
    const std::size_t last_newline = cut.rfind('\n');
    const std::size_t good = last_newline == std::string::npos ? 0 : last_newline + 1;
    CHECK(reading->good_length == good);
    CHECK(reading->torn_bytes == length - good);
  }
}

TEST_CASE("a flipped bit is found wherever it is, and named by its record's offset") {
  const std::string whole = journal_of(one_of_each());
  const std::size_t last_line = whole.rfind('\n', whole.size() - 2) + 1;
  std::size_t last_three = whole.size() - 1;
  for (int records = 0; records < 3; ++records) last_three = whole.rfind('\n', last_three - 1);
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (at > 0 && whole[at - 1] == '\n') line_start = at;
    for (int bit = 0; bit < 8; ++bit) {
      if (at <= last_three && bit != 2) continue;
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto reading = read_back(damaged);
      if (at == whole.size() - 1 || (damaged[at] == '\n' && damaged.find('\n', at + 1) == std::string::npos)) continue;
      INFO("byte " << at << ", bit " << bit);
      // A zero in the last line is what a crash leaves, too.
      if (damaged[at] == '\0' && at >= last_line) {
        REQUIRE(reading.ok());
        CHECK(reading->good_length == last_line);
      } else {
        REQUIRE_FALSE(reading.ok());
        CHECK(reading.status().code() == ErrorCode::kStorage);
        CHECK(reading.status().message().find("byte " + std::to_string(line_start)) != std::string::npos);
      }
    }
  }
  for (int bit = 0; bit < 8; ++bit) {  // without its newline the last line cannot be told from a torn one
    std::string damaged = whole;
    damaged.back() = static_cast<char>(damaged.back() ^ (1 << bit));
    const auto reading = read_back(damaged);
    REQUIRE(reading.ok());
    CHECK(reading->good_length == last_line);
    CHECK(reading->torn_bytes == whole.size() - last_line);
  }
}

TEST_CASE("blocks of the last line that never reached the disk make it a torn one") {
  std::string whole = journal_of(one_of_each());
  const std::size_t last_line = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t at = last_line + 5; at < last_line + 20; ++at) whole[at] = '\0';
  const auto reading = read_back(whole);
  REQUIRE(reading.ok());
  CHECK(reading->good_length == last_line);
}

TEST_CASE("an end that was filled with zeros is cut off wherever it begins, and zeros after the end as well") {
  const std::string whole = journal_of(one_of_each());
  const std::size_t last_line = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t at = last_line; at <= whole.size(); ++at) {
    for (const std::size_t zeros : {std::size_t{1}, whole.size() - at + 1, std::size_t{4096}}) {
      const std::string filled = whole.substr(0, at) + std::string(zeros, '\0');
      const auto reading = read_back(filled);
      REQUIRE_MESSAGE(reading.ok(), at);
      CHECK(reading->good_length == (at == whole.size() ? whole.size() : last_line));
      CHECK(reading->torn_bytes == filled.size() - reading->good_length);
    }
  }
}

TEST_CASE("it does not matter in which pieces a journal is read") {
  const std::string whole = journal_of(one_of_each());
  const std::size_t last_line = whole.rfind('\n', whole.size() - 2) + 1;
  std::string zeros = whole;
  zeros[last_line + 9] = '\0';
  std::string flipped = whole;
  flipped[last_line - 9] ^= 1;
  const std::vector<std::string> texts{whole,   whole.substr(0, whole.size() - 5), zeros, zeros + "{", zeros + whole,
                                       flipped, whole + std::string(600, '\0')};
  for (const std::string& text : texts) {
    std::vector<std::string> lines;
    const auto at_once = read_back(text, &lines);
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U, 509U}) {
      INFO("text " << (&text - texts.data()) << " in pieces of " << piece);
      std::vector<std::string> again;
      const auto reading = read_back(text, &again, piece);
      REQUIRE(reading.ok() == at_once.ok());
      CHECK(again == lines);
      if (!reading.ok()) {
        CHECK(reading.status().message() == at_once.status().message());
        continue;
      }
      CHECK(reading->good_length == at_once->good_length);
      CHECK(reading->torn_bytes == at_once->torn_bytes);
      CHECK(reading->last_seq == at_once->last_seq);
    }
  }
}

TEST_CASE("a line without end is no reason to keep it") {
  const std::string whole = journal_of(one_of_each());
  const std::string endless(kMaxRecordLength + 70'000, 'x');
  const auto torn = read_back(whole + endless, nullptr, 1U << 16);
  REQUIRE(torn.ok());
  CHECK(torn->good_length == whole.size());
  CHECK(torn->torn_bytes == endless.size());
  const auto refused = read_back(whole + endless + "\n" + whole, nullptr, 1U << 16);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message().find("byte " + std::to_string(whole.size()) +
                                        " cannot be used: it is longer than 4194304 bytes") != std::string::npos);
}

TEST_CASE("an end that is there twice is damage, however much of it") {
  const std::string whole = journal_of(one_of_each());
  for (std::size_t at = whole.find('\n') + 1; at < whole.size(); at = whole.find('\n', at) + 1) {
    const auto reading = read_back(whole + whole.substr(at));
    REQUIRE_FALSE(reading.ok());
    CHECK(reading.status().message().find("byte " + std::to_string(whole.size())) != std::string::npos);
  }
}

TEST_CASE("gaps, repeats and later versions are refused") {
  const auto bodies = one_of_each();
  const std::string first = to_line({1, 1, {}, bodies[0]});
  const std::string third = to_line({3, 1, {}, bodies[1]});
  CHECK_FALSE(read_back(first + third + third).ok());
  CHECK_FALSE(read_back(first + first + third).ok());
  // A good checksum does not make an unknown record acceptable, not even at the end.
  std::string later = first;
  const std::string covered = [&] {
    std::string text = later.substr(0, later.rfind(",\"crc\""));
    text.replace(text.find("\"v\":1"), 5, "\"v\":2");
    return text;
  }();
  char crc[9];
  std::snprintf(crc, sizeof crc, "%08x", crc32c(covered));
  later = covered + ",\"crc\":\"" + crc + "\"}\n";
  const auto refused = read_back(later);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().message().find("version 2") != std::string::npos);
}

TEST_CASE("appending after a torn tail gives a whole journal again") {
  const TempDir dir;
  const auto bodies = one_of_each();
  const std::string whole = journal_of(bodies);
  const std::string path = dir.write("journal.jsonl", whole + R"({"v":1,"seq":99,"ow)");
  const auto reading = read_back(test::read_file(path));
  REQUIRE(reading.ok());
  auto writer = JournalWriter::open(path, reading->good_length);
  REQUIRE(writer.ok());
  const Event next{reading->last_seq + 1, 2, {}, bodies.back()};
  writer->append(next);
  CHECK(writer->commit(true).ok());
  CHECK_FALSE(writer->unsynced());
  CHECK(test::read_file(path) == whole + to_line(next));
}

TEST_CASE("what a full disk did not take stays queued and the file stays whole") {
  // /dev/full takes nothing: every write fails with ENOSPC.
  auto writer = JournalWriter::open("/dev/full", 0);
  REQUIRE(writer.ok());
  writer->append({1, 1, {}, event::Spared{1, 0.01, 0.05}});
  const Status full = writer->commit(true);
  REQUIRE_FALSE(full.ok());
  CHECK(full.code() == ErrorCode::kStorage);
  CHECK(full.message().find("No space left") != std::string::npos);
}

TEST_CASE("a journal that was removed, moved or replaced is noticed before anything is acted upon") {
  const TempDir dir;
  const std::string path = dir / "journal.jsonl";
  for (const char* what : {"was removed", "is not there any more", "is another file now"}) {
    auto writer = JournalWriter::open(path, 0);
    REQUIRE(writer.ok());
    writer->append({1, 1, {}, event::Spared{1, 0.01, 0.05}});
    REQUIRE(writer->commit(true).ok());
    if (std::string(what) != "was removed") std::filesystem::rename(path, path + ".moved");
    if (std::string(what) == "was removed") std::filesystem::remove(path);
    if (std::string(what) == "is another file now") dir.write("journal.jsonl", "");
    writer->append({2, 1, {}, event::Spared{2, 0.01, 0.05}});
    CHECK(writer->commit(false).ok());
    const Status gone = writer->commit(true);
    REQUIRE_FALSE(gone.ok());
    CHECK(gone.code() == ErrorCode::kStorage);
    CHECK(gone.message().find(what) != std::string::npos);
    CHECK_FALSE(writer->commit(false).ok());
    CHECK(writer->removed() == (std::string(what) == "was removed"));
    std::filesystem::remove(path);
  }
}
