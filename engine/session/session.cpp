#include "engine/session/session.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/clock/system_clock.hpp"
#include "engine/core/completion.hpp"
#include "engine/text/printable.hpp"
#include "metrics/definitions.hpp"

namespace tune::engine {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMaxAsk = 1000;  // trials in one request

/// Whether lists and objects in a JSON text go deeper than that: copying and printing them recurses.
bool deeper_than(int limit, std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (c == '"') {
      in_string = !in_string;
    } else if (in_string) {
      if (c == '\\') ++at;
    } else if (c == '[' || c == '{') {
      if (++depth > limit) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

Json error_json(const std::string& message) { return {{"error", message}}; }

Json number_json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

std::optional<double> read_number(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

Json parameters_json(const Space& space, const Configuration& configuration) {
  Json parameters = Json::object();
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (!configuration[i]) continue;
    parameters[space[i].name] = std::visit([](const auto& held) -> Json { return held; }, *configuration[i]);
  }
  return parameters;
}

Json given_json(const Space& space, const AskTell::Given& given, bool checkpoints) {
  Json json{{"trial", given.trial},
            {"parameters", parameters_json(space, given.configuration)},
            {"max_step", given.max_step ? Json(*given.max_step) : Json()},
            {"resume_from", given.resume_from ? Json(*given.resume_from) : Json()}};
  if (checkpoints) json["checkpoint_dir"] = given.checkpoint_directory;
  return json;
}

/// The value of a parameter: a whole number counts as a float where a float is due.
Result<Value> read_value(const Parameter& parameter, const Json& json) {
  if (parameter.type == ParameterType::kFloat && json.is_number()) return Value(json.get<double>());
  if (json.is_boolean()) return Value(json.get<bool>());
  if (json.is_number_integer()) return Value(json.get<std::int64_t>());
  if (json.is_number_float()) return Value(json.get<double>());
  if (json.is_string()) return Value(json.get<std::string>());
  return Status::invalid("parameter '" + parameter.name + "': " + json.dump() + " is no value");
}

Result<Configuration> read_configuration(const Space& space, const Json& json) {
  if (!json.is_object()) return Status::invalid("parameters must be an object");
  Configuration configuration(space.size());
  for (const auto& [name, value] : json.items()) {
    const auto index = space.index_of(name);
    if (!index) return Status::invalid("there is no parameter '" + name + "'");
    Result<Value> read = read_value(space[*index], value);
    if (!read.ok()) return read.status();
    configuration[*index] = *std::move(read);
  }
  return configuration;
}

/// Nothing but the allowed keys; "id" always is.
Status check_keys(const Json& request, std::initializer_list<const char*> allowed) {
  for (const auto& [key, value] : request.items()) {
    if (key != "id" && std::ranges::find(allowed, key) == allowed.end()) {
      return Status::invalid("unknown key '" + key + "'");
    }
  }
  return {};
}

Result<std::int64_t> read_whole(const Json& request, const char* key) {
  const Json& value = request.at(key);
  if (!value.is_number_integer()) return Status::invalid(std::string(key) + " must be a whole number, got " + value.dump());
  return value.get<std::int64_t>();
}

Result<Outcome> read_outcome(const Json& request) {
  Outcome outcome;
  if (const auto status = request.find("status"); status != request.end()) {
    if (*status == "Stopped")
      outcome.status = TrialStatus::kStopped;
    else if (*status == "Failed")
      outcome.status = TrialStatus::kFailed;
    else if (*status != "Completed")
      return Status::invalid("status must be Completed, Stopped or Failed, got " + status->dump());
  }
  const auto failure = request.find("failure_class");
  if (failure == request.end()) return outcome;
  if (outcome.status != TrialStatus::kFailed) return Status::invalid("failure_class goes with status Failed");
  for (int i = 0; i <= static_cast<int>(FailureClass::kLost); ++i) {
    if (*failure == to_string(static_cast<FailureClass>(i))) outcome.failure = static_cast<FailureClass>(i);
  }
  if (!outcome.failure) {
    return Status::invalid("failure_class must be user_error, oom, signal, no_objective, launch_error, abandoned or lost, got " +
                           failure->dump());
  }
  return outcome;
}

}  // namespace

struct Session::Parts {
  std::unique_ptr<AskTell> study;

  [[nodiscard]] const Space& space() { return study->core().spec().space; }

  Result<Json> ask(const Json& request) {
    TUNE_RETURN_IF_ERROR(check_keys(request, {"ask", "checkpoints"}));
    const Result<std::int64_t> count = read_whole(request, "ask");
    if (!count.ok()) return count.status();
    if (*count < 1 || *count > kMaxAsk) {
      return Status::invalid("ask must be 1 to " + std::to_string(kMaxAsk) + ", got " + std::to_string(*count));
    }
    bool checkpoints = false;
    if (const auto given = request.find("checkpoints"); given != request.end()) {
      if (!given->is_boolean()) return Status::invalid("checkpoints must be true or false, got " + given->dump());
      checkpoints = given->get<bool>();
    }
    Json trials = Json::array();
    bool exhausted = false;
    while (static_cast<std::int64_t>(trials.size()) < *count) {
      const Result<AskTell::Answer> answer = study->ask(checkpoints);
      if (!answer.ok()) return answer.status();
      exhausted = answer->exhausted;
      if (!answer->given) break;
      trials.push_back(given_json(space(), *answer->given, checkpoints));
    }
    if (trials.empty()) return exhausted ? Json{{"exhausted", true}} : Json{{"wait", true}};
    return *count == 1 ? trials.front() : Json{{"trials", trials}};
  }

  Result<Json> report(const Json& request) {
    TUNE_RETURN_IF_ERROR(check_keys(request, {"report", "step", "value", "metrics"}));
    const Result<std::int64_t> trial = read_whole(request, "report");
    if (!trial.ok()) return trial.status();
    std::optional<std::int64_t> step;
    if (request.contains("step")) {
      const Result<std::int64_t> given = read_whole(request, "step");
      if (!given.ok()) return given.status();
      step = *given;
    }
    std::vector<std::pair<std::string, double>> values;
    if (const auto others = request.find("metrics"); others != request.end()) {
      if (!others->is_object()) return Status::invalid("metrics must be an object of numbers");
      for (const auto& [name, value] : others->items()) {
        if (const Status named = metrics::check_metric_name(name); !named.ok())
          return Status::invalid("metrics: '" + printable(name) + "': " + named.message());
        const auto number = read_number(value);
        if (!number) return Status::invalid("metrics: '" + name + "' is no number: " + value.dump());
        values.emplace_back(name, *number);
      }
    }
    if (const auto value = request.find("value"); value != request.end()) {
      const auto number = read_number(*value);
      if (!number) return Status::invalid("value must be a number or \"NaN\", \"Infinity\", \"-Infinity\", got " + value->dump());
      values.emplace_back(study->core().spec().objective.metric, *number);
    }
    if (values.empty()) return Status::invalid("a report needs a value or metrics");
    const Result<Decision> decision = study->report(*trial, step, values);
    if (!decision.ok()) return decision.status();
    const auto text_or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    return Json{{"decision", to_string(decision->kind)},
                {"rule", text_or_null(decision->rule)},
                {"reason", text_or_null(decision->reason)}};
  }

  Result<Json> tell(const Json& request) {
    TUNE_RETURN_IF_ERROR(check_keys(request, {"tell", "value", "status", "failure_class"}));
    const Result<std::int64_t> trial = read_whole(request, "tell");
    if (!trial.ok()) return trial.status();
    std::optional<double> value;
    if (const auto given = request.find("value"); given != request.end() && !given->is_null()) {
      value = read_number(*given);
      if (!value) return Status::invalid("value must be a number or \"NaN\", \"Infinity\", \"-Infinity\", got " + given->dump());
    }
    const Result<Outcome> outcome = read_outcome(request);
    if (!outcome.ok()) return outcome.status();
    TUNE_RETURN_IF_ERROR(study->tell(*trial, value, *outcome));
    return Json{{"ok", true}};
  }

  Result<Json> add(const Json& request) {
    TUNE_RETURN_IF_ERROR(check_keys(request, {"add"}));
    const Json& body = request.at("add");
    if (!body.is_object() || !body.contains("parameters") || !body.contains("value") || body.size() != 2) {
      return Status::invalid("add needs exactly parameters and value");
    }
    const Result<Configuration> configuration = read_configuration(space(), body["parameters"]);
    if (!configuration.ok()) return configuration.status();
    const auto value = read_number(body["value"]);
    if (!value) return Status::invalid("value must be a number, got " + body["value"].dump());
    const Result<TrialId> trial = study->add(*configuration, *value);
    if (!trial.ok()) return trial.status();
    return Json{{"trial", *trial}, {"ok", true}};
  }

  Result<Json> best(const Json& request) {
    TUNE_RETURN_IF_ERROR(check_keys(request, {"best"}));
    if (request.at("best") != true) return Status::invalid("best must be true");
    const StudyRecord& record = study->core().record();
    const auto trial = best_trial(record);
    if (!trial) return Json{{"trial", nullptr}, {"value", nullptr}, {"parameters", nullptr}};
    const TrialRecord& found = record.trial(*trial);
    return Json{{"trial", *trial},
                {"value", number_json(*found.value)},
                {"parameters", parameters_json(record.space, found.configuration)}};
  }

  Json answer(const Json& request) {
    using Handler = Result<Json> (Parts::*)(const Json&);
    static constexpr std::array<std::pair<const char*, Handler>, 5> kHandlers{
        {{"ask", &Parts::ask}, {"report", &Parts::report}, {"tell", &Parts::tell}, {"add", &Parts::add}, {"best", &Parts::best}}};
    if (!request.is_object()) return error_json("a request is one JSON object on one line");
    for (const auto& [key, handler] : kHandlers) {
      if (!request.contains(key)) continue;
      const Result<Json> answered = (this->*handler)(request);
      return answered.ok() ? *answered : error_json(answered.status().message());
    }
    return error_json("a request has one of ask, report, tell, add, best");
  }
};

Session::Session() : parts_(std::make_shared<Parts>()) {}

Result<std::unique_ptr<Session>> Session::open(const std::string& directory, const StudySpec& spec, const Registry& registry,
                                               OpenMode mode) {
  std::unique_ptr<Session> session(new Session());
  auto study = AskTell::open(directory, spec, registry, mode, AskTell::Orphans::kLast, std::make_shared<SystemClock>());
  if (!study.ok()) return study.status();
  session->parts_->study = *std::move(study);
  return session;
}

const std::vector<std::string>& Session::notes() const { return parts_->study->core().notes(); }

std::string Session::handle(std::string_view line) {
  Json answer;
  Json request;
  if (line.size() > kMaxSessionLine) {
    answer = error_json("a request is at most " + std::to_string(kMaxSessionLine) + " bytes long");
  } else if (deeper_than(kMaxSessionDepth, line)) {
    answer = error_json("a request is nested at most " + std::to_string(kMaxSessionDepth) + " levels deep");
  } else {
    request = Json::parse(line, nullptr, false);
    answer = request.is_discarded() ? error_json("that is no JSON") : parts_->answer(request);
  }
  if (request.is_object() && request.contains("id")) answer["id"] = request["id"];
  return plain_json(answer.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace tune::engine
