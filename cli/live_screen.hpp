#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/report/live_view.hpp"

namespace tune::cli {

/// A block of lines at the bottom of the terminal that is drawn over again. Each drawing is one write that overwrites in place
/// and clears only what is left over, so that nothing flickers; lines printed above it scroll away as usual.
class LiveScreen {
 public:
  explicit LiveScreen(bool color) : color_(color) {}
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  /// Puts `above` (whole lines, each with its newline) over the block and draws the block.
  void draw(const std::vector<engine::StyledLine>& lines, const std::string& above = "");
  /// Leaves what is drawn where it is.
  void release() { drawn_ = 0; }

  /// What `draw` would write; for tests.
  std::string frame(const std::vector<engine::StyledLine>& lines, const std::string& above = "");

 private:
  bool color_;
  std::size_t drawn_ = 0;  ///< lines on the screen
};

}  // namespace tune::cli
