#pragma once

#include <string>
#include <string_view>

#include "engine/report/json_value.hpp"
#include "engine/report/sink.hpp"

namespace tune::engine {

/// Writes a JSON document piece by piece, character for character as json_text() writes a whole one. The root is an object; keys
/// need no escaping.
class JsonPieces {
 public:
  explicit JsonPieces(const Sink& sink) : sink_(sink) { open('{', '}'); }

  /// In an object.
  void member(std::string_view key, const Json& value);
  void open_array(std::string_view key);
  /// In an array.
  void element(const Json& value);
  void open_object();
  /// The innermost object or array that is open; after the root nothing follows.
  void close();

 private:
  void next(std::string_view key);
  void open(char bracket, char closing);
  void put(const Json& value);

  const Sink& sink_;
  std::string closing_;  ///< brackets that are to come, the innermost last
  bool empty_ = true;    ///< nothing is in the innermost so far
};

}  // namespace tune::engine
