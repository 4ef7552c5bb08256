#include "cli/context.hpp"
#include "cli/verbs/verbs.hpp"

namespace tune::cli {

void add_schema(CLI::App& app, Context& context) {
  app.add_subcommand("schema", "print the JSON Schema of a config")->callback([&context] {
    context.action = [&context] { return write_out(engine::schema_json(context.registry)); };
  });
}

}  // namespace tune::cli
