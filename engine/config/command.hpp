#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/study_spec.hpp"

/// A trial's command line and parameters, from its configuration.
namespace tune::engine {

/// A stretch of a command's word: text as it is, or the name of a placeholder.
struct WordPiece {
  std::string text;
  bool placeholder = false;
};

/// Splits a word at its `{name}` placeholders; `{{` and `}}` are braces. The error says what is wrong with the word.
Result<std::vector<WordPiece>> split_word(std::string_view word);

/// The words of a trial's command: placeholders replaced by values as `to_text` prints them, optional groups with an inactive
/// placeholder left out. No shell and no splitting: one word stays one word. REQUIRES: the command was checked against the space,
/// as load_config does.
std::vector<std::string> build_argv(const std::vector<CommandPart>& command, const Space& space,
                                    const Configuration& configuration,
                                    const std::vector<std::pair<std::string, Value>>& static_values);

/// What TUNE_PARAMS holds: a JSON object of the static values and the active parameters, in the order of the config. Floats
/// always have a point or an exponent, non-finite ones are the strings "NaN", "Infinity", "-Infinity".
std::string params_json(const Space& space, const Configuration& configuration,
                        const std::vector<std::pair<std::string, Value>>& static_values);

/// One value as JSON, as above.
std::string value_json(const Value& value);

/// What a command names and what is not there, a sentence each: its program (from PATH or the trials' directory) and the script
/// that an interpreter is to run. Words with placeholders are not looked at.
std::vector<std::string> missing_files(const StudySpec& spec);

}  // namespace tune::engine
