#include "engine/report/proposals.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/report/settings_text.hpp"
#include "tests/engine/report/sample_study.hpp"

namespace tune::engine {
namespace {

/// Proposes 0.1, 0.2, ... and has no more than `most`.
class Counting final : public Strategy {
 public:
  explicit Counting(int most) : most_(most) {}
  [[nodiscard]] std::string_view name() const override { return "counting"; }
  [[nodiscard]] Asked ask(const StudyView& study, int count) override {
    Asked asked;
    int given = 0;
    for (const TrialView trial : study.running()) given += trial.record().initial ? 0 : 1;
    for (int i = given + 1; i <= std::min(given + count, most_); ++i) {
      asked.configurations.push_back(test::configuration_of(study.space(), {{"x", 0.1 * i}, {"label", std::string("it's")}}));
    }
    asked.exhausted = most_ < given + count;
    return asked;
  }

 private:
  int most_;
};

Registry registry_of(int most) {
  Registry registry;
  registry.add(Entry<Strategy>{"counting", "", {}, [most](const Space&, const Options&) -> Result<std::unique_ptr<Strategy>> {
                                 return std::unique_ptr<Strategy>(std::make_unique<Counting>(most));
                               }});
  return registry;
}

StudySpec small_spec() {
  StudySpec spec;
  spec.name = "demo";
  spec.objective = maximize("acc");
  spec.space.uniform("x", 0, 1);
  spec.space.categorical("label", {"it's", "plain"});
  spec.strategy.name = "counting";
  spec.command = {{{"train"}, false}, {{"--x"}, false}, {{"{x}"}, false}, {{"--label={label}"}, false}};
  spec.metrics = {{"acc", "acc=(.*)", "Epoch (\\d+)", 1}};
  spec.working_directory = "/somewhere";
  return spec;
}

TEST_CASE("a shell reads a command line back as the same words") {
  CHECK(shell_line({"a", "b c", "", "it's", "$x", "k=v/1.5:2,3@%"}) == "a 'b c' '' 'it'\\''s' '$x' k=v/1.5:2,3@%");
}

TEST_CASE("three proposals with their commands") {
  const StudySpec spec = small_spec();
  const auto proposals = first_proposals(spec, registry_of(10));
  REQUIRE(proposals.ok());
  REQUIRE(proposals->size() == 3);
  CHECK((*proposals)[1].argv == std::vector<std::string>{"train", "--x", "0.2", "--label=it's"});
  CHECK(proposals_text(spec, *proposals).find("trial 2  x=0.2 label=it's\n  train --x 0.2 '--label=it'\\''s'\n") !=
        std::string::npos);
  const auto json = nlohmann::json::parse(proposals_json(spec, *proposals));
  CHECK(json.at("trials")[0].at("parameters").at("x") == 0.1);
  CHECK(json.at("trials")[2].at("trial") == 3);
}

TEST_CASE("no more proposals than the study would have") {
  StudySpec spec = small_spec();
  CHECK(first_proposals(spec, registry_of(2))->size() == 2);
  spec.limits.max_trials = 1;
  CHECK(first_proposals(spec, registry_of(10))->size() == 1);
  spec.strategy.name = "other";
  CHECK(first_proposals(spec, registry_of(2)).status().code() == ErrorCode::kInvalid);
}

TEST_CASE("the user's first points come first, whole ones as they are") {
  StudySpec spec = small_spec();
  spec.initial = {test::configuration_of(spec.space, {{"x", 0.75}, {"label", std::string("plain")}}),
                  test::configuration_of(spec.space, {{"label", std::string("plain")}})};
  const auto proposals = first_proposals(spec, registry_of(10));
  REQUIRE(proposals.ok());
  REQUIRE(proposals->size() == 3);
  CHECK((*proposals)[0].configuration == spec.initial[0]);
  CHECK((*proposals)[1].configuration[1] == spec.initial[1][1]);
  CHECK(spec.space.check((*proposals)[1].configuration).ok());
  CHECK((*proposals)[2].configuration[0] == Value(0.1));
  CHECK(settings_text(spec).find("tried first\n  trial 1  x=0.75 label=plain\n  trial 2  label=plain\n") != std::string::npos);
}

TEST_CASE("settings are shown with every default") {
  StudySpec spec = small_spec();
  spec.stopping = StoppingSpec{};
  spec.stopping->policy = {"median", {{"min_trials", std::int64_t{5}}, {"margin", 0.0}, {"value", std::string("current")}}};
  spec.stopping->protect_best = 3;
  spec.completion.target = 0.95;
  spec.static_values = {{"epochs", std::int64_t{8}}};
  const std::string text = settings_text(spec);
  CHECK(text.find("early stopping  median (margin 0, min_trials 5, value current), never the best 3\n") != std::string::npos);
  CHECK(text.find("maximum step    8\n") != std::string::npos);
  CHECK(text.find("ends when       a value of 0.95 is reached\n") != std::string::npos);
  CHECK(text.find("no limit of trials, 1 at once") != std::string::npos);
  CHECK(text.find("acc     acc=(.*)  Epoch (\\d+) +1\n") != std::string::npos);
  CHECK(text.find("x          float        0 to 1       linear\n") != std::string::npos);
  CHECK(text.find("believed") == std::string::npos);
  spec.space.prior(Handle<double>{0}, 0.25, Confidence::kHigh);
  CHECK(settings_text(spec).find("x          float        0 to 1       linear             0.25 (high confidence)\n") !=
        std::string::npos);
}

}  // namespace
}  // namespace tune::engine
