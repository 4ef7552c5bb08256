#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/trainers/augmentation_images.hpp"
#include "tests/trainers/augmentation_reference.hpp"
#include "trainers/augment/augment_cpu.hpp"
#include "trainers/augment/image_plan.hpp"
#include "trainers/augment/pixel.hpp"
#include "trainers/augment/statistics.hpp"

using namespace tune::trainer;
using namespace tune::test;

namespace {

std::vector<float> augmented(const ImageSet& set, const AugmentSettings& settings, const std::vector<std::int64_t>& indices,
                             std::int64_t epoch, bool training, const RangeRunner& parallel = {}) {
  const auto pixels = static_cast<std::size_t>(settings.channels * settings.height * settings.width);
  std::vector<float> batch(indices.size() * pixels, -1.0F);
  augment_cpu(set, settings, make_level_values(settings), indices, epoch, training, batch.data(), parallel);
  return batch;
}

/// What a level becomes after the colours, by the slow functions.
Levels reference_colours(const AugmentSettings& settings, const ReferenceDraws& draws, bool change, std::int64_t channels,
                         const Levels& from) {
  const auto [red, green, blue] = std::tie(from.of[0], from.of[1], from.of[2]);
  const auto added = [](int number, int by, int most) { return std::clamp(number + by, 0, most); };
  if (settings.channels == 1) {
    int grey = channels == 3 ? static_cast<int>(std::floor((299.0 * red + 587.0 * green + 114.0 * blue) / 1000 + 0.5)) : red;
    if (change) grey = added(grey, draws.lightness, 255);
    return {{grey, grey, grey}};
  }
  if (!change) return from;
  const std::vector<int> hls = reference_hls(red, green, blue);
  const std::vector<double> rgb =
      reference_rgb(added(hls[0], draws.hue, 180), added(hls[1], draws.lightness, 255), added(hls[2], draws.saturation, 255));
  Levels to;
  for (std::size_t k = 0; k < 3; ++k) to.of[k] = static_cast<int>(std::floor(rgb[k] + 0.5 + 1e-9));
  return to;
}

/// Every pixel of every image against the reference, in two steps: where it comes from, then what becomes of its colour.
void compare_with_reference(const ImageSet& set, const AugmentSettings& settings, std::int64_t epoch, bool training) {
  const std::vector<float> batch = augmented(set, settings, all_of(set), epoch, training);
  const auto channels = static_cast<std::int32_t>(set.channels);
  const std::size_t plane = static_cast<std::size_t>(settings.height) * static_cast<std::size_t>(settings.width);
  std::int64_t wrong_places = 0;
  std::int64_t wrong_colours = 0;
  for (std::int64_t index = 0; index < set.size(); ++index) {
    const ReferenceGeometry geometry(set, index, settings, epoch, training);
    ImagePlan colourless = make_plan(settings, set.places[static_cast<std::size_t>(index)], epoch, index, training);
    const bool change = training && settings.type >= AugmentationType::kCropColor;
    CHECK((colourless.colours_change != 0) == change);
    colourless.colours_change = 0;
    AugmentSettings as_they_are = settings;
    as_they_are.channels = channels;
    for (std::int32_t y = 0; y < settings.height; ++y) {
      for (std::int32_t x = 0; x < settings.width; ++x) {
        const Levels levels = pixel_levels(as_they_are, colourless, set.pixels.data() + colourless.offset, channels, x, y);
        const ReferencePixel pixel = geometry.at(x, y);
        for (int k = 0; k < channels && !pixel.near_an_edge; ++k) {
          wrong_places += std::abs(levels.of[k] - pixel.level[k]) > 0.75;  // half a level, and what 11-bit weights cost
        }
        const Levels wanted =
            reference_colours(settings, reference_draws(settings.seed, epoch, index), change, set.channels, levels);
        for (std::size_t k = 0; k < static_cast<std::size_t>(settings.channels); ++k) {
          const std::size_t at = (static_cast<std::size_t>(index) * static_cast<std::size_t>(settings.channels) + k) * plane +
                                 static_cast<std::size_t>(y * settings.width + x);
          wrong_colours += batch[at] != static_cast<float>(wanted.of[k]);
        }
      }
    }
  }
  CHECK(wrong_places == 0);
  CHECK(wrong_colours == 0);
}

std::uint64_t hash_of(const std::vector<float>& values) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const float value : values) hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001B3ULL;
  return hash;
}

}  // namespace

TEST_CASE("augmentation: every type is what a naive reference makes, for images of one size and of many") {
  for (const AugmentationType type : kAugmentationTypes) {
    for (const std::int64_t from : {1, 3}) {
      for (const std::int32_t to : {1, 3}) {
        CAPTURE(static_cast<int>(type));
        CAPTURE(from);
        CAPTURE(to);
        const ImageSet ragged = random_images(1, 25, from, 1, 40);
        const ImageSet even = random_images(2, 6, from, 20, 20);
        for (const bool training : {true, false}) {
          compare_with_reference(ragged, plain_settings(type, to, 16, 16), 3, training);
          compare_with_reference(ragged, plain_settings(type, to, 9, 23), 4, training);
          compare_with_reference(even, plain_settings(type, to, 20, 20), 0, training);
          compare_with_reference(even, plain_settings(type, to, 13, 17), 1, training);
          AugmentSettings padded = plain_settings(type, to, 20, 20);
          padded.pad = 4;
          padded.fill = 200;
          compare_with_reference(even, padded, 2, training);
          compare_with_reference(ragged, padded, 2, training);
          AugmentSettings resized = plain_settings(type, to, 16, 16);
          resized.resize = 18;
          compare_with_reference(ragged, resized, 5, training);
          resized.resize = 7;  // and enlarged again
          compare_with_reference(ragged, resized, 5, training);
        }
      }
    }
  }
}

TEST_CASE("augmentation: without it the batch is the images' own pixels, normalised") {
  const ImageSet set = random_images(3, 5, 3, 8, 8);
  AugmentSettings settings = plain_settings(AugmentationType::kNone, 3, 8, 8);
  for (int k = 0; k < 3; ++k) {
    settings.mean[k] = static_cast<float>(100 + k);
    settings.deviation[k] = static_cast<float>(50 + k);
  }
  const std::vector<float> batch = augmented(set, settings, {4, 0}, 0, true);
  std::size_t at = 0;
  for (const std::size_t index : {std::size_t{4}, std::size_t{0}}) {
    for (std::size_t k = 0; k < 3; ++k) {
      for (std::size_t pixel = 0; pixel < 64; ++pixel, ++at) {
        const auto level = static_cast<float>(set.pixels[(index * 64 + pixel) * 3 + k]);
        CHECK(batch[at] == (level - settings.mean[k]) / settings.deviation[k]);
      }
    }
  }
}

TEST_CASE("augmentation: colours go to hue, lightness and saturation and back as the textbook says") {
  std::int64_t wrong = 0;
  for (int red = 0; red < 256; red += 3) {
    for (int green = 0; green < 256; green += 5) {
      for (int blue = 0; blue < 256; ++blue) {
        const std::vector<int> wanted = reference_hls(red, green, blue);
        const Hls hls = hls_of({{red, green, blue}});
        wrong += hls.hue != wanted[0] || hls.lightness != wanted[1] || hls.saturation != wanted[2];
      }
    }
  }
  CHECK(wrong == 0);
  for (int hue = 0; hue <= 180; hue += 3) {
    for (int lightness = 0; lightness < 256; ++lightness) {
      for (int saturation = 0; saturation < 256; saturation += 5) {
        const std::vector<double> wanted = reference_rgb(hue, lightness, saturation);
        const Levels levels = levels_of({hue, lightness, saturation});
        for (std::size_t k = 0; k < 3; ++k) wrong += !is_rounded(levels.of[k], wanted[k]);
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("augmentation: the random numbers lie where they should, and are spread as they should be") {
  constexpr std::int64_t kDraws = 40'000;
  double mirrored = 0;
  double shears = 0;
  double aspects = 0;
  double hues = 0;
  double hue_squares = 0;
  double saturations = 0;
  double lightnesses = 0;
  std::vector<int> angles(21);
  std::vector<int> rows(9);
  std::vector<int> columns(9);
  std::int64_t outside = 0;
  AugmentSettings settings = plain_settings(AugmentationType::kCrop, 1, 20, 20);
  const ImagePlace place{.offset = 0, .height = 28, .width = 28};
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const ImageDraws draws = draw_image(7, i % 20, i / 20);
    mirrored += draws.mirror;
    shears += draws.shear;
    aspects += draws.aspect;
    hues += draws.hue;
    hue_squares += draws.hue * draws.hue;
    saturations += draws.saturation;
    lightnesses += draws.lightness;
    outside += std::abs(draws.hue) > 36 || std::abs(draws.saturation) > 50 || std::abs(draws.lightness) > 50 ||
               std::abs(draws.shear) > 0.1 || std::abs(draws.aspect - 1) > 0.25 || std::abs(draws.angle) > 10;
    ++angles[static_cast<std::size_t>(draws.angle + 10)];
    const ImagePlan plan = make_plan(settings, place, i % 20, i / 20, true);
    ++rows[static_cast<std::size_t>(plan.y_start >> kFixedBits)];
    ++columns[static_cast<std::size_t>((plan.x_by_x > 0 ? plan.x_start : plan.x_start + 19 * plan.x_by_x) >> kFixedBits)];
  }
  CHECK(outside == 0);
  // Means within five standard errors. (u1 + 4 u2) / 5 has the variance 17 / 300.
  const double root = std::sqrt(static_cast<double>(kDraws));
  const double spread = std::sqrt(17.0 / 300);
  CHECK(std::abs(mirrored / kDraws - 0.5) < 5 * 0.5 / root);
  CHECK(std::abs(shears / kDraws) < 5 * 0.2 / std::sqrt(12.0) / root);
  CHECK(std::abs(aspects / kDraws - 1) < 5 * 0.5 / std::sqrt(12.0) / root);
  CHECK(std::abs(hues / kDraws) < 5 * 72 * spread / root);
  CHECK(std::abs(saturations / kDraws) < 5 * 100 * spread / root);
  CHECK(std::abs(lightnesses / kDraws) < 5 * 100 * spread / root);
  CHECK(std::sqrt(hue_squares / kDraws) == doctest::Approx(72 * spread).epsilon(0.05));
  for (const int count : angles) CHECK(std::abs(count - kDraws / 21.0) < 5 * std::sqrt(kDraws / 21.0));
  for (const int count : rows) CHECK(std::abs(count - kDraws / 9.0) < 5 * std::sqrt(kDraws / 9.0));
  for (const int count : columns) CHECK(std::abs(count - kDraws / 9.0) < 5 * std::sqrt(kDraws / 9.0));
}

TEST_CASE("augmentation: an image depends on seed, epoch and index, not on the batch or the threads") {
  const ImageSet set = random_images(5, 40, 3, 10, 30);
  for (const AugmentationType type : kAugmentationTypes) {
    CAPTURE(static_cast<int>(type));
    const AugmentSettings settings = plain_settings(type, 3, 16, 16);
    constexpr std::size_t kPixels = 3 * 16 * 16;
    const std::vector<float> whole = augmented(set, settings, all_of(set), 2, true);
    for (const std::int64_t index : {0, 17, 39}) {
      const std::vector<float> alone = augmented(set, settings, {index}, 2, true);
      CHECK(std::equal(alone.begin(), alone.end(), whole.begin() + static_cast<std::ptrdiff_t>(kPixels) * index));
    }
    const RangeRunner in_threads = [](std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& work) {
      std::vector<std::thread> threads;
      for (std::int64_t first = 0; first < count; first += 7) {
        threads.emplace_back([&work, first, count] { work(first, std::min<std::int64_t>(first + 7, count)); });
      }
      for (std::thread& thread : threads) thread.join();
    };
    CHECK(augmented(set, settings, all_of(set), 2, true, in_threads) == whole);
    CHECK((augmented(set, settings, all_of(set), 3, true) == whole) == (type == AugmentationType::kNone));
    AugmentSettings other = settings;
    other.seed = 12;
    CHECK((augmented(set, other, all_of(set), 2, true) == whole) == (type == AugmentationType::kNone));
  }
}

TEST_CASE("augmentation: in validation nothing is random, and every type sees the same") {
  const ImageSet set = random_images(6, 30, 3, 10, 30);
  AugmentSettings none = plain_settings(AugmentationType::kNone, 3, 16, 16);
  const std::vector<float> wanted = augmented(set, none, all_of(set), 0, false);
  CHECK(augmented(set, none, all_of(set), 5, true) == wanted);
  for (const AugmentationType type : kAugmentationTypes) {
    AugmentSettings settings = plain_settings(type, 3, 16, 16);
    settings.pad = 3;
    settings.seed = 99;
    CHECK(augmented(set, settings, all_of(set), 8, false) == wanted);
  }
}

TEST_CASE("augmentation: the numbers it gives are never changed") {
  const ImageSet set = random_images(8, 20, 3, 10, 30);
  AugmentSettings settings = plain_settings(AugmentationType::kNone, 3, 16, 16);
  const std::uint64_t golden[] = {3690295357354267429U, 8740661833715340069U, 17410577185040028453U, 5746212540549944101U};
  for (const AugmentationType type : kAugmentationTypes) {
    CAPTURE(static_cast<int>(type));
    settings.type = type;
    settings.pad = 2;
    CHECK(hash_of(augmented(set, settings, all_of(set), 1, true)) == golden[static_cast<std::size_t>(type)]);
  }
}

TEST_CASE("augmentation: mean and deviation are those of the pixels") {
  for (const std::int64_t from : {1, 3}) {
    CAPTURE(from);
    const ImageSet set = random_images(9, 10, from, 5, 20);
    AugmentSettings settings;
    normalise_by(set, settings);
    for (std::size_t k = 0; k < 3; ++k) {
      double sum = 0;
      double squares = 0;
      double count = 0;
      for (std::size_t i = from == 1 ? 0 : k; i < set.pixels.size(); i += static_cast<std::size_t>(from), ++count) {
        sum += set.pixels[i];
        squares += set.pixels[i] * set.pixels[i];
      }
      CHECK(settings.mean[k] == doctest::Approx(sum / count).epsilon(1e-6));
      CHECK(settings.deviation[k] == doctest::Approx(std::sqrt(squares / count - sum / count * sum / count)).epsilon(1e-6));
    }
  }
  const ImageSet one_colour =
      own_images({.channels = 3, .height = 2, .width = 1}, std::vector<std::uint8_t>{100, 200, 50, 100, 200, 50}, {0});
  AugmentSettings settings;
  settings.channels = 1;
  normalise_by(one_colour, settings);
  CHECK(settings.mean[0] == doctest::Approx(29.9 + 117.4 + 5.7));
  CHECK(settings.deviation[0] == 1);
}

TEST_CASE("augmentation: SageMaker's names") {
  CHECK(parse_augmentation_type("none") == AugmentationType::kNone);
  CHECK(parse_augmentation_type("crop") == AugmentationType::kCrop);
  CHECK(parse_augmentation_type("crop_color") == AugmentationType::kCropColor);
  CHECK(parse_augmentation_type("crop_color_transform") == AugmentationType::kCropColorTransform);
  CHECK_FALSE(parse_augmentation_type("flip").has_value());
}
