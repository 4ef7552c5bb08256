#include "strategies/grid_strategy.hpp"

#include <algorithm>
#include <cmath>

#include "tune/unit_cube.hpp"

namespace tune::strategies {
namespace {

/// Product that stays at kMaxGridSize + 1 instead of overflowing.
std::int64_t times(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kTooMany = kMaxGridSize + 1;
  if (a == 0 || b == 0) return 0;
  return a > kTooMany / b ? kTooMany : std::min(a * b, kTooMany);
}

std::vector<Value> spaced_values(const Parameter& parameter, std::int64_t points) {
  const Scale scale = parameter.resolved_scale();
  const double low = to_scale(scale, parameter.min);
  const double high = to_scale(scale, parameter.max);
  std::vector<Value> values;
  for (std::int64_t i = 0; i < points; ++i) {
    const double share = points == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(points - 1);
    double x = from_scale(scale, low * (1.0 - share) + high * share);
    if (points > 1 && i == 0) x = parameter.min;  // the ends exactly, whatever the scale rounds to
    if (points > 1 && i == points - 1) x = parameter.max;
    Value value = parameter.snap(x);
    if (values.empty() || values.back() != value) values.push_back(std::move(value));
  }
  return values;
}

}  // namespace

Result<Grid> Grid::make(const Space& space, std::int64_t points, const std::map<std::string, std::int64_t>& named) {
  const auto allowed = "; allowed: 1 to " + std::to_string(kMaxGridPointsPerParameter);
  const auto out_of_range = [](std::int64_t count) { return count < 1 || count > kMaxGridPointsPerParameter; };
  if (out_of_range(points)) return Status::invalid("grid: points: " + std::to_string(points) + allowed);
  for (const auto& [name, count] : named) {
    const auto index = space.index_of(name);
    if (!index) return Status::invalid("grid: points names '" + name + "', which is no parameter");
    if (!space[*index].is_numeric()) {
      return Status::invalid("grid: points names '" + name + "', which is categorical: all its values are used");
    }
    if (out_of_range(count)) return Status::invalid("grid: points of '" + name + "': " + std::to_string(count) + allowed);
  }
  Grid grid(space);
  for (const Parameter& parameter : space.parameters()) {
    Axis axis;
    const auto own = named.find(parameter.name);
    const std::int64_t all = parameter.cardinality();
    const std::int64_t wanted = own != named.end() ? own->second : points;
    const bool every = all > 0 && (all <= wanted || !parameter.is_numeric() || (parameter.step && own == named.end()));
    if (!every) axis.values = spaced_values(parameter, wanted);
    axis.count = every ? all : static_cast<std::int64_t>(axis.values.size());
    grid.axes_.push_back(std::move(axis));
  }
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (space[i].when) continue;
    grid.groups_.push_back(grid.make_group(i));
    grid.size_ = times(grid.size_, grid.groups_.back().size);
  }
  if (grid.size_ > kMaxGridSize) {
    return Status::invalid("grid: more than " + std::to_string(kMaxGridSize) +
                           " combinations; give fewer points, or use the strategy sobol or random");
  }
  return grid;
}

Grid::Group Grid::make_group(std::size_t parent) const {
  Group group;
  group.parent = parent;
  std::vector<std::size_t> children;
  for (std::size_t i = 0; i < space_.size(); ++i) {
    if (space_[i].when && space_[i].when->parameter == space_[parent].name) children.push_back(i);
  }
  if (children.empty()) {
    group.active.emplace_back();
    group.sizes.push_back(1);
    group.size = axes_[parent].count;
    return group;
  }
  group.size = 0;
  for (const Value& value : space_[parent].values) {
    auto& active = group.active.emplace_back();
    std::int64_t combinations = 1;
    for (const std::size_t child : children) {
      const auto& when = space_[child].when->values;
      if (std::find(when.begin(), when.end(), value) == when.end()) continue;
      active.push_back(child);
      combinations = times(combinations, axes_[child].count);
    }
    group.sizes.push_back(combinations);
    group.size = std::min(group.size + combinations, kMaxGridSize + 1);
  }
  return group;
}

Value Grid::value(std::size_t parameter, std::int64_t index) const {
  const Axis& axis = axes_[parameter];
  if (!axis.values.empty()) return axis.values[static_cast<std::size_t>(index)];
  const Parameter& about = space_[parameter];
  if (!about.is_numeric()) return about.values[static_cast<std::size_t>(index)];
  return about.snap(about.min + grid_width(about) * static_cast<double>(index));
}

void Grid::place(const Group& group, std::int64_t index, Configuration& into) const {
  if (group.active.size() == 1 && group.active.front().empty()) {
    into[group.parent] = value(group.parent, index);
    return;
  }
  std::size_t branch = 0;
  while (index >= group.sizes[branch]) index -= group.sizes[branch++];
  into[group.parent] = value(group.parent, static_cast<std::int64_t>(branch));
  const auto& active = group.active[branch];
  for (std::size_t i = active.size(); i-- > 0;) {
    const std::int64_t count = axes_[active[i]].count;
    into[active[i]] = value(active[i], index % count);
    index /= count;
  }
}

Configuration Grid::at(std::int64_t index) const {
  TUNE_CHECK(index >= 0 && index < size_);
  Configuration configuration(space_.size());
  for (std::size_t i = groups_.size(); i-- > 0;) {
    place(groups_[i], index % groups_[i].size, configuration);
    index /= groups_[i].size;
  }
  return configuration;
}

Asked GridStrategy::ask(const StudyView& study, int count) {
  Asked asked;
  std::int64_t index = 0;
  for (TrialId id = 1; id < study.next_trial(); ++id) {
    const TrialRecord& trial = study.trial(id).record();
    index += trial.imported || trial.initial ? 0 : 1;
  }
  for (; count > 0 && index < grid_.size(); --count) asked.configurations.push_back(grid_.at(index++));
  asked.exhausted = index >= grid_.size();
  return asked;
}

Entry<Strategy> grid_entry() {
  OptionSpec points;
  points.name = "points";
  points.type = OptionType::kIntOrMap;
  points.default_value = OptionValue(kDefaultGridPoints);
  points.min = 1;
  points.max = static_cast<double>(kMaxGridPointsPerParameter);
  points.doc = "values of each numeric parameter without a step, ends included; or a map from a parameter's name to its number";
  return {"grid",
          "every combination, once; then the study is exhausted",
          {std::move(points)},
          [](const Space& space, const Options& options) -> Result<std::unique_ptr<Strategy>> {
            std::int64_t all = kDefaultGridPoints;
            std::map<std::string, std::int64_t> named;
            const OptionValue& given = options.at("points");
            if (const auto* map = std::get_if<std::map<std::string, std::int64_t>>(&given)) {
              named = *map;
            } else {
              all = std::get<std::int64_t>(given);
            }
            auto grid = Grid::make(space, all, named);
            if (!grid.ok()) return grid.status();
            return std::unique_ptr<Strategy>(std::make_unique<GridStrategy>(std::move(grid).value()));
          }};
}

}  // namespace tune::strategies
