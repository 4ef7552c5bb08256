#include "trainers/data/generated.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "trainers/support/random.hpp"

namespace tune::trainer {
namespace {

constexpr std::uint64_t kDataSeed = 1;
constexpr int kSide = 28;        // pixels
constexpr int kStrokes = 4;      // of a class
constexpr double kNoise = 38;    // grey levels, standard deviation
constexpr double kGhost = 0.55;  // strength of the other class at most, of the own one's

using Picture = std::array<double, kSide * kSide>;

/// A line from one point to another with a soft edge; places and width in pixels from the middle.
struct Stroke {
  double x0, y0, x1, y1, width;
};

using Prototype = std::array<Stroke, kStrokes>;

Prototype prototype(std::uint64_t label) {
  KeyedRandom random(kDataSeed, Purpose::kPrototypes, label);
  Prototype strokes{};
  for (Stroke& stroke : strokes) {
    stroke = {random.uniform(-9, 9), random.uniform(-9, 9), random.uniform(-9, 9), random.uniform(-9, 9),
              random.uniform(0.8, 1.8)};
  }
  return strokes;
}

double distance_to(const Stroke& stroke, double x, double y) {
  const double dx = stroke.x1 - stroke.x0;
  const double dy = stroke.y1 - stroke.y0;
  const double along = ((x - stroke.x0) * dx + (y - stroke.y0) * dy) / std::max(dx * dx + dy * dy, 1e-9);
  const double nearest = std::clamp(along, 0.0, 1.0);
  return std::hypot(x - stroke.x0 - nearest * dx, y - stroke.y0 - nearest * dy);
}

/// Adds the prototype, moved as one and each stroke's ends a little by themselves.
void draw(Picture& picture, const Prototype& strokes, double strength, KeyedRandom& random) {
  const double turn = random.uniform(-0.25, 0.25);
  const double scale = random.uniform(0.85, 1.15);
  const double shift_x = random.uniform(-2.5, 2.5);
  const double shift_y = random.uniform(-2.5, 2.5);
  const double cosine = std::cos(turn) * scale;
  const double sine = std::sin(turn) * scale;
  const auto moved = [&](double& x, double& y) {
    const double from_x = x + random.normal();
    const double from_y = y + random.normal();
    x = cosine * from_x - sine * from_y + shift_x;
    y = sine * from_x + cosine * from_y + shift_y;
  };
  for (Stroke stroke : strokes) {
    moved(stroke.x0, stroke.y0);
    moved(stroke.x1, stroke.y1);
    for (int row = 0; row < kSide; ++row) {
      for (int column = 0; column < kSide; ++column) {
        const double far = distance_to(stroke, column - (kSide - 1) / 2.0, row - (kSide - 1) / 2.0) / stroke.width;
        if (far < 3) picture[static_cast<std::size_t>(row * kSide + column)] += strength * std::exp(-0.5 * far * far);
      }
    }
  }
}

ImageSet generate_set(std::int64_t count, Purpose purpose) {
  std::array<Prototype, kGeneratedClasses> prototypes{};
  for (std::size_t label = 0; label < prototypes.size(); ++label) prototypes[label] = prototype(label);
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  pixels.reserve(static_cast<std::size_t>(count) * kSide * kSide);
  for (std::int64_t i = 0; i < count; ++i) {
    KeyedRandom random(kDataSeed, purpose, static_cast<std::uint64_t>(i));
    const std::uint64_t label = random.below(kGeneratedClasses);
    const std::uint64_t other = (label + 1 + random.below(kGeneratedClasses - 1)) % kGeneratedClasses;
    Picture picture{};
    const double strength = random.uniform(90, 190);
    draw(picture, prototypes[label], strength, random);
    draw(picture, prototypes[other], strength * random.uniform(0.2, kGhost), random);
    for (const double level : picture) {
      pixels.push_back(static_cast<std::uint8_t>(std::clamp(level + kNoise * random.normal() + 20, 0.0, 255.0)));
    }
    labels.push_back(static_cast<std::int32_t>(label));
  }
  return own_images({.channels = 1, .height = kSide, .width = kSide}, std::move(pixels), std::move(labels));
}

}  // namespace

ImageSet generate_training_images(std::int64_t count) { return generate_set(count, Purpose::kTrainImages); }

ImageSet generate_validation_images() { return generate_set(kGeneratedValidation, Purpose::kValidationImages); }

ImageData generate_images(std::int64_t training_images) {
  return {.train = generate_training_images(training_images),
          .validation = generate_validation_images(),
          .shape = {.channels = 1, .height = kSide, .width = kSide},
          .num_classes = kGeneratedClasses};
}

}  // namespace tune::trainer
