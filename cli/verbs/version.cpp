#include "cli/context.hpp"
#include "cli/verbs/verbs.hpp"

namespace tune::cli {

void add_version(CLI::App& app, Context& context) {
  app.add_subcommand("version", "print the version")->callback([&context] {
    context.action = [] { return write_out("tune " TUNE_VERSION "\n"); };
  });
}

}  // namespace tune::cli
