#include "metrics/literal_search.hpp"

#include <algorithm>
#include <utility>

#include "tune/status.hpp"

namespace tune::metrics {

LiteralSearch::LiteralSearch(std::vector<std::string> texts) : texts_(std::move(texts)) {
  if (texts_.empty()) return;
  constexpr std::size_t kLongestWindow = 255;  // a shift must fit into a byte
  window_ = kLongestWindow;
  for (const std::string& text : texts_) {
    TUNE_CHECK(text.size() >= kShortest);
    window_ = std::min(window_, text.size());
  }
  shifts_.fill(static_cast<std::uint8_t>(window_ - kShortest + 1));
  std::vector<std::vector<std::uint32_t>> by_block(kBlocks);
  for (std::uint32_t i = 0; i < texts_.size(); ++i) {
    const char* window = texts_[i].data() + texts_[i].size() - window_;
    for (std::size_t end = kShortest; end <= window_; ++end) {
      std::uint8_t& shift = shifts_[hash(window + end - kShortest)];
      shift = std::min(shift, static_cast<std::uint8_t>(window_ - end));
    }
    by_block[hash(window + window_ - kShortest)].push_back(i);
  }
  for (std::size_t block = 0; block < kBlocks; ++block) {
    first_[block] = static_cast<std::uint32_t>(entries_.size());
    entries_.insert(entries_.end(), by_block[block].begin(), by_block[block].end());
  }
  first_[kBlocks] = static_cast<std::uint32_t>(entries_.size());
}

bool LiteralSearch::ends_with(std::string_view line, std::string_view text) {
  if (line.size() < text.size()) return false;
  const char* at = line.data() + line.size() - text.size();
  for (std::size_t i = text.size(); i > 0; --i) {
    const char c = at[i - 1];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != text[i - 1]) return false;
  }
  return true;
}

}  // namespace tune::metrics
