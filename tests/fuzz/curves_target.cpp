#include "engine/replay/curves.hpp"

#include <fstream>

#include "tests/fuzz/targets.hpp"

namespace tune::fuzz {

void run_curves(std::string_view input) {
  static const std::string kPath = empty_directory() + "/curves.csv";
  std::ofstream(kPath, std::ios::binary) << input;
  const auto curves = engine::read_curves(kPath);
  if (!curves.ok()) return require(!curves.status().message().empty(), "an error has a message");
  require(!curves->curves.empty(), "there are curves where there is no error");
  for (const engine::Curve& curve : curves->curves) {
    require(!curve.points.empty(), "a curve has a point");
    std::int64_t last = 0;
    for (const engine::CurvePoint& point : curve.points) {
      require(point.step > last, "steps grow from 1");
      last = point.step;
    }
    require(last <= curves->max_step, "no step lies beyond the columns");
  }
}

}  // namespace tune::fuzz
