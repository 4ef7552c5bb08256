#pragma once

namespace CLI {
class App;
}

/// One function per verb, each in the file of its name: adds the verb's options, and on parsing sets `Context::action`.
namespace tune::cli {

struct Context;

void add_init(CLI::App& app, Context& context);
void add_check(CLI::App& app, Context& context);
void add_run(CLI::App& app, Context& context);
void add_resume(CLI::App& app, Context& context);
void add_compare(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_report(CLI::App& app, Context& context);
void add_logs(CLI::App& app, Context& context);
void add_why(CLI::App& app, Context& context);
void add_stop(CLI::App& app, Context& context);
void add_session(CLI::App& app, Context& context);
void add_schema(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);
void add_version(CLI::App& app, Context& context);

}  // namespace tune::cli
