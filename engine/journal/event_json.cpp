#include "engine/journal/event_json.hpp"

#include <array>
#include <cstdio>

#include "engine/journal/crc32c.hpp"
#include "engine/journal/json_parts.hpp"

namespace tune::engine {
namespace {

using namespace json_parts;
namespace ev = event;

constexpr std::string_view kCrcKey = ",\"crc\":\"";
constexpr std::size_t kCrcTail = kCrcKey.size() + 8 + 2;  // eight hex digits, a quote, a brace

constexpr std::array kTrialStatuses{TrialStatus::kInProgress, TrialStatus::kStopping, TrialStatus::kCompleted,
                                    TrialStatus::kStopped, TrialStatus::kFailed};
constexpr std::array kStudyStatuses{StudyStatus::kInProgress, StudyStatus::kStopping, StudyStatus::kCompleted,
                                    StudyStatus::kStopped, StudyStatus::kFailed};
constexpr std::array kSecondary{SecondaryStatus::kNone,
                                SecondaryStatus::kPending,
                                SecondaryStatus::kStarting,
                                SecondaryStatus::kTraining,
                                SecondaryStatus::kInterrupted,
                                SecondaryStatus::kPaused,
                                SecondaryStatus::kMaxRuntimeExceeded,
                                SecondaryStatus::kMaxWaitTimeExceeded};
constexpr std::array kFailures{FailureClass::kUserError,   FailureClass::kOom,         FailureClass::kSignal,
                               FailureClass::kNoObjective, FailureClass::kLaunchError, FailureClass::kAbandoned,
                               FailureClass::kLost};
constexpr std::array kWarmStartTypes{WarmStartType::kIdentical, WarmStartType::kTransfer};
constexpr std::array kDecisions{Decision::Kind::kContinue, Decision::Kind::kStop, Decision::Kind::kPause};

void put_id(Json& json, AttemptId id) {
  json["trial"] = id.trial;
  json["attempt"] = id.attempt;
}
AttemptId get_id(const Json& json) { return {whole<TrialId>(json.at("trial")), whole<int>(json.at("attempt"))}; }

/// The start on the virtual clock: as many observations as are added to it do not make it overflow.
std::int64_t get_clock(const Json& json) { return read_duration(get_optional<std::int64_t>(json, "clock").value_or(0)).count(); }

// ---- one writer and one reader for each op ----

const char* write(Json& json, const ev::StudyCreated& body) {
  json["config"] = Json::parse(body.spec);
  return "study_created";
}
ev::Body read_study_created(const Json& json) { return ev::StudyCreated{json.at("config").dump()}; }

const char* write(Json& json, const ev::EarlierStudyTaken& body) {
  const EarlierStudy& study = body.study;
  json["name"] = study.name;
  json["directory"] = study.directory;
  json["type"] = to_string(study.type);
  json["metric"] = study.metric;
  json["trials"] = study.trials;
  json["without_result"] = study.without_result;
  json["taken"] = study.taken;
  json["learned_from"] = study.learned_from;
  put(json, "max_step", study.max_step);
  if (!study.best_trial) return "earlier_study";
  json["best_trial"] = *study.best_trial;
  put(json, "best_value", study.best_value);
  json["best_parameters"] = parameters_json(study.best_parameters);
  return "earlier_study";
}
ev::Body read_earlier_study(const Json& json) {
  EarlierStudy study;
  study.name = json.at("name").get<std::string>();
  study.directory = json.at("directory").get<std::string>();
  study.type = read_enum(json.at("type").get<std::string>(), kWarmStartTypes);
  study.metric = json.at("metric").get<std::string>();
  study.trials = whole<std::int64_t>(json.at("trials"));
  study.without_result = whole<std::int64_t>(json.at("without_result"));
  study.taken = whole<std::int64_t>(json.at("taken"));
  study.learned_from = json.at("learned_from").get<bool>();
  study.max_step = get_optional<std::int64_t>(json, "max_step");
  study.best_trial = get_optional<TrialId>(json, "best_trial");
  study.best_value = get_optional<double>(json, "best_value");
  if (study.best_trial) study.best_parameters = read_parameters(json.at("best_parameters"));
  return ev::EarlierStudyTaken{std::move(study)};
}

const char* write(Json& json, const ev::EarlierTrialTaken& body) {
  json["study"] = body.study;
  json["trial"] = body.trial;
  put(json, "value", body.value);
  json["infeasible"] = body.infeasible;
  json["completed"] = body.completed;
  json["last_step"] = body.last_step;
  json["parameters"] = parameters_json(body.parameters);
  return "earlier";
}
ev::Body read_earlier_trial(const Json& json) {
  ev::EarlierTrialTaken body;
  body.study = whole<int>(json.at("study"));
  body.trial = whole<TrialId>(json.at("trial"));
  body.value = get_optional<double>(json, "value");
  body.infeasible = json.at("infeasible").get<bool>();
  body.completed = json.at("completed").get<bool>();
  body.last_step = whole<std::int64_t>(json.at("last_step"));
  body.parameters = read_parameters(json.at("parameters"));
  return body;
}

const char* write(Json& json, const ev::Proposed& body) {
  json["trial"] = body.trial;
  json["name"] = body.name;
  json["as_of"] = body.as_of;
  json["strategy"] = body.strategy;
  if (body.virtual_start != 0) json["clock"] = body.virtual_start;
  json["parameters"] = parameters_json(body.parameters);
  if (body.outlook) {
    json["outlook"] = Json{{"expected_improvement", number(body.outlook->expected_improvement)},
                           {"regret_bound", number(body.outlook->regret_bound)},
                           {"noise", number(body.outlook->noise)}};
  }
  return "proposed";
}
ev::Body read_proposed(const Json& json) {
  ev::Proposed body;
  body.trial = whole<TrialId>(json.at("trial"));
  body.name = json.at("name").get<std::string>();
  body.as_of = whole<std::int64_t>(json.at("as_of"));
  body.strategy = json.at("strategy").get<std::string>();
  body.virtual_start = get_clock(json);
  body.parameters = read_parameters(json.at("parameters"));
  if (const auto outlook = json.find("outlook"); outlook != json.end()) {
    body.outlook = Outlook{read_number(outlook->at("expected_improvement")), read_number(outlook->at("regret_bound")),
                           read_number(outlook->at("noise"))};
  }
  return body;
}

const char* write(Json& json, const ev::Launched& body) {
  put_id(json, body.id);
  put(json, "resumed_from_step", body.resumed_from_step);
  if (body.virtual_start != 0) json["clock"] = body.virtual_start;
  return "launched";
}
ev::Body read_launched(const Json& json) {
  return ev::Launched{get_id(json), get_optional<std::int64_t>(json, "resumed_from_step"), get_clock(json)};
}

const char* write(Json& json, const ev::Started& body) {
  put_id(json, body.id);
  json["host"] = body.host;
  json["gpus"] = body.gpus;
  json["slot"] = body.slot;
  if (body.gpu_share != 1.0) json["share"] = body.gpu_share;
  return "started";
}
ev::Body read_started(const Json& json) {
  return ev::Started{get_id(json), json.at("host").get<std::string>(), json.at("gpus").get<std::vector<std::string>>(),
                     whole<int>(json.at("slot")), get_optional<double>(json, "share").value_or(1.0)};
}

const char* write(Json& json, const ev::Observed& body) {
  put_id(json, body.id);
  json["metric"] = body.metric;
  json["step"] = body.step;
  json["value"] = number(body.value);
  if (body.position) {
    Json steps = Json::array();
    for (const auto& step : body.position->steps) steps.push_back(step ? Json(*step) : Json(nullptr));
    json["log"] = Json::array({body.position->offset, body.position->index, std::move(steps)});
  }
  if (body.counted) json["counted"] = true;
  return "observed";
}
ev::Body read_observed(const Json& json) {
  ev::Observed body;
  body.id = get_id(json);
  body.metric = json.at("metric").get<std::string>();
  body.step = whole<std::int64_t>(json.at("step"));
  body.value = read_number(json.at("value"));
  if (const auto log = json.find("log"); log != json.end()) {
    ev::LogPosition position{whole<std::uint64_t>(log->at(0)), whole<int>(log->at(1)), {}};
    for (const Json& step : log->at(2)) {
      position.steps.push_back(step.is_null() ? std::nullopt : std::optional(whole<std::int64_t>(step)));
    }
    body.position = std::move(position);
  }
  body.counted = json.value("counted", false);
  return body;
}

const char* write(Json& json, const ev::Decided& body) {
  put_id(json, body.id);
  json["step"] = body.step;
  json["kind"] = to_string(body.decision.kind);
  json["rule"] = body.decision.rule;
  json["reason"] = body.decision.reason;
  json["numbers"] = numbers_json(body.decision.numbers);
  json["references"] = body.decision.references;
  return "decision";
}
ev::Body read_decided(const Json& json) {
  ev::Decided body;
  body.id = get_id(json);
  body.step = whole<std::int64_t>(json.at("step"));
  body.decision.kind = read_enum(json.at("kind").get<std::string>(), kDecisions);
  body.decision.rule = json.at("rule").get<std::string>();
  body.decision.reason = json.at("reason").get<std::string>();
  body.decision.numbers = read_numbers(json.at("numbers"));
  for (const Json& reference : json.at("references")) body.decision.references.push_back(whole<TrialId>(reference));
  return body;
}

const char* write(Json& json, const ev::Spared& body) {
  json["trial"] = body.trial;
  json["draw"] = body.draw;
  json["share"] = body.share;
  return "spared";
}
ev::Body read_spared(const Json& json) {
  return ev::Spared{whole<TrialId>(json.at("trial")), json.at("draw").get<double>(), json.at("share").get<double>()};
}

const char* write(Json& json, const ev::StopRequested& body) {
  json["trial"] = body.trial;
  json["reason"] = body.reason;
  return "stop_requested";
}
ev::Body read_stop_requested(const Json& json) {
  return ev::StopRequested{whole<TrialId>(json.at("trial")), json.at("reason").get<std::string>()};
}

const char* write(Json& json, const ev::Interrupted& body) {
  put_id(json, body.id);
  json["why"] = body.why;
  json["lost"] = body.lost;
  if (body.attempt_ended) json["to"] = body.attempt_ended->time_since_epoch().count();
  return "interrupted";
}
ev::Body read_interrupted(const Json& json) {
  return ev::Interrupted{get_id(json), json.at("why").get<std::string>(), json.at("lost").get<bool>(), get_time(json, "to")};
}

const char* write(Json& json, const ev::Paused& body) {
  put_id(json, body.id);
  if (body.attempt_started) json["from"] = body.attempt_started->time_since_epoch().count();
  if (body.attempt_ended) json["to"] = body.attempt_ended->time_since_epoch().count();
  return "paused";
}
ev::Body read_paused(const Json& json) { return ev::Paused{get_id(json), get_time(json, "from"), get_time(json, "to")}; }

const char* write(Json& json, const ev::GpuUsed& body) {
  put_id(json, body.id);
  json["samples"] = body.use.samples;
  json["utilization"] = body.use.utilization;
  json["memory"] = body.use.memory_bytes;
  json["watts"] = body.use.watts;
  return "gpu_used";
}
ev::Body read_gpu_used(const Json& json) {
  GpuUse use{whole<std::int64_t>(json.at("samples")), json.at("utilization").get<double>(),
             whole<std::uint64_t>(json.at("memory")), json.at("watts").get<double>()};
  return ev::GpuUsed{get_id(json), use};
}

const char* write(Json& json, const ev::Ended& body) {
  put_id(json, body.id);
  json["status"] = to_string(body.status);
  if (body.secondary != SecondaryStatus::kNone) json["secondary"] = to_string(body.secondary);
  if (!body.stop_reason.empty()) json["stop_reason"] = body.stop_reason;
  if (body.failure) json["failure"] = to_string(*body.failure);
  if (!body.detail.empty()) json["detail"] = body.detail;
  if (!body.last_lines.empty()) json["last_lines"] = body.last_lines;
  put(json, "value", body.value);
  put(json, "exit_code", body.exit_code);
  put(json, "exit_signal", body.exit_signal);
  if (body.attempt_started) json["from"] = body.attempt_started->time_since_epoch().count();
  if (body.attempt_ended) json["to"] = body.attempt_ended->time_since_epoch().count();
  if (body.unreadable_captures != 0) json["unreadable_captures"] = body.unreadable_captures;
  if (body.cut_lines != 0) json["cut_lines"] = body.cut_lines;
  return "ended";
}
ev::Body read_ended(const Json& json) {
  ev::Ended body;
  body.id = get_id(json);
  body.status = read_enum(json.at("status").get<std::string>(), kTrialStatuses);
  if (const auto word = get_optional<std::string>(json, "secondary")) body.secondary = read_enum(*word, kSecondary);
  body.stop_reason = get_optional<std::string>(json, "stop_reason").value_or("");
  if (const auto word = get_optional<std::string>(json, "failure")) body.failure = read_enum(*word, kFailures);
  body.detail = get_optional<std::string>(json, "detail").value_or("");
  body.last_lines = get_optional<std::vector<std::string>>(json, "last_lines").value_or(std::vector<std::string>{});
  body.value = get_optional<double>(json, "value");
  body.exit_code = get_optional<int>(json, "exit_code");
  body.exit_signal = get_optional<int>(json, "exit_signal");
  body.attempt_started = get_time(json, "from");
  body.attempt_ended = get_time(json, "to");
  body.unreadable_captures = get_optional<std::int64_t>(json, "unreadable_captures").value_or(0);
  body.cut_lines = get_optional<std::int64_t>(json, "cut_lines").value_or(0);
  return body;
}

template <typename Ending>
void write_ending(Json& json, const Ending& body) {
  json["status"] = to_string(body.status);
  json["reason"] = body.reason;
  json["numbers"] = numbers_json(body.numbers);
}
template <typename Ending>
ev::Body read_ending(const Json& json) {
  Ending body;
  body.status = read_enum(json.at("status").get<std::string>(), kStudyStatuses);
  body.reason = json.at("reason").get<std::string>();
  if (json.contains("numbers")) body.numbers = read_numbers(json.at("numbers"));
  return body;
}

const char* write(Json& json, const ev::StudyEnding& body) {
  write_ending(json, body);
  return "study_ending";
}
const char* write(Json& json, const ev::StudyEnded& body) {
  write_ending(json, body);
  return "study_ended";
}

const char* write(Json& json, const ev::OwnerChanged& body) {
  json["host"] = body.host;
  json["pid"] = body.pid;
  const LimitChanges& changes = body.changes;
  put(json, "max_trials", changes.max_trials);
  put(json, "max_parallel", changes.max_parallel);
  if (changes.max_runtime) json["max_runtime"] = changes.max_runtime->count();
  put(json, "max_gpu_hours", changes.max_gpu_hours);
  return "owner_changed";
}
ev::Body read_owner_changed(const Json& json) {
  ev::OwnerChanged body;
  body.host = json.at("host").get<std::string>();
  body.pid = whole<std::int64_t>(json.at("pid"));
  LimitChanges& changes = body.changes;
  changes.max_trials = get_optional<std::int64_t>(json, "max_trials");
  changes.max_parallel = get_optional<int>(json, "max_parallel");
  if (const auto microseconds = get_optional<std::int64_t>(json, "max_runtime"))
    changes.max_runtime = read_duration(*microseconds);
  changes.max_gpu_hours = get_optional<double>(json, "max_gpu_hours");
  return body;
}

struct Op {
  std::string_view name;
  ev::Body (*read)(const Json&);
};
constexpr std::array<Op, 17> kOps{{{"study_created", read_study_created},
                                   {"earlier_study", read_earlier_study},
                                   {"earlier", read_earlier_trial},
                                   {"proposed", read_proposed},
                                   {"launched", read_launched},
                                   {"started", read_started},
                                   {"observed", read_observed},
                                   {"decision", read_decided},
                                   {"spared", read_spared},
                                   {"stop_requested", read_stop_requested},
                                   {"interrupted", read_interrupted},
                                   {"paused", read_paused},
                                   {"gpu_used", read_gpu_used},
                                   {"ended", read_ended},
                                   {"study_ending", read_ending<ev::StudyEnding>},
                                   {"study_ended", read_ending<ev::StudyEnded>},
                                   {"owner_changed", read_owner_changed}}};

std::string crc_text(std::string_view bytes) {
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", crc32c(bytes));
  return digits;
}

}  // namespace

std::string to_line(const Event& event) {
  Json json;
  json["v"] = kJournalVersion;
  json["seq"] = event.seq;
  json["owner"] = event.owner;
  json["t"] = event.time.time_since_epoch().count();
  json["op"] = "";
  json["op"] = std::visit([&](const auto& body) { return write(json, body); }, event.body);
  // Logs may hold any bytes; the journal is UTF-8.
  std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  line.pop_back();
  const std::string crc = crc_text(line);
  return line.append(kCrcKey).append(crc).append("\"}\n");
}

bool checksum_holds(std::string_view line) {
  if (line.size() <= kCrcTail) return false;
  const std::string_view covered = line.substr(0, line.size() - kCrcTail);
  const std::string_view tail = line.substr(covered.size());
  return tail.starts_with(kCrcKey) && tail.ends_with("\"}") && tail.substr(kCrcKey.size(), 8) == crc_text(covered);
}

Result<Event> from_line(std::string_view line) {
  if (!checksum_holds(line)) return Status::storage("its checksum does not hold");
  try {
    const Json json = Json::parse(line);
    const int version = whole<int>(json.at("v"));
    if (version != kJournalVersion) {
      return Status::storage("it is of version " + std::to_string(version) + ", this tune reads version " +
                             std::to_string(kJournalVersion));
    }
    Event event;
    event.seq = whole<std::int64_t>(json.at("seq"));
    event.owner = whole<std::int64_t>(json.at("owner"));
    event.time = TimePoint(read_duration(whole<std::int64_t>(json.at("t"))));
    const auto op = json.at("op").get<std::string>();
    for (const Op& known : kOps) {
      if (known.name != op) continue;
      event.body = known.read(json);
      return event;
    }
    return Status::storage("its op '" + op + "' is unknown to this tune");
  } catch (const std::exception& error) {
    return Status::storage(std::string("it is malformed: ") + error.what());
  }
}

}  // namespace tune::engine
