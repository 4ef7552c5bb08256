#include "engine/config/init_config.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "cli/context.hpp"
#include "cli/exit_codes.hpp"
#include "cli/verbs/verbs.hpp"

namespace tune::cli {

namespace {

struct InitOptions {
  std::string script;
  std::string output;
};

/// Never over a file that is there.
Status write_new(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0 && errno == EEXIST) return Status::invalid(path + " is there already; choose another --output");
  if (file < 0) return Status::storage(path + ": cannot be written: " + std::strerror(errno));
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(file, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const Status failed = Status::storage(path + ": cannot be written: " + std::strerror(errno));
      ::close(file);
      ::unlink(path.c_str());
      return failed;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(file) != 0) return Status::storage(path + ": cannot be written: " + std::strerror(errno));
  return {};
}

int init(const Context& context, const InitOptions& options) {
  const auto config = engine::init_config(options.script);
  if (!config.ok()) return fail(config.status());
  if (options.output.empty()) return write_out(*config);
  if (const Status written = write_new(options.output, *config); !written.ok()) return fail(written);
  if (!context.output.quiet) {
    write_err("wrote " + options.output + "; read it over, then: tune check " + options.output + "\n");
  }
  return kExitOk;
}

}  // namespace

void add_init(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("init", "print a commented config for your own program");
  const auto options = std::make_shared<InitOptions>();
  verb->add_option("SCRIPT", options->script, "the training program's source")->type_name("")->required();
  verb->add_option("-o,--output", options->output, "write a new file instead of stdout")->type_name("FILE");
  verb->callback([&context, options] { context.action = [&context, options] { return init(context, *options); }; });
}

}  // namespace tune::cli
