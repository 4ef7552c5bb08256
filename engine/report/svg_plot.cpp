#include "engine/report/svg_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "engine/report/format.hpp"

namespace tune::engine {

namespace {

// Pixels.
constexpr double kWidth = 840.0;
constexpr double kHeight = 500.0;
constexpr double kLeft = 84.0;
constexpr double kRight = 24.0;
constexpr double kTop = 46.0;
constexpr double kBottom = 62.0;
constexpr double kLineHeight = 18.0;
constexpr double kLetter = 7.2;     // a letter's width, about
constexpr double kDot = 4.5;        // radius
constexpr double kMargin = 0.05;    // of the range, free on each side
constexpr int kTicks = 6;           // about so many on an axis
constexpr double kLargest = 1e300;  // whose ranges are numbers, too

/// Okabe and Ito's colours, which the colour-blind can tell apart.
constexpr std::array<std::string_view, 8> kColors{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#000000", "#8a6d00"};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

bool finite(const PlotPoint& point) { return std::abs(point.x) < kLargest && std::abs(point.y) < kLargest; }

/// 1, 2 or 5 times a power of ten.
double nice_step(double range) {
  const double raw = range / kTicks;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10.0 * power;
}

/// One axis: from the data's range, a little wider, to pixels.
class Axis {
 public:
  Axis(double low, double high, double from, double to, bool from_zero) : from_(from), to_(to) {
    if (!(low <= high)) low = 0.0, high = 1.0;
    if (low == high) {
      const double around = low == 0.0 ? 1.0 : 0.1 * std::abs(low);
      low -= around;
      high += around;
    }
    const double free = kMargin * (high - low);
    low_ = from_zero && low >= 0.0 ? 0.0 : low - free;
    high_ = high + free;
  }
  [[nodiscard]] double pixel(double value) const { return from_ + (value - low_) / (high_ - low_) * (to_ - from_); }
  [[nodiscard]] std::vector<double> ticks() const {
    const double step = nice_step(high_ - low_);
    std::vector<double> all;
    const double first = std::ceil(low_ / step);
    // Where neighbouring doubles are further apart than the steps, all of these are one.
    for (int i = 0; i < 3 * kTicks && (first + i) * step <= high_; ++i) {
      const double tick = first + i == 0.0 ? 0.0 : (first + i) * step;
      if (all.empty() || tick > all.back()) all.push_back(tick);
    }
    return all;
  }

 private:
  double from_;
  double to_;
  double low_ = 0.0;
  double high_ = 1.0;
};

std::string pixels(double number) { return shortened(std::round(number * 100.0) / 100.0, 6); }

struct Style {
  std::string_view anchor = "start";
  std::string_view more = "";
};
std::string text_at(double x, double y, const std::string& text, Style style = {}) {
  return "<text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" text-anchor=\"" + std::string(style.anchor) + "\"" +
         std::string(style.more) + ">" + escaped(text) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
  return "<line x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) + "\" x2=\"" + pixels(x2) + "\" y2=\"" + pixels(y2) + "\" " +
         std::string(style) + "/>\n";
}

std::string_view color_of(const PlotSeries& series) {
  return kColors[static_cast<std::size_t>(std::max(0, series.color)) % kColors.size()];
}

/// A rectangle that a label takes.
struct Box {
  double left;
  double top;
  double right;
  double bottom;
  [[nodiscard]] bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

class Drawing {
 public:
  explicit Drawing(const Plot& plot)
      : plot_(plot), x_(range(plot, &PlotPoint::x, kLeft, kWidth - kRight, true)), y_(y_axis(plot)) {}

  std::string document() {
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + pixels(kWidth) + "\" height=\"" + pixels(kHeight) +
           "\" viewBox=\"0 0 " + pixels(kWidth) + " " + pixels(kHeight) +
           "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222222\">\n"
           "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
    axes();
    for (const bool faint : {true, false}) {
      for (const PlotSeries& series : plot_.series) {
        if (series.kind == PlotSeries::Kind::kSteps && series.faint == faint) steps(series);
      }
    }
    dots();
    legend();
    return out_ + "</svg>\n";
  }

 private:
  static Axis range(const Plot& plot, double PlotPoint::*part, double from, double to, bool from_zero) {
    double low = HUGE_VAL;
    double high = -HUGE_VAL;
    for (const PlotSeries& series : plot.series) {
      for (const PlotPoint& point : series.points) {
        if (!finite(point)) continue;
        low = std::min(low, point.*part);
        high = std::max(high, point.*part);
      }
    }
    return {low, high, from, to, from_zero};
  }
  /// The legend stands above the curves.
  static Axis y_axis(const Plot& plot) {
    return range(plot, &PlotPoint::y, kHeight - kBottom, kTop + legend_height(plot), false);
  }
  static double legend_height(const Plot& plot) {
    const bool any = std::ranges::any_of(plot.series, [](const PlotSeries& one) { return in_legend(one); });
    return any ? kLineHeight + 6.0 : 0.0;
  }
  static bool in_legend(const PlotSeries& series) { return series.kind == PlotSeries::Kind::kSteps && !series.name.empty(); }

  void axes() {
    const double bottom = kHeight - kBottom;
    const double right = kWidth - kRight;
    const double top = kTop + legend_height(plot_);
    for (const double tick : x_.ticks()) {
      out_ += line(x_.pixel(tick), top, x_.pixel(tick), bottom, "stroke=\"#e4e4e4\"");
      out_ += text_at(x_.pixel(tick), bottom + kLineHeight, shortened(tick), {"middle", ""});
    }
    for (const double tick : y_.ticks()) {
      out_ += line(kLeft, y_.pixel(tick), right, y_.pixel(tick), "stroke=\"#e4e4e4\"");
      out_ += text_at(kLeft - 8.0, y_.pixel(tick) + 4.5, shortened(tick), {"end", ""});
    }
    out_ += line(kLeft, bottom, right, bottom, "stroke=\"#444444\"");
    out_ += line(kLeft, top, kLeft, bottom, "stroke=\"#444444\"");
    out_ += text_at(kWidth / 2.0, 24.0, plot_.title, {"middle", " font-size=\"16\" font-weight=\"bold\""});
    out_ += text_at((kLeft + right) / 2.0, kHeight - 16.0, plot_.x_label, {"middle", ""});
    const double middle = (top + bottom) / 2.0;
    const std::string turned = " transform=\"rotate(-90 20 " + pixels(middle) + ")\"";
    out_ += text_at(20.0, middle, plot_.y_label, {"middle", turned});
  }

  void steps(const PlotSeries& series) {
    std::string path;
    for (const PlotPoint& point : series.points) {
      if (!finite(point)) continue;
      const std::string x = pixels(x_.pixel(point.x));
      const std::string y = pixels(y_.pixel(point.y));
      path += path.empty() ? "M" + x + " " + y : " H" + x + " V" + y;
    }
    if (path.empty()) return;
    out_ += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + std::string(color_of(series)) + "\" stroke-width=\"" +
            (series.faint ? "1\" stroke-opacity=\"0.35" : "2.5") + "\" stroke-linejoin=\"round\"/>\n";
  }

  /// Dots first, so that labels know where not to stand.
  void dots() {
    std::vector<Box> taken;
    for (const PlotSeries& series : plot_.series) {
      if (series.kind != PlotSeries::Kind::kPoints) continue;
      for (const PlotPoint& point : series.points) {
        if (!finite(point)) continue;
        const double x = x_.pixel(point.x);
        const double y = y_.pixel(point.y);
        taken.push_back({x - kDot, y - kDot, x + kDot, y + kDot});
        out_ += "<circle cx=\"" + pixels(x) + "\" cy=\"" + pixels(y) + "\" r=\"" + pixels(kDot) + "\" fill=\"" +
                std::string(color_of(series)) + "\"/>\n";
      }
    }
    for (const PlotSeries& series : plot_.series) {
      if (series.kind == PlotSeries::Kind::kPoints) label(series, taken);
    }
  }

  /// Beside the first point, right or left, as near to its height as there is room.
  void label(const PlotSeries& series, std::vector<Box>& taken) {
    const auto first = std::ranges::find_if(series.points, finite);
    if (series.name.empty() || first == series.points.end()) return;
    const double x = x_.pixel(first->x);
    const double y = y_.pixel(first->y);
    const double width = kLetter * static_cast<double>(display_width(series.name));
    const auto box_at = [&](double shift, bool right) {
      const double left = right ? x + kDot + 3.0 : x - kDot - 3.0 - width;
      return Box{left, y + shift - 7.0, left + width, y + shift + 7.0};
    };
    std::optional<Box> place;
    for (int i = 0; i < 40 && !place; ++i) {
      const double shift = (i % 2 == 0 ? 1.0 : -1.0) * 4.0 * static_cast<double>((i + 1) / 2);
      for (const bool right : {true, false}) {
        const Box box = box_at(shift, right);
        const bool inside = box.left >= kLeft && box.right <= kWidth && box.top >= kTop - 8.0 && box.bottom <= kHeight - kBottom;
        if (place || !inside || std::ranges::any_of(taken, [&](const Box& one) { return one.meets(box); })) continue;
        place = box;
      }
    }
    if (!place) place = box_at(0.0, true);
    taken.push_back(*place);
    const bool right = place->left > x;
    out_ += text_at(right ? place->left : place->right, place->bottom - 2.5, series.name, {right ? "start" : "end", ""});
  }

  void legend() {
    double x = kLeft;
    const double y = kTop + 4.0;
    for (const PlotSeries& series : plot_.series) {
      if (!in_legend(series)) continue;
      const std::string style = "stroke=\"" + std::string(color_of(series)) + "\" stroke-width=\"2.5\"";
      out_ += line(x, y, x + 22.0, y, style);
      out_ += text_at(x + 28.0, y + 4.5, series.name);
      x += 28.0 + kLetter * static_cast<double>(display_width(series.name)) + 22.0;
    }
  }

  const Plot& plot_;
  Axis x_;
  Axis y_;
  std::string out_;
};

}  // namespace

std::string svg_plot(const Plot& plot) { return Drawing(plot).document(); }

}  // namespace tune::engine
