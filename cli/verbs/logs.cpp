#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/context.hpp"
#include "cli/exit_codes.hpp"
#include "cli/verbs/trial_of.hpp"
#include "cli/verbs/verbs.hpp"
#include "cli/whole_number.hpp"
#include "engine/text/plain_stream.hpp"

namespace tune::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = 64 * 1024;  ///< bytes
constexpr int kFollowInterval = 200;       ///< milliseconds between two looks at a log that is followed

struct LogsOptions {
  std::string directory;
  TrialId trial = 0;
  bool follow = false;
  bool raw = false;
};

/// DIR/trials/0007: what a study's directory looks like is documented in docs/journal.md.
fs::path trial_directory(const LogsOptions& options) {
  std::string number = std::to_string(options.trial);
  if (number.size() < 4) number.insert(0, 4 - number.size(), '0');
  return fs::path(options.directory) / "trials" / number;
}

/// Copies the logs of one trial's attempts, one after the other, to stdout.
class LogPrinter {
 public:
  LogPrinter(const Context& context, const LogsOptions& options)
      : context_(context), options_(options), as_it_is_(options.raw || !stdout_is_terminal()) {}

  int print() {
    for (int attempt = 1; has(attempt); ++attempt) {
      if (const int code = print_attempt(attempt); code != kExitOk) return code;
    }
    return kExitOk;
  }

  [[nodiscard]] bool has(int attempt) const {
    std::error_code ignored;
    return fs::exists(trial_directory(options_) / std::to_string(attempt) / "log", ignored);
  }

 private:
  int print_attempt(int attempt) {
    const fs::path directory = trial_directory(options_) / std::to_string(attempt);
    if ((attempt > 1 || has(2)) && !context_.output.quiet) write_err("==> attempt " + std::to_string(attempt) + " <==\n");
    const std::string path = (directory / "log").string();
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail(Status::storage(path + ": cannot be read: " + std::strerror(errno)));
    int code = copy(file);
    while (code == kExitOk && options_.follow && !over(attempt)) {
      ::poll(nullptr, 0, kFollowInterval);
      code = copy(file);
    }
    if (code == kExitOk && options_.follow) code = copy(file);  // what came between the last look and the end
    ::close(file);
    if (code == kExitOk && !as_it_is_) code = write_out_raw(plain_.finish());
    return code;
  }

  /// What is there now.
  int copy(int file) {
    std::array<char, kChunk> buffer{};
    while (true) {
      const ssize_t got = ::read(file, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(Status::storage(std::string("the log cannot be read: ") + std::strerror(errno)));
      if (got == 0) return kExitOk;
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      const int code = as_it_is_ ? write_out_raw(bytes) : write_out_raw(plain_.feed(bytes));
      if (code != kExitOk) return code;
    }
  }

  /// Whether nothing more will come into an attempt's log: its exit is on record, or the study knows its end.
  [[nodiscard]] bool over(int attempt) const {
    std::error_code ignored;
    if (fs::exists(trial_directory(options_) / std::to_string(attempt) / "exit.json", ignored) || has(attempt + 1)) return true;
    const auto study = engine::load_study(options_.directory, context_.registry);
    if (!study.ok()) return true;
    const TrialRecord& trial = study->record.trial(options_.trial);
    return trial.finished() || !study->running;
  }

  const Context& context_;
  const LogsOptions& options_;
  bool as_it_is_;  ///< into a file or a pipe; a terminal would obey what a trial printed
  engine::PlainStream plain_;
};

int logs(const Context& context, const LogsOptions& options) {
  const auto study = engine::load_study(options.directory, context.registry);
  if (!study.ok()) return fail(study.status());
  if (const Status known = check_trial(*study, options.directory, options.trial); !known.ok()) return fail(known);
  LogPrinter printer(context, options);
  if (!printer.has(1)) return fail(Status::invalid("trial " + std::to_string(options.trial) + " has no log"));
  return printer.print();
}

}  // namespace

void add_logs(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("logs", "what a trial printed");
  const auto options = std::make_shared<LogsOptions>();
  verb->add_option("DIR", options->directory, "the study's directory")->type_name("")->required();
  verb->add_option("TRIAL", options->trial, "the trial's number")->check(whole_number(1, kMostTrials))->type_name("")->required();
  verb->add_flag("-f,--follow", options->follow, "go on until the trial has ended");
  verb->add_flag("--raw", options->raw, "also on a terminal exactly what was printed, escape sequences and all");
  verb->callback([&context, options] { context.action = [&context, options] { return logs(context, *options); }; });
}

}  // namespace tune::cli
