#include "engine/report/svg_plot.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace tune::engine {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// Every tag that is opened is closed, and nothing of a text can open one: enough for the SVG that is written here.
void check_well_formed(const std::string& svg) {
  CHECK(svg.starts_with("<svg xmlns="));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(count(svg, "<text ") == count(svg, "</text>"));
  CHECK(count(svg, "<") == count(svg, ">"));
  CHECK_FALSE(has(svg, "nan"));
  CHECK_FALSE(has(svg, "inf"));
}

TEST_CASE("steps keep each value until the next, and the legend names them") {
  const Plot plot{"best so far",
                  "hours",
                  "accuracy",
                  {{.name = "off", .points = {{0, 0.5}, {1, 0.7}}}, {.name = "median", .points = {{0, 0.6}}, .color = 1}}};
  const std::string svg = svg_plot(plot);
  check_well_formed(svg);
  CHECK(count(svg, "<path ") == 2);
  CHECK(count(svg, " H") == 1);
  CHECK(count(svg, " V") == 1);
  for (const char* text : {">best so far<", ">hours<", ">accuracy<", ">off<", ">median<", ">0.6<"}) CHECK(has(svg, text));
  CHECK(svg == svg_plot(plot));
}

TEST_CASE("points with names beside them that do not stand on each other") {
  Plot plot{"rules", "epochs run", "winner lost", {}};
  for (int i = 0; i < 6; ++i)
    plot.series.push_back(
        {.name = "rule " + std::to_string(i), .kind = PlotSeries::Kind::kPoints, .points = {{0.3, 0.05}}, .color = i});
  const std::string svg = svg_plot(plot);
  check_well_formed(svg);
  CHECK(count(svg, "<circle ") == 6);
  std::vector<std::string> places;
  for (int i = 0; i < 6; ++i) {
    const std::size_t name = svg.find(">rule " + std::to_string(i) + "<");
    REQUIRE(name != std::string::npos);
    const std::size_t start = svg.rfind("<text ", name);
    places.push_back(svg.substr(start, svg.find(" text-anchor", start) - start));
    for (int k = 0; k < i; ++k) CHECK(places[static_cast<std::size_t>(k)] != places.back());
  }
}

TEST_CASE("what cannot be drawn does no harm") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  check_well_formed(svg_plot({}));
  check_well_formed(svg_plot({"t", "x", "y", {{.name = "a", .points = {{nan, 1}, {1, infinity}}}}}));
  check_well_formed(svg_plot({"t", "x", "y", {{.name = "one", .points = {{5, 5}}}}}));
  check_well_formed(svg_plot({"t", "x", "y", {{.name = "tiny", .points = {{1e-300, 1e-300}, {2e-300, 1e300}}}}}));
  check_well_formed(svg_plot({"t", "x", "y", {{.name = "near", .points = {{1, 1}, {std::nextafter(1.0, 2.0), 1 - 1e-16}}}}}));
  check_well_formed(svg_plot({"t", "x", "y", {{.name = "far", .points = {{-1e308, 1}, {1e308, -1e308}, {1, 1e299}}}}}));
  const std::string svg = svg_plot({"<b> & \"c\"", "x\x1b[31m", "y", {{.name = "a<b", .points = {{0, 1}}}}});
  check_well_formed(svg);
  CHECK(has(svg, "&lt;b&gt; &amp; &quot;c&quot;"));
}

}  // namespace
}  // namespace tune::engine
