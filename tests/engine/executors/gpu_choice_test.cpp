#include "engine/executors/gpu_choice.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <utility>

namespace tune::engine {
namespace {

/// A tree of switches: two GPUs meet at the first level at which they have the same group.
struct Tree {
  std::vector<std::vector<int>> group;  // by level, then GPU
  [[nodiscard]] int distance(std::size_t one, std::size_t other) const {
    int level = 0;
    for (const auto& groups : group) {
      level += 10;
      if (groups[one] == groups[other]) return level;
    }
    return level + 10;
  }
};

using Cost = std::pair<std::int64_t, std::int64_t>;

Cost cost_of(const std::vector<GpuCandidate>& all, const std::vector<std::size_t>& chosen, const Tree& tree) {
  Cost cost{0, 0};
  for (const std::size_t gpu : chosen) {
    cost.first += std::ranges::find(all, gpu, &GpuCandidate::gpu)->objection;
    for (const std::size_t other : chosen) cost.second += other < gpu ? tree.distance(gpu, other) : 0;
  }
  return cost;
}

TEST_CASE("near GPUs: a nest of two is taken whole, the order of the list decides between equals") {
  const Tree tree{{{1, 2, 2, 1}}};
  const auto near = [&](std::size_t a, std::size_t b) { return tree.distance(a, b); };
  const std::vector<GpuCandidate> all{{0, 0}, {1, 0}, {2, 0}, {3, 0}};
  CHECK(choose_near(all, 2, near) == std::vector<std::size_t>{0, 3});
  CHECK(choose_near({{0, 0}, {1, 0}, {2, 0}}, 2, near) == std::vector<std::size_t>{1, 2});
  CHECK(choose_near(all, 1, near) == std::vector<std::size_t>{0});
  CHECK(choose_near({{0, 2}, {1, 0}, {2, 1}, {3, 0}}, 2, near) == std::vector<std::size_t>{1, 3});  // objections weigh more
  CHECK(choose_near(all, 4, near).size() == 4);
  CHECK(choose_near(all, 5, near).empty());
  CHECK(choose_near(all, 0, near).empty());
}

TEST_CASE("near GPUs: as good as the best of all sets, in machines of switches of equal size") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const int under_switch = 1 << (1 + round % 2);
    Tree tree{{{}, {}}};
    for (int gpu = 0; gpu < 8; ++gpu) {
      tree.group[0].push_back(gpu / under_switch);
      tree.group[1].push_back(gpu / 4);
    }
    std::vector<GpuCandidate> all;
    for (std::size_t gpu = 0; gpu < 8; ++gpu) {
      if (random() % 4 != 0) all.push_back({gpu, 0});
    }
    for (const std::size_t count : {2U, 4U}) {
      if (all.size() < count) continue;
      Cost best{INT64_MAX, INT64_MAX};
      for (unsigned set = 0; set < (1U << all.size()); ++set) {
        std::vector<std::size_t> chosen;
        for (std::size_t i = 0; i < all.size(); ++i) {
          if ((set >> i & 1U) != 0) chosen.push_back(all[i].gpu);
        }
        if (chosen.size() == count) best = std::min(best, cost_of(all, chosen, tree));
      }
      const auto chosen = choose_near(all, count, [&](std::size_t a, std::size_t b) { return tree.distance(a, b); });
      CHECK(chosen.size() == count);
      CHECK(cost_of(all, chosen, tree) == best);
    }
  }
}

}  // namespace
}  // namespace tune::engine
