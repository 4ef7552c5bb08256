#include <memory>

#include "cli/context.hpp"
#include "cli/verbs/verbs.hpp"
#include "engine/clock/system_clock.hpp"
#include "engine/report/report_text.hpp"
#include "engine/run/run_study.hpp"

namespace tune::cli {

namespace {

int show_status(const Context& context, const std::string& directory) {
  const auto study = engine::load_study(directory, context.registry);
  if (!study.ok()) return fail(study.status());
  for (const std::string& note : study->notes) write_err("tune: note: " + note + "\n");
  const engine::Until until = study->running ? engine::Until(engine::SystemClock().now()) : std::nullopt;
  return write_out(engine::status_text(study->record, study->running, until));
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("status", "how a study stands");
  const auto directory = std::make_shared<std::string>();
  verb->add_option("DIR", *directory, "the study's directory")->type_name("")->required();
  verb->callback([&context, directory] { context.action = [&context, directory] { return show_status(context, *directory); }; });
}

}  // namespace tune::cli
