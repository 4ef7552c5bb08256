#include "engine/report/text_table.hpp"

#include <algorithm>
#include <utility>

#include "engine/report/format.hpp"
#include "tune/status.hpp"

namespace tune::engine {

void TextTable::add(std::vector<std::string> cells) {
  TUNE_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::text(const std::string& indent) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  std::string out;
  const auto put = [&](const auto& cell_of) {
    std::string line = indent;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += "  ";
      line += padded(cell_of(i), widths[i], columns_[i].right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  put([&](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) put([&](std::size_t i) { return row[i]; });
  return out;
}

}  // namespace tune::engine
