#include "cli/run_with_display.hpp"

#include "cli/exit_codes.hpp"
#include "cli/model_views.hpp"
#include "cli/run_display.hpp"
#include "cli/signals.hpp"
#include "engine/report/proposals.hpp"
#include "engine/report/report_json.hpp"
#include "engine/report/report_text.hpp"

namespace tune::cli {

RunEnd run_with_display(const Context& context, const engine::RunRequest& request, const std::string& resume_hint) {
  engine::Interrupts interrupts;
  const auto display = make_display(context.output, interrupts);
  RunEnd end;
  {
    const SignalScope signals(interrupts);
    end.summary = engine::run_study(request, context.registry, *display, interrupts, &end.record);
  }
  end.code = exit_code(end.summary, SignalScope::first_signal());
  if (!end.summary.status.ok()) {
    end.code = fail(end.summary.status);
  } else if (end.code >= kExitSignalBase) {
    write_err("tune: interrupted; everything so far is kept; go on with: " + resume_hint + "\n");
  }
  return end;
}

int run_and_report(const Context& context, const engine::RunRequest& request, bool json) {
  const RunEnd end = run_with_display(context, request, engine::shell_line({"tune", "resume", request.directory}));
  if (!end.summary.status.ok()) return end.code;
  const AskedModels models(*end.record);
  OutPieces out;
  if (json) {
    engine::report_json({&*end.record, std::nullopt, models.views()}, [&](std::string_view text) { out.add(text); });
  } else {
    out.add(engine::report_text(*end.record, std::nullopt, models.views()));
  }
  const int written = out.finish();
  return end.code != kExitOk ? end.code : written;
}

}  // namespace tune::cli
