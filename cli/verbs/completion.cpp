#include "cli/completion.hpp"

#include <memory>

#include "cli/verbs/verbs.hpp"

namespace tune::cli {

void add_completion(CLI::App& app, Context& context) {
  CLI::App* verb = app.add_subcommand("completion", "print completion for a shell");
  const auto shell = std::make_shared<std::string>();
  CLI::Option* argument = verb->add_option("SHELL", *shell, "bash, zsh or fish");
  argument->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  context.choices[argument] = {"bash", "zsh", "fish"};
  verb->callback([&app, &context, shell] {
    context.action = [&app, &context, shell] {
      if (*shell == "zsh") return write_out(zsh_completion(app, context));
      return write_out(*shell == "fish" ? fish_completion(app, context) : bash_completion(app, context));
    };
  });
}

}  // namespace tune::cli
