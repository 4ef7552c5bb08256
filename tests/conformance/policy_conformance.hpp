#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/study_builder.hpp"
#include "tune/stopping.hpp"

/// What every stopping policy must hold to, ours and a user's own: call `check_policy` from a test with a way to make the policy.
namespace tune::test {

using MakePolicy = std::function<std::unique_ptr<StoppingPolicy>()>;

namespace detail {

inline StudyBuilder policy_study(Goal goal) {
  Objective objective{.metric = "score"};
  objective.goal = goal;
  return StudyBuilder(Space(), objective);
}

/// Bitwise for numbers: a NaN equals itself here.
inline bool same(const Decision& a, const Decision& b) {
  if (a.kind != b.kind || a.rule != b.rule || a.reason != b.reason || a.references != b.references) return false;
  if (a.numbers.size() != b.numbers.size()) return false;
  for (std::size_t i = 0; i < a.numbers.size(); ++i) {
    const bool equal =
        a.numbers[i].second == b.numbers[i].second || (std::isnan(a.numbers[i].second) && std::isnan(b.numbers[i].second));
    if (a.numbers[i].first != b.numbers[i].first || !equal) return false;
  }
  return true;
}

/// Studies a policy may meet: ordinary, uneven, with gaps, with what is no number, with trials in every state.
inline std::vector<StudyBuilder> policy_studies(Goal goal) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<StudyBuilder> studies;
  StudyBuilder ordinary = policy_study(goal);
  for (int i = 0; i < 8; ++i) ordinary.add({.curve = {1.0 * i, 2.0 * i, 3.0 * i, 4.0 * i, 5.0 * i, 6.0 * i}});
  ordinary.add({.curve = {-1, -1, -1, -1}, .status = TrialStatus::kInProgress});
  ordinary.add({.curve = {50, 50, 50}, .status = TrialStatus::kInProgress});
  studies.push_back(ordinary);
  ordinary.record().declared_max_step = 100;
  studies.push_back(std::move(ordinary));

  StudyBuilder strange = policy_study(goal);
  for (int i = 0; i < 6; ++i) strange.add({.curve = {nan, infinity, -infinity, 1.0, nan}});
  strange.add({.curve = {1e308, 1e308, -1e308, 1e308}});
  strange.add({.curve = {}, .status = TrialStatus::kFailed});
  strange.add({.curve = {1, nan}, .status = TrialStatus::kStopped, .stop_reason = "diverged"});
  strange.add({.curve = {1, 2}, .status = TrialStatus::kStopping});
  const TrialId gaps = strange.propose({});
  strange.observe(gaps, 3, 0.5).observe(gaps, 1000000, 0.25);
  strange.add({.curve = {nan, nan, nan}, .status = TrialStatus::kInProgress});
  strange.add({.curve = {infinity, -infinity, 0}, .status = TrialStatus::kInProgress});
  strange.add({.curve = {0.5}, .status = TrialStatus::kInProgress});
  strange.add({.curve = {}, .status = TrialStatus::kInProgress});
  studies.push_back(std::move(strange));
  return studies;
}

/// Every judgement of every running trial of `study`, at each of its steps and without any.
inline std::vector<Decision> judge_all(const StoppingPolicy& policy, const StudyBuilder& study) {
  std::vector<Decision> decisions;
  for (const TrialView trial : study.view().running()) {
    decisions.push_back(policy.judge(study.view(), study.cut(trial.id(), 0)));
    for (const Point& point : trial.objective())
      decisions.push_back(policy.judge(study.view(), study.cut(trial.id(), point.step)));
  }
  return decisions;
}

inline void check_decision(const StudyBuilder& study, const StoppingPolicy& policy, const Decision& decision) {
  // any_of says which of its rules it was.
  if (policy.name() != "any_of" || decision.kind == Decision::Kind::kContinue) CHECK(decision.rule == policy.name());
  if (decision.kind != Decision::Kind::kContinue) {
    CHECK_FALSE(decision.reason.empty());
    CHECK_FALSE(decision.numbers.empty());
  }
  if (decision.kind == Decision::Kind::kPause) CHECK(policy.pauses());
  for (const auto& [name, value] : decision.numbers) CHECK_FALSE(name.empty());
  for (const TrialId id : decision.references) CHECK(study.record().has_trial(id));
  CHECK(decision.reason.find('\n') == std::string::npos);
}

inline void check_pure(const MakePolicy& make, const StudyBuilder& study) {
  const auto policy = make();
  const std::vector<Decision> first = judge_all(*policy, study);
  const std::vector<Decision> again = judge_all(*policy, study);
  const std::vector<Decision> fresh = judge_all(*make(), study);
  std::vector<Decision> elsewhere;
  std::thread other([&] { elsewhere = judge_all(*policy, study); });
  const std::vector<Decision> meanwhile = judge_all(*policy, study);
  other.join();
  REQUIRE(first.size() == again.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    CAPTURE(first[i].reason);
    CHECK(same(first[i], again[i]));
    CHECK(same(first[i], fresh[i]));
    CHECK(same(first[i], elsewhere[i]));
    CHECK(same(first[i], meanwhile[i]));
  }
}

/// What comes after the cut must not matter: the past decides.
inline void check_no_foresight(const StoppingPolicy& policy, Goal goal) {
  StudyBuilder study = policy_study(goal);
  for (int i = 0; i < 8; ++i) study.add({.curve = {1.0 * i, 1.0 * i, 1.0 * i, 1.0 * i, 1.0 * i}});
  const TrialId judged = study.add({.curve = {3, 3, 3}, .status = TrialStatus::kInProgress});
  const Decision before = policy.judge(study.view(), study.cut(judged, 3));
  study.observe(judged, 4, goal == Goal::kMaximize ? 1e6 : -1e6);
  CHECK(same(before, policy.judge(study.view(), study.cut(judged, 3))));
}

}  // namespace detail

/// Has a name; judges any study without crashing; a stop or pause says why and with which numbers; the same history gives the
/// same decision, on any thread; the future does not count; a trial that is alone is never stopped (`needs_others`).
inline void check_policy(const MakePolicy& make, bool needs_others = true) {
  REQUIRE(make() != nullptr);
  const auto policy = make();
  CHECK_FALSE(policy->name().empty());
  CHECK(policy->name() == make()->name());
  for (const Goal goal : {Goal::kMaximize, Goal::kMinimize}) {
    for (const StudyBuilder& study : detail::policy_studies(goal)) {
      for (const Decision& decision : detail::judge_all(*policy, study)) detail::check_decision(study, *policy, decision);
      detail::check_pure(make, study);
      const Plan plan = policy->plan(study.view());
      if (plan.resume) CHECK(policy->pauses());
      if (plan.resume) CHECK(study.record().has_trial(*plan.resume));
    }
    detail::check_no_foresight(*policy, goal);
    if (needs_others) {
      StudyBuilder alone = detail::policy_study(goal);
      alone.add({.curve = {5, 4, 3, 4, 5, 6}, .status = TrialStatus::kInProgress});
      for (const Decision& decision : detail::judge_all(*policy, alone)) CHECK(decision.kind != Decision::Kind::kStop);
    }
  }
}

}  // namespace tune::test
