#include "engine/session/session.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "cli/exit_codes.hpp"
#include "cli/study_options.hpp"
#include "cli/verbs/verbs.hpp"
#include "engine/core/study_core.hpp"
#include "engine/run/run_study.hpp"

namespace tune::cli {

namespace {

constexpr std::size_t kChunk = 64 * 1024;  ///< bytes

struct SessionOptions {
  StudyOverrides study;
  bool resume = false;
};

/// Answers every line that comes on stdin, until its end. An overlong line is answered too, as a whole, without being kept.
int serve(engine::Session& session) {
  std::string pending;
  std::array<char, kChunk> buffer{};
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Status::storage(std::string("standard input cannot be read: ") + std::strerror(errno)));
    std::string_view rest(buffer.data(), static_cast<std::size_t>(got));
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      // One byte more than allowed is kept: enough for the session to see that the line is too long.
      if (pending.size() <= engine::kMaxSessionLine) pending += rest.substr(0, std::min(end, engine::kMaxSessionLine + 1));
      if (end == std::string_view::npos) break;
      if (const int code = write_out(session.handle(pending) + "\n"); code != kExitOk) return code;
      pending.clear();
      rest.remove_prefix(end + 1);
    }
    if (got == 0) return pending.empty() ? kExitOk : write_out(session.handle(pending) + "\n");
  }
}

int run_session(const Context& context, SessionOptions& options) {
  const auto spec = load_study_spec(context, options.study, false);
  if (!spec.ok()) return fail(spec.status());
  const auto mode = options.resume ? engine::OpenMode::kCreateOrResume : engine::OpenMode::kCreate;
  const auto session = engine::Session::open(options.study.directory, *spec, context.registry, mode);
  if (!session.ok()) return fail(session.status());
  if (!context.output.quiet) {
    for (const std::string& note : (*session)->notes()) write_err("tune: note: " + note + "\n");
  }
  return serve(**session);
}

}  // namespace

void add_session(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("session", "ask, report and tell as JSON lines on stdin and stdout");
  const auto options = std::make_shared<SessionOptions>();
  verb->add_option("CONFIG", options->study.config, "the study's config")->type_name("")->required();
  add_overrides(*verb, context, options->study);
  verb->add_flag("--resume", options->resume, "go on with the study if it is there, else create it");
  verb->callback([&context, options] { context.action = [&context, options] { return run_session(context, *options); }; });
}

}  // namespace tune::cli
