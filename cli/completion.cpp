#include "cli/completion.hpp"

#include <algorithm>

namespace tune::cli {

namespace {

struct OptionWords {
  std::vector<std::string> names;  ///< with their dashes; none: a positional argument
  std::string doc;
  bool takes_value = false;
  std::vector<std::string> choices;
};

std::vector<OptionWords> options_of(const CLI::App& app, const Context& context) {
  std::vector<OptionWords> words;
  for (const CLI::Option* option : app.get_options()) {
    OptionWords one;
    for (const std::string& name : option->get_snames()) one.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) one.names.push_back("--" + name);
    one.doc = option->get_description();
    one.takes_value = option->get_items_expected_max() > 0;
    if (const auto found = context.choices.find(option); found != context.choices.end()) one.choices = found->second;
    words.push_back(std::move(one));
  }
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string names_of(const std::vector<OptionWords>& options) {
  std::vector<std::string> names;
  for (const OptionWords& option : options) names.insert(names.end(), option.names.begin(), option.names.end());
  return joined(names);
}

/// For single quotes of bash, zsh and fish.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// For a description inside zsh's `[...]` and after its `:`.
std::string zsh_doc(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands(nullptr)) names.push_back(verb->get_name());
  return joined(names);
}

}  // namespace

std::string bash_completion(const CLI::App& app, const Context& context) {
  const auto global = options_of(app, context);
  std::string out =
      "# bash completion of tune; made by `tune completion bash`\n_tune() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case ${COMP_WORDS[i]} in -*) ;; *) verb=${COMP_WORDS[i]}; break ;; esac\n  done\n"
      "  local options=" +
      quoted(names_of(global)) +
      " values=\n"
      "  case $verb in\n    '') COMPREPLY=($(compgen -W \"$options " +
      verbs_of(app) + "\" -- \"$word\")); return ;;\n";
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    const auto options = options_of(*verb, context);
    out += "    " + verb->get_name() + ")\n      options+=" + quoted(" " + names_of(options)) + "\n";
    std::string cases;
    for (const OptionWords& option : options) {
      if (option.choices.empty()) continue;
      if (option.names.empty()) out += "      values=" + quoted(joined(option.choices)) + "\n";
      for (const std::string& name : option.names) {
        cases +=
            "        " + name + ") COMPREPLY=($(compgen -W " + quoted(joined(option.choices)) + " -- \"$word\")); return ;;\n";
      }
    }
    if (!cases.empty()) out += "      case $before in\n" + cases + "      esac\n";
    out += "      ;;\n";
  }
  return out +
         "  esac\n"
         "  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "  elif [[ -n $values ]]; then COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
         "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n}\ncomplete -o filenames -F _tune tune\n";
}

std::string zsh_completion(const CLI::App& app, const Context& context) {
  const auto arguments = [&](const std::vector<OptionWords>& options) {
    std::string out;
    for (const OptionWords& option : options) {
      const std::string values = option.choices.empty() ? "_files" : "(" + joined(option.choices) + ")";
      if (option.names.empty()) out += " \\\n        " + quoted("*:argument:" + values);
      for (const std::string& name : option.names) {
        out += " \\\n        " + quoted(name + "[" + zsh_doc(option.doc) + "]" + (option.takes_value ? ":value:" + values : ""));
      }
    }
    return out;
  };
  const std::string global = arguments(options_of(app, context));
  std::string out =
      "#compdef tune\n# zsh completion of tune; made by `tune completion zsh`\n_tune() {\n  local -a verbs\n  verbs=(\n";
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    out += "    " + quoted(verb->get_name() + ":" + zsh_doc(verb->get_description())) + "\n";
  }
  out += "  )\n  if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n  case $words[2] in\n";
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    out += "    " + verb->get_name() + ")\n      shift words; (( CURRENT-- ))\n      _arguments" +
           arguments(options_of(*verb, context)) + global + "\n      ;;\n";
  }
  return out + "  esac\n}\ncompdef _tune tune\n";
}

std::string fish_completion(const CLI::App& app, const Context& context) {
  std::string out = "# fish completion of tune; made by `tune completion fish`\n";
  const auto add = [&](const std::string& condition, const std::vector<OptionWords>& options) {
    for (const OptionWords& option : options) {
      std::string line = "complete -c tune" + condition;
      for (const std::string& name : option.names) {
        line += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (option.names.empty() && option.choices.empty()) continue;
      if (option.takes_value && !option.names.empty()) line += " -r";
      if (!option.choices.empty()) line += " -f -a " + quoted(joined(option.choices));
      out += line + " -d " + quoted(option.doc) + "\n";
    }
  };
  add("", options_of(app, context));
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    out +=
        "complete -c tune -n __fish_use_subcommand -f -a " + verb->get_name() + " -d " + quoted(verb->get_description()) + "\n";
    add(" -n '__fish_seen_subcommand_from " + verb->get_name() + "'", options_of(*verb, context));
  }
  return out;
}

}  // namespace tune::cli
