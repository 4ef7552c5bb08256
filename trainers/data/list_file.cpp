#include <algorithm>
#include <cmath>
#include <filesystem>

#include "trainers/data/channel_files.hpp"
#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

Failure bad_line(std::uint64_t number, const std::string& problem) {
  return {"line " + std::to_string(number) + " " + problem + "; a line is: index TAB label [TAB label ...] TAB path"};
}

}  // namespace

Fallible<std::vector<ListedImage>> parse_list(std::string_view text, const std::string& root) {
  std::vector<ListedImage> images;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t path_at = line.rfind('\t');
    if (path_at == std::string_view::npos) return bad_line(number, "has no tab");
    const std::string_view path = line.substr(path_at + 1);
    if (path.empty() || path.find('\0') != std::string_view::npos) return bad_line(number, "names no image");
    std::string_view rest = line.substr(0, path_at);
    std::vector<float> fields;
    for (bool more = true; more;) {
      const std::size_t tab = rest.find('\t');
      const auto value = parse_number<float>(rest.substr(0, tab));
      if (!value || !std::isfinite(*value))
        return bad_line(number,
                        "has '" + std::string(rest.substr(0, std::min<std::size_t>(tab, 20))) + "' where a number belongs");
      fields.push_back(*value);
      more = tab != std::string_view::npos;
      rest.remove_prefix(more ? tab + 1 : rest.size());
    }
    if (fields.size() < 2) return bad_line(number, "has no label");
    fields.erase(fields.begin());
    images.push_back({.path = (std::filesystem::path(root) / path).string(), .labels = std::move(fields)});
  }
  return images;
}

}  // namespace tune::trainer
