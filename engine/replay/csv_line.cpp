#include "engine/replay/csv_line.hpp"

namespace tune::engine {

std::optional<std::vector<std::string>> csv_cells(std::string_view line) {
  std::vector<std::string> cells(1);
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == '"' && cells.back().empty()) {
      for (++at;; ++at) {
        if (at >= line.size()) return std::nullopt;
        if (line[at] != '"') {
          cells.back() += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          cells.back() += line[at++];
        } else {
          break;
        }
      }
      ++at;
      if (at < line.size() && line[at] != ',') return std::nullopt;
    }
    for (; at < line.size() && line[at] != ','; ++at) cells.back() += line[at];
    if (at < line.size()) {
      ++at;
      cells.emplace_back();
    }
  }
  return cells;
}

}  // namespace tune::engine
