#include <deque>
#include <memory>

#include "cli/context.hpp"
#include "cli/model_views.hpp"
#include "cli/verbs/verbs.hpp"
#include "engine/clock/system_clock.hpp"
#include "engine/report/report_csv.hpp"
#include "engine/report/report_json.hpp"
#include "engine/report/report_text.hpp"
#include "engine/run/run_study.hpp"

namespace tune::cli {

namespace {

struct ReportOptions {
  std::vector<std::string> directories;
  std::string format = "text";
};

int report(const Context& context, const ReportOptions& options) {
  std::vector<engine::LoadedStudy> studies;
  for (const std::string& directory : options.directories) {
    auto study = engine::load_study(directory, context.registry);
    if (!study.ok()) return fail(study.status());
    for (const std::string& note : study->notes) write_err("tune: note: " + directory + ": " + note + "\n");
    studies.push_back(std::move(*study));
  }
  const TimePoint now = engine::SystemClock().now();
  const auto until = [&](const engine::LoadedStudy& study) { return study.running ? engine::Until(now) : std::nullopt; };
  std::deque<AskedModels> models;
  std::vector<engine::DatedStudy> records;
  for (const engine::LoadedStudy& study : studies) {
    records.push_back({&study.record, until(study)});
    if (options.format != "csv") records.back().models = models.emplace_back(study.record).views();
  }
  if (options.format == "json") {
    OutPieces out;
    const auto add = [&](std::string_view text) { out.add(text); };
    if (records.size() == 1) {
      engine::report_json(records.front(), add);
    } else {
      engine::report_json(records, add);
    }
    return out.finish();
  }
  std::vector<const StudyRecord*> plain;
  std::string text;
  for (const engine::DatedStudy& study : records) {
    plain.push_back(study.record);
    text += (text.empty() ? "" : "\n") + engine::report_text(*study.record, study.until, study.models);
  }
  if (const std::string pooled = engine::pooled_text(records); records.size() > 1 && !pooled.empty()) text += "\n" + pooled;
  return write_out(options.format == "csv" ? engine::report_csv(plain) : text);
}

}  // namespace

void add_report(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("report", "the best trials, what mattered, counts, failures, hours");
  const auto options = std::make_shared<ReportOptions>();
  verb->add_option("DIR", options->directories, "the studies' directories")->type_name("")->required();
  CLI::Option* format = verb->add_option("--format", options->format, "text (default), json or csv");
  format->check(CLI::IsMember({"text", "json", "csv"}));
  context.choices[format] = {"text", "json", "csv"};
  verb->callback([&context, options] { context.action = [&context, options] { return report(context, *options); }; });
}

}  // namespace tune::cli
