#pragma once

#include <string>
#include <vector>

/// Plots as SVG text: a file that any browser shows, without a library.
namespace tune::engine {

struct PlotPoint {
  double x = 0.0;
  double y = 0.0;
};

struct PlotSeries {
  enum class Kind {
    kSteps,   ///< a line that keeps each y until the next x; x must not fall
    kPoints,  ///< dots, with the name beside the first one
  };
  std::string name = {};  ///< of kSteps: in the legend; empty: not there
  Kind kind = Kind::kSteps;
  std::vector<PlotPoint> points = {};  ///< those that are not finite are left out
  int color = 0;                       ///< 0, 1, 2, ...: different ones can be told apart up to 8, also by the colour-blind
  bool faint = false;                  ///< in the background
};

struct Plot {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  std::vector<PlotSeries> series = {};
};

/// A whole SVG document, ending in a newline. The same plot gives the same bytes.
std::string svg_plot(const Plot& plot);

}  // namespace tune::engine
