#pragma once

#include <string>
#include <vector>

/// A table of text for a terminal or a log: columns as wide as their widest cell, two spaces between them.
namespace tune::engine {

class TextTable {
 public:
  struct Column {
    std::string title;
    bool right = false;  ///< numbers
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// REQUIRES: as many cells as columns.
  void add(std::vector<std::string> cells);
  /// Title line and rows, each ended by a newline and begun with `indent`.
  [[nodiscard]] std::string text(const std::string& indent = "") const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tune::engine
