#include "cli/context.hpp"
#include "cli/verbs/verbs.hpp"

namespace tune::cli {

void add_replay(CLI::App& app, Context& context) {
  // Whatever follows is taken, so that the answer is about the verb and not about its options.
  CLI::App* verb = app.add_subcommand("replay", "planned: rules on what was recorded")->prefix_command();
  verb->callback(
      [&context] { context.action = [] { return fail(Status::invalid("'tune replay' is planned and not built yet")); }; });
}

}  // namespace tune::cli
