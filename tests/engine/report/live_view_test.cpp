#include "engine/report/live_view.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "engine/report/format.hpp"
#include "tests/engine/report/sample_study.hpp"

namespace tune::engine {
namespace {

using test::moment;
using test::sample_study;

LiveOptions options_of(std::size_t width) {
  LiveOptions options;
  options.width = width;
  options.max_trials = 10;
  options.max_parallel = 2;
  options.run_started = moment(0);
  return options;
}

std::vector<std::string> drawn(const StudyRecord& study, const LiveOptions& options, TimePoint now) {
  std::vector<std::string> lines;
  for (const StyledLine& line : live_view(study, options, now)) lines.push_back(plain_text(line));
  return lines;
}

bool contains(const std::vector<std::string>& lines, const std::string& text) {
  for (const std::string& line : lines) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST_CASE("no line is wider than the terminal, whatever the names hold") {
  StudyRecord study = sample_study();
  study.name = "学習率の研究";
  study.objective.metric = "validation:accuracy";
  study.space.uniform("a_parameter_with_a_very_long_name_indeed", 0, 1);
  study.space.integer("ширина", 1, 5);
  for (TrialRecord& trial : study.trials) {
    Configuration wider(study.space.size());
    for (std::size_t i = 0; i < trial.configuration.size(); ++i) wider[i] = trial.configuration[i];
    wider[4] = 0.123456789;
    wider[5] = std::int64_t{3};
    trial.configuration = wider;
  }
  for (const std::size_t width : {20U, 37U, 60U, 80U, 120U}) {
    for (const std::string& line : drawn(study, options_of(width), moment(30))) {
      CAPTURE(line);
      CHECK(display_width(line) <= width);
    }
  }
}

TEST_CASE("80 columns, as drawn") {
  const auto lines = drawn(sample_study(), options_of(80), moment(30));
  std::string text;
  for (const std::string& line : lines) text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  CHECK(text == R"(fashion  maximize validation:accuracy  bayesian, early stopping median      30 s
trials  5/10 done: 2 completed, 2 stopped, 1 failed             about 9.5 s left
best    0.91  trial 5  learning_rate=0.001 mini_batch_size=32 optimizer=adam
time    training 32 s  wall 30 s  saved by early stopping about 3.0 s
trial  learning_ra…  mini_batch_…  optimizer  momentum  step  value  curve
    6          0.02            48  adam              -   3/5   0.65  ▁▆█
)");
}

TEST_CASE("parameters that do not fit are counted, the curve stays") {
  const auto wide = drawn(sample_study(), options_of(120), moment(30));
  CHECK(contains(wide, "momentum"));
  const auto narrow = drawn(sample_study(), options_of(48), moment(30));
  CHECK_FALSE(contains(narrow, "momentum"));
  CHECK(contains(narrow, "+2"));
  CHECK(contains(narrow, "▁▆█"));
  CHECK(contains(narrow, "3/5"));
  CHECK(contains(narrow, "0.65"));
}

TEST_CASE("what the GPUs do has columns where it is known and fits") {
  StudyRecord study = sample_study();
  test::add_trial(study, study.trials[1].configuration, 20, std::nullopt, {});
  LiveOptions options = options_of(80);
  options.gpu_samples[1] = {1.0, 1, 1};  // of a trial that is over
  CHECK_FALSE(contains(drawn(study, options, moment(30)), "memory"));
  options.gpu_samples[6] = {0.874, 12'902ULL << 20, 312.4};
  const auto lines = drawn(study, options, moment(30));
  REQUIRE(lines.size() == 7);
  CHECK(lines[4].find("step  value   GPU    memory  power  curve") != std::string::npos);
  CHECK(lines[5].find(" 3/5   0.65  87 %  12.6 GiB  312 W  ▁▆█") != std::string::npos);
  CHECK(lines[6].find("-/5      -     -         -      -") != std::string::npos);
  for (std::size_t width = 20; width < 120; ++width) {
    options.width = width;
    for (const std::string& line : drawn(study, options, moment(30))) CHECK(display_width(line) <= width);
  }
  options.width = 40;
  CHECK_FALSE(contains(drawn(study, options, moment(30)), "GiB"));
  CHECK(contains(drawn(study, options, moment(30)), "▁▆█"));
}

TEST_CASE("more running trials than rows are counted") {
  StudyRecord study = sample_study();
  for (int i = 0; i < 30; ++i) test::add_trial(study, study.trials[1].configuration, 20, std::nullopt, {});
  LiveOptions options = options_of(80);
  options.height = 12;
  const auto lines = drawn(study, options, moment(30));
  CHECK(lines.size() < options.height);
  CHECK(lines.back() == "and 26 more");
}

TEST_CASE("a trial that has no curve says what it is doing") {
  StudyRecord study = sample_study();
  study.trials[5].secondary = SecondaryStatus::kStarting;
  CHECK(contains(drawn(study, options_of(80), moment(30)), "starting"));
  study.trials[5].status = TrialStatus::kStopping;
  CHECK(contains(drawn(study, options_of(80), moment(30)), "stopping"));
}

TEST_CASE("paused trials are counted and take no row, nor time that is left") {
  StudyRecord study = sample_study();
  const LiveOptions options = options_of(80);
  CHECK(contains(drawn(study, options, moment(30)), "  3/5  "));
  study.trials[5].secondary = SecondaryStatus::kPaused;
  const auto lines = drawn(study, options, moment(30));
  CHECK(contains(lines, "1 failed, 1 paused"));
  CHECK_FALSE(contains(lines, "  3/5  "));
  CHECK(*seconds_left(study, options, moment(20)) == doctest::Approx(4 * 4.75 / 2));
}

TEST_CASE("an empty study can be drawn") {
  StudyRecord study;
  study.name = "empty";
  study.objective = minimize("loss");
  study.stopping = "off";
  const auto lines = drawn(study, options_of(60), moment(1));
  CHECK(contains(lines, "0/10 done"));
  CHECK(contains(lines, "none yet"));
  CHECK_FALSE(contains(lines, "left"));
}

TEST_CASE("sparkline") {
  CHECK(sparkline({}, 8).empty());
  CHECK(sparkline({1, 1, 1}, 8) == "▅▅▅");
  CHECK(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 8) == "▁▂▃▄▅▆▇█");
  CHECK(sparkline({9, 0, 7}, 2) == "▁█");
  CHECK(sparkline({0, NAN, 1, INFINITY}, 8) == "▁x█x");
  CHECK(sparkline({-1e308, 1e308}, 8) == "▁█");
}

TEST_CASE("the time left is the work left over the slots") {
  const StudyRecord study = sample_study();
  LiveOptions options = options_of(80);
  // Finished and not failed: 6, 3, 2 and 8 s: 4.75 s each. Four trials to come and one that has run 2 s.
  CHECK(*seconds_left(study, options, moment(20)) == doctest::Approx((4 * 4.75 + 2.75) / 2));
  options.max_runtime = std::chrono::seconds(25);
  CHECK(*seconds_left(study, options, moment(20)) == doctest::Approx(5));
  options.max_runtime.reset();
  options.max_trials.reset();
  CHECK_FALSE(seconds_left(study, options, moment(20)).has_value());
}

}  // namespace
}  // namespace tune::engine
