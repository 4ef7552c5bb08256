#pragma once

#include <string>
#include <vector>

#include "engine/report/report_json.hpp"

namespace tune::test {

/// The pieces of a JSON report, put together.
template <typename Studies>
std::string json_report(const Studies& studies) {
  std::string text;
  engine::report_json(studies, [&](std::string_view piece) { text += piece; });
  return text;
}
inline std::string json_report(const StudyRecord& study, engine::Until until = std::nullopt,
                               const engine::ModelViews& models = {}) {
  return json_report(engine::DatedStudy{&study, until, models});
}

}  // namespace tune::test
