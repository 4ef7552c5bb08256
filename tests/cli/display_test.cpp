#include <doctest/doctest.h>

#include "cli/exit_codes.hpp"
#include "cli/live_screen.hpp"
#include "cli/run_display.hpp"
#include "cli/terminal.hpp"
#include "tests/engine/report/sample_study.hpp"

namespace tune::cli {
namespace {

using engine::Happening;
using engine::Style;

TEST_CASE("a screen draws over what it drew before and clears what is left over") {
  LiveScreen screen(false);
  CHECK(screen.frame({{{"one", {}}}, {{"two", {}}}}) == "\rone\x1b[K\ntwo\x1b[K\n\x1b[J");
  CHECK(screen.frame({{{"three", {}}}}, "above\n") == "\r\x1b[2Aabove\x1b[K\nthree\x1b[K\n\x1b[J");
  CHECK(screen.frame({}) == "\r\x1b[1A\x1b[J");
  screen.frame({{{"one", {}}}});
  screen.release();
  CHECK(screen.frame({{{"new", {}}}}) == "\rnew\x1b[K\n\x1b[J");
}

TEST_CASE("styles are escape sequences with colours and nothing without") {
  const engine::StyledLine line{{"a", Style::kBold}, {"b", Style::kPlain}, {"c", Style::kBad}};
  CHECK(rendered(line, false) == "abc");
  CHECK(rendered(line, true) == "\x1b[1ma\x1b[0mb\x1b[31mc\x1b[0m");
}

TEST_CASE("events as lines") {
  const StudyRecord study = test::sample_study();
  const auto line = [&](Happening::Kind kind, TrialId trial, const std::string& text = "") {
    Happening happening;
    happening.kind = kind;
    happening.trial = trial;
    happening.metric = "validation:accuracy";
    happening.step = 3;
    happening.value = 0.123456;
    happening.text = text;
    return event_line(study, happening);
  };
  CHECK(line(Happening::Kind::kCreated, 0) == "study fashion created");
  CHECK(line(Happening::Kind::kLaunched, 2) == "trial 2: launched learning_rate=0.5 mini_batch_size=16 optimizer=adam");
  CHECK(line(Happening::Kind::kLaunched, 5).find("trial 5: launched (attempt 2) ") == 0);
  CHECK(line(Happening::Kind::kObserved, 2) == "trial 2: step 3, validation:accuracy = 0.12346");
  CHECK(line(Happening::Kind::kDecision, 2, "stopped\x1b[2J") == "trial 2: stopped?[2J");
  CHECK(line(Happening::Kind::kEnded, 2) == "trial 2: Stopped (median), validation:accuracy = 0.21, step 2, 3.0 s");
  CHECK(line(Happening::Kind::kEnded, 3) == "trial 3: Failed (user_error): the command ended with exit code 1, 1.0 s");
  CHECK(line(Happening::Kind::kNote, 0, "a note") == "a note");
  CHECK(line(Happening::Kind::kEnded, 99).empty());
}

TEST_CASE("exit codes") {
  CHECK(exit_code(ErrorCode::kInternal) == 1);
  CHECK(exit_code(ErrorCode::kInvalid) == 2);
  CHECK(exit_code(ErrorCode::kInUse) == 4);
  CHECK(exit_code(ErrorCode::kStorage) == 5);
  CHECK(exit_code(ErrorCode::kExecutor) == 6);
  Summary summary;
  CHECK(exit_code(summary, 2) == 130);
  CHECK(exit_code(summary, 15) == 143);
  CHECK(exit_code(summary, 0) == 130);
  summary.study = StudyStatus::kCompleted;
  CHECK(exit_code(summary, 0) == 3);
  summary.best_value = 0.5;
  CHECK(exit_code(summary, 0) == 0);
  CHECK(exit_code(summary, 2) == 0);  // the signal came when the study had just ended
  summary.status = Status::storage("disk full");
  CHECK(exit_code(summary, 2) == 5);
}

}  // namespace
}  // namespace tune::cli
