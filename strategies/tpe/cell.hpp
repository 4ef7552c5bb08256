#pragma once

#include <cstddef>

#include "tune/unit_cube.hpp"

namespace tune::strategies {

/// The coordinates of the unit cube that decode to one value.
struct Cell {
  double low = 0.0;
  double high = 1.0;
};

/// The cell of a category, an int or a grid point; for a continuous number a single point. REQUIRES: a value of that parameter.
Cell cell_of(const UnitCube& cube, std::size_t parameter, const Value& value);

}  // namespace tune::strategies
