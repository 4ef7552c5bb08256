#include "strategies/tpe/cell.hpp"

namespace tune::strategies {

Cell cell_of(const UnitCube& cube, std::size_t parameter, const Value& value) {
  const Parameter& about = cube.space()[parameter];
  if (!about.is_numeric()) {
    const auto index = static_cast<double>(cube.category(parameter, value));
    const auto count = static_cast<double>(about.values.size());
    return {index / count, (index + 1.0) / count};
  }
  const double width = grid_width(about);
  if (!(width > 0.0)) {
    const double u = cube.encode(parameter, value);
    return {u, u};
  }
  const double number = as_number(value);
  const double last = about.min + width * static_cast<double>(about.cardinality() - 1);
  Cell cell;
  if (number > about.min + width / 2.0) cell.low = cube.encode(parameter, Value(number - width / 2.0));
  if (number < last - width / 2.0) cell.high = cube.encode(parameter, Value(number + width / 2.0));
  return cell;
}

}  // namespace tune::strategies
