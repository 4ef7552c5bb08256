#include "engine/session/session.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/engine/run/simulated_study.hpp"

namespace {

using namespace tune;
using namespace tune::engine;
using tune::test::TempDir;

std::unique_ptr<Session> open_session(const std::string& directory, const StudySpec& spec, OpenMode mode = OpenMode::kCreate) {
  auto session = Session::open(directory, spec, builtin(), mode);
  REQUIRE_MESSAGE(session.ok(), session.status().message());
  return *std::move(session);
}

bool is_error(const std::string& answer) { return answer.starts_with("{\"error\":"); }

}  // namespace

TEST_CASE("a session asks, reports, tells and knows its best") {
  const TempDir dir;
  StudySpec spec = test::small_spec();
  spec.limits.max_trials = 2;
  const auto session = open_session(dir / "study", spec);
  CHECK(session->handle(R"({"best":true})") == R"({"trial":null,"value":null,"parameters":null})");
  const std::string asked = session->handle(R"({"ask":1})");
  CHECK(asked.starts_with(R"({"trial":1,"parameters":{"x":)"));
  CHECK(asked.ends_with(R"("max_step":6,"resume_from":null})"));
  CHECK(session->handle(R"({"report":1,"step":1,"value":0.5,"metrics":{"loss":2}})") ==
        R"({"decision":"continue","rule":null,"reason":null})");
  CHECK(session->handle(R"({"tell":1})") == R"({"ok":true})");
  CHECK(session->handle(R"({"best":true,"id":"b"})").starts_with(R"({"trial":1,"value":0.5,"parameters":{"x":)"));
  CHECK(session->handle(R"({"best":true,"id":"b"})").ends_with(R"("id":"b"})"));
  CHECK(session->handle(R"({"ask":5})").starts_with(R"({"trials":[{"trial":2,)"));
  CHECK(session->handle(R"({"ask":1})") == R"({"exhausted":true})");
  CHECK(session->handle(R"({"tell":2,"status":"Failed","failure_class":"oom"})") == R"({"ok":true})");
  CHECK(session->handle(R"({"ask":1})") == R"({"exhausted":true})");
}

TEST_CASE("first points are asked for first; an added trial uses up none") {
  const TempDir dir;
  StudySpec spec = test::small_spec();
  spec.initial.assign(2, Configuration(1));
  spec.initial[0][0] = 0.25;
  spec.initial[1][0] = 0.5;
  {
    const auto session = open_session(dir / "study", spec);
    CHECK(session->handle(R"({"add":{"parameters":{"x":0.125},"value":1}})") == R"({"trial":1,"ok":true})");
    CHECK(session->handle(R"({"ask":1})").starts_with(R"({"trial":2,"parameters":{"x":0.25},)"));
  }
  const auto session = open_session(dir / "study", spec, OpenMode::kResume);
  CHECK(session->handle(R"({"ask":2})").starts_with(R"({"trials":[{"trial":3,"parameters":{"x":0.5},)"));
  StudySpec other = spec;
  other.initial.pop_back();
  CHECK_FALSE(Session::open(dir / "study", other, builtin(), OpenMode::kResume).ok());
}

TEST_CASE("a value that is no number diverges and is never best") {
  const TempDir dir;
  const auto session = open_session(dir / "study", test::small_spec());
  (void)session->handle(R"({"ask":2})");
  const std::string stop = session->handle(R"({"report":1,"step":1,"value":"NaN"})");
  CHECK(stop.starts_with(R"({"decision":"stop","rule":"diverged","reason":)"));
  CHECK(session->handle(R"({"report":1,"step":2,"value":0.5})").starts_with(R"({"decision":"stop")"));
  CHECK(session->handle(R"({"tell":1})") == R"({"ok":true})");
  CHECK(session->handle(R"({"tell":2,"value":"Infinity"})") == R"({"ok":true})");
  CHECK(session->handle(R"({"best":true})").starts_with(R"({"trial":null)"));
}

TEST_CASE("what makes no sense is answered with an error and the session goes on") {
  const TempDir dir;
  const auto session = open_session(dir / "study", test::small_spec());
  for (const char* bad : {"",
                          "nonsense",
                          "[]",
                          "1",
                          "{}",
                          R"({"ask":0})",
                          R"({"ask":"1"})",
                          R"({"ask":1.5})",
                          R"({"ask":1,"tell":2})",
                          R"({"report":1})",
                          R"({"report":1,"value":0.5})",
                          R"({"tell":1})",
                          R"({"tell":99,"value":1})",
                          R"({"best":false})",
                          R"({"add":{}})",
                          R"({"add":{"parameters":{"x":2},"value":1}})",
                          R"({"add":{"parameters":{"y":0.5},"value":1}})",
                          R"({"add":{"parameters":{"x":0.5},"value":"NaN"}})",
                          R"({"ask":1,"mode":"fast"})",
                          "{\"ask\":1",
                          "\xff\xfe"}) {
    CHECK_MESSAGE(is_error(session->handle(bad)), bad);
  }
  CHECK(session->handle(R"({"what":1,"id":7})").ends_with(R"("id":7})"));
  // Printing recurses: without a bound these would use up the stack.
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  for (const char* member : {"\"id\":", "\"ask\":", "\"report\":1,\"step\":"}) {
    CHECK(session->handle("{" + std::string(member) + deep + "}").find("nested at most 64 levels") != std::string::npos);
  }
  CHECK(session->handle(R"({"what":1,"id":[["[\"[[",{}]]})").ends_with(R"("id":[["[\"[[",{}]]})"));
  CHECK(session->handle(R"({"ask":1})").starts_with(R"({"trial":1,)"));
  for (const char* bad : {R"({"report":1,"step":0,"value":0.5})", R"({"report":1,"step":1,"value":"high"})",
                          R"({"report":1,"step":1,"metrics":{"loss":null}})", R"({"report":1,"step":1,"metrics":{"":1}})",
                          R"({"tell":1,"status":"Done"})", R"({"tell":1,"failure_class":"oom"})",
                          R"({"tell":1,"status":"Failed","failure_class":"bad luck"})"}) {
    CHECK_MESSAGE(is_error(session->handle(bad)), bad);
  }
  CHECK(session->handle(R"({"tell":1,"value":1})") == R"({"ok":true})");
  CHECK(is_error(session->handle(R"({"tell":1,"value":1})")));
}

TEST_CASE("add records a finished trial") {
  const TempDir dir;
  const auto session = open_session(dir / "study", test::small_spec());
  CHECK(session->handle(R"({"add":{"parameters":{"x":0.25},"value":0.9}})") == R"({"trial":1,"ok":true})");
  CHECK(session->handle(R"({"best":true})") == R"({"trial":1,"value":0.9,"parameters":{"x":0.25}})");
}

TEST_CASE("trials that were asked for and not told are still pending in the next session") {
  const TempDir dir;
  StudySpec spec = test::small_spec();
  spec.limits.max_trials = 3;
  {
    const auto session = open_session(dir / "study", spec);
    (void)session->handle(R"({"ask":2})");
    (void)session->handle(R"({"report":1,"step":1,"value":0.5})");
  }
  CHECK_FALSE(Session::open(dir / "study", spec, builtin(), OpenMode::kCreate).ok());
  spec.working_directory = "/elsewhere";  // no trial runs there: it may be called from anywhere
  const auto session = open_session(dir / "study", spec, OpenMode::kCreateOrResume);
  CHECK(session->handle(R"({"tell":1})") == R"({"ok":true})");
  CHECK(session->handle(R"({"ask":1})").starts_with(R"({"trial":3,)"));
  // Nothing new is left: the one nobody spoke of since is given again rather than lost.
  CHECK(session->handle(R"({"ask":1})").starts_with(R"({"trial":2,)"));
  CHECK(session->handle(R"({"ask":1})") == R"({"exhausted":true})");
  CHECK(session->handle(R"({"tell":2,"value":1})") == R"({"ok":true})");
  CHECK(session->handle(R"({"tell":3,"value":2})") == R"({"ok":true})");
  CHECK(session->handle(R"({"best":true})").starts_with(R"({"trial":3,"value":2)"));
}

TEST_CASE("a trial that is given again without a checkpoint begins anew, and so does the count of its steps") {
  const TempDir dir;
  StudySpec spec = test::small_spec();
  spec.limits.max_trials = 2;
  const auto report = [](Session& session, const std::string& trial, const char* value) {
    CHECK(session.handle("{\"report\":" + trial + ",\"value\":" + value + "}").starts_with(R"({"decision":"continue")"));
  };
  {
    const auto session = open_session(dir / "study", spec);
    for (const char* trial : {"1", "2"}) {
      CHECK(session->handle(R"({"ask":1,"checkpoints":true})").starts_with(std::string(R"({"trial":)") + trial));
      for (const char* value : {"0.1", "0.2", "0.3"}) report(*session, trial, value);
    }
    std::ofstream(dir / "study/trials/0002/1/checkpoints/last") << "step 3";
  }
  const auto session = open_session(dir / "study", spec, OpenMode::kResume);
  CHECK(session->handle(R"({"ask":2})").find(R"("trial":2)") != std::string::npos);
  for (const char* trial : {"1", "2"}) {
    report(*session, trial, "0.4");
    report(*session, trial, "0.5");
  }
  const StudyRecord record = test::load_record(dir / "study");
  const auto values = [&](TrialId trial) {
    std::vector<std::pair<std::int64_t, double>> found;
    for (const Point& point : record.trial(trial).series.front().points) found.emplace_back(point.step, point.value);
    return found;
  };
  using Values = std::vector<std::pair<std::int64_t, double>>;
  CHECK(values(1) == Values{{1, 0.4}, {2, 0.5}, {3, 0.3}});
  CHECK(values(2) == Values{{1, 0.1}, {2, 0.2}, {3, 0.3}, {4, 0.4}, {5, 0.5}});
}

TEST_CASE("names of metrics that hold control characters or are none are refused, and the session goes on") {
  const TempDir dir;
  const auto session = open_session(dir / "study", test::small_spec());
  (void)session->handle(R"({"ask":1})");
  for (const char* name : {R"(\u001b[31mred)", R"(two\nlines)", R"(\u0000)", R"(\u007f)", ""}) {
    CAPTURE(name);
    const std::string answer = session->handle("{\"report\":1,\"metrics\":{\"" + std::string(name) + "\":1}}");
    CHECK(answer.starts_with(R"({"error":"metrics: ')"));
    CHECK(answer.find("u001b") == std::string::npos);
  }
  CHECK(session->handle(R"({"report":1,"metrics":{"\u001b[2Jx":1}})") ==
        R"({"error":"metrics: '?[2Jx': the name holds a control character"})");
  const std::string longest(255, 'm');
  CHECK(is_error(session->handle("{\"report\":1,\"metrics\":{\"" + longest + "m\":1}}")));
  CHECK(!is_error(session->handle("{\"report\":1,\"metrics\":{\"" + longest + "\":1,\"v\u00e4l:\u2126\":2}}")));
  CHECK(test::load_record(dir / "study").trial(1).series.size() == 2);
}

TEST_CASE("the tell of the last trial ends the study, whether somebody asks again or not") {
  const TempDir dir;
  StudySpec spec = test::small_spec();
  spec.limits.max_trials = 2;
  const auto session = open_session(dir / "study", spec);
  (void)session->handle(R"({"ask":2})");
  CHECK(session->handle(R"({"tell":1,"value":1})") == R"({"ok":true})");
  CHECK(test::load_record(dir / "study").status == StudyStatus::kInProgress);
  CHECK(session->handle(R"({"tell":2,"value":1})") == R"({"ok":true})");
  const StudyRecord record = test::load_record(dir / "study");
  CHECK(record.status == StudyStatus::kCompleted);
  CHECK(record.stop_reason == "max_trials");
  CHECK(session->handle(R"({"ask":1})") == R"({"exhausted":true})");
}

TEST_CASE("a target ends the study once; trials that were still running can be told") {
  const TempDir dir;
  StudySpec spec = test::small_spec();
  spec.completion.target = 0.9;
  const auto session = open_session(dir / "study", spec);
  (void)session->handle(R"({"ask":2})");
  CHECK(session->handle(R"({"tell":1,"value":1})") == R"({"ok":true})");
  CHECK(session->handle(R"({"report":2,"value":0.5})").starts_with(R"({"decision":"stop","rule":"target")"));
  CHECK(session->handle(R"({"tell":2})") == R"({"ok":true})");
  const StudyRecord record = test::load_record(dir / "study");
  CHECK(record.stop_reason == "target");
  CHECK(record.trial(2).status == TrialStatus::kStopped);
  CHECK(record.ended < record.trial(2).ended_time);
}

TEST_CASE("tune resume leaves a session's study alone: it has no command") {
  const TempDir dir;
  (void)open_session(dir / "study", test::small_spec())->handle(R"({"ask":1})");
  RunRequest request;
  request.mode = RunRequest::Mode::kResume;
  request.directory = dir / "study";
  Interrupts interrupts;
  test::Recorder recorder;
  const std::string before = test::read_file(dir / "study/journal.jsonl");
  const Summary summary = run_study(request, builtin(), recorder, interrupts);
  CHECK(summary.status.code() == ErrorCode::kInvalid);
  CHECK(summary.status.message().find("tune session CONFIG --resume --dir") != std::string::npos);
  CHECK(test::read_file(dir / "study/journal.jsonl") == before);
}

TEST_CASE("a session pauses trials when it says that they checkpoint; they are asked for again when the rule lets them go on") {
  const TempDir dir;
  StudySpec spec = test::small_spec();
  spec.limits.max_trials = 4;
  spec.initial.clear();
  spec.stopping.emplace();
  spec.stopping->policy = {"asha",
                           {{"min_resource", std::int64_t{1}},
                            {"reduction_factor", 3.0},
                            {"brackets", std::int64_t{1}},
                            {"mode", std::string("promote")}}};
  auto session = open_session(dir / "study", spec);
  const std::string refused = session->handle(R"({"ask":1})");
  CHECK(is_error(refused));
  CHECK(refused.find("pauses trials") != std::string::npos);
  CHECK(is_error(session->handle(R"({"ask":1,"checkpoints":"yes"})")));
  const std::string ask = R"({"ask":1,"checkpoints":true})";
  const auto report = [&](int trial, int step, double value) {
    return session->handle("{\"report\":" + std::to_string(trial) + ",\"step\":" + std::to_string(step) +
                           ",\"value\":" + to_text(value) + "}");
  };
  for (int trial = 1; trial <= 3; ++trial) {
    const std::string asked = session->handle(ask);
    CHECK(asked.starts_with("{\"trial\":" + std::to_string(trial)));
    CHECK(asked.find("\"resume_from\":null,\"checkpoint_dir\":\"") != std::string::npos);
    const std::string at = "\"checkpoint_dir\":\"";
    const std::string directory = asked.substr(asked.find(at) + at.size(), asked.rfind('"') - asked.find(at) - at.size());
    std::ofstream(directory + "/last") << "1";
    CHECK(report(trial, 1, trial == 2 ? 0.75 : 0.5).starts_with(R"({"decision":"pause","rule":"asha","reason":")"));
    CHECK(report(trial, 2, 0.5).starts_with(R"({"decision":"pause","rule":"asha","reason":")"));  // and again
    CHECK(session->handle("{\"tell\":" + std::to_string(trial) + "}") == R"({"ok":true})");
    CHECK(is_error(report(trial, 3, 0.5)));  // it is paused: nobody has asked for it
  }
  // The best of three goes on, in another process too.
  session.reset();
  session = open_session(dir / "study", spec, OpenMode::kResume);
  const std::string resumed = session->handle(ask);
  CHECK(resumed.starts_with(R"({"trial":2,"parameters":)"));
  CHECK(resumed.find("trials/0002/2/checkpoints\",\"checkpoint_dir\":\"") != std::string::npos);
  CHECK(session->handle(ask).starts_with(R"({"trial":4,)"));
  CHECK(session->handle(ask) == R"({"wait":true})");  // what is carried out may let others go on
  CHECK(report(4, 1, 0.25).starts_with(R"({"decision":"pause")"));
  CHECK(session->handle(R"({"tell":4,"value":0.125})") == R"({"ok":true})");  // with a value it ends
  // Four have been there; rounded up, two may go on: of the equal ones the first.
  CHECK(session->handle(ask).starts_with(R"({"trial":1,)"));
  for (const int trial : {1, 2}) {
    CHECK(report(trial, 6, 0.9 - trial / 10.0).starts_with(R"({"decision":"continue")"));
    CHECK(session->handle("{\"tell\":" + std::to_string(trial) + "}") == R"({"ok":true})");
  }
  CHECK(session->handle(ask) == R"({"exhausted":true})");
  session.reset();
  const StudyRecord record = test::load_record(dir / "study");
  CHECK(record.stop_reason == "max_trials");
  CHECK(record.trial(1).status == TrialStatus::kCompleted);
  CHECK(record.trial(2).attempts[1].resumed_from_step == 2);
  CHECK(record.trial(3).status == TrialStatus::kStopped);
  CHECK(record.trial(3).stop_reason == "asha");
  CHECK(record.trial(4).value == 0.125);
}
