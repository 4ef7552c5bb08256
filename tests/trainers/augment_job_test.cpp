#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/trainers/augmentation_images.hpp"
#include "trainers/augment/augment_cpu.hpp"
#include "trainers/augment/augment_job.hpp"
#include "trainers/augment/staged_batch.hpp"

using namespace tune::trainer;
using namespace tune::test;

namespace {

/// What the kernel does, one thread after the other.
template <class Value>
void run_on_host(const AugmentJob& job) {
  for (std::int64_t image = 0; image < job.count; ++image) {
    const ImagePlan plan = plan_of(job, image);
    for (std::int32_t pixel = 0; pixel < job.settings.height * job.settings.width; ++pixel) {
      make_pixel<Value>(job, plan, image, pixel);
    }
  }
}

AugmentJob job_for(const ImageSet& set, const AugmentSettings& settings, const std::vector<std::int64_t>& indices) {
  AugmentJob job;
  job.settings = settings;
  job.pixels = set.pixels.data();
  job.places = set.places.data();
  job.rows = job.samples = indices.data();
  job.channels = static_cast<std::int32_t>(set.channels);
  job.count = static_cast<std::int64_t>(indices.size());
  job.epoch = 3;
  job.training = true;
  return job;
}

}  // namespace

TEST_CASE("augmentation: the kernel's work, done on the host, is the CPU's batch, in every layout and width of values") {
  for (const std::int64_t from : {1, 3}) {
    for (const std::int32_t to : {1, 3}) {
      for (const AugmentationType type : kAugmentationTypes) {
        CAPTURE(from);
        CAPTURE(to);
        CAPTURE(static_cast<int>(type));
        const ImageSet set = random_images(21, 12, from, 5, 25);
        AugmentSettings settings = plain_settings(type, to, 11, 14);
        settings.pad = 2;
        const std::vector<std::int64_t> indices = {7, 0, 11, 7};
        const std::size_t values = indices.size() * static_cast<std::size_t>(to * 11 * 14);
        const LevelValues table = make_level_values(settings);
        std::vector<float> wanted(values);
        augment_cpu(set, settings, table, indices, 3, true, wanted.data());

        AugmentJob job = job_for(set, settings, indices);
        std::vector<float> floats(values, -1);
        job.values = &table;
        job.batch = floats.data();
        run_on_host<float>(job);
        CHECK(floats == wanted);

        // 16 bits a value: here the level itself, which is what plain_settings makes values of.
        std::vector<std::uint16_t> table_16;
        for (int i = 0; i < 3 * kLevels; ++i) table_16.push_back(static_cast<std::uint16_t>(i % kLevels));
        std::vector<std::uint16_t> shorts(values, 999);
        job.values = table_16.data();
        job.value_bytes = 2;
        job.channels_last = true;
        job.batch = shorts.data();
        run_on_host<std::uint16_t>(job);
        std::int64_t wrong = 0;
        for (std::size_t image = 0; image < indices.size(); ++image) {
          for (std::size_t pixel = 0; pixel < 11 * 14; ++pixel) {
            for (std::size_t channel = 0; channel < static_cast<std::size_t>(to); ++channel) {
              const auto channels = static_cast<std::size_t>(to);
              const float level = wanted[(image * channels + channel) * 11 * 14 + pixel];
              wrong += static_cast<float>(shorts[(image * 11 * 14 + pixel) * channels + channel]) != level;
            }
          }
        }
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("augmentation: a staged batch has the bytes of its images, and gives the same numbers") {
  const ImageSet set = random_images(22, 30, 3, 1, 20);
  const AugmentSettings settings = plain_settings(AugmentationType::kCropColorTransform, 3, 8, 8);
  const std::vector<std::int64_t> indices = {29, 3, 3, 0, 17};
  std::vector<float> wanted(indices.size() * 3 * 8 * 8);
  const LevelValues table = make_level_values(settings);
  augment_cpu(set, settings, table, indices, 3, true, wanted.data());

  const StagedBatch staged = plan_staging(set, indices);
  CHECK(staged.places_at >= indices.size() * sizeof(std::int64_t));
  CHECK(staged.places_at % 16 == 0);
  std::vector<std::uint8_t> buffer(staged.bytes, 0xEE);
  const RangeRunner backwards = [](std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& work) {
    for (std::int64_t i = count; i > 0; --i) work(i - 1, i);
  };
  stage(set, indices, staged, buffer.data(), backwards);
  AugmentJob job = job_for(set, settings, indices);
  job.rows = nullptr;
  job.samples = reinterpret_cast<const std::int64_t*>(buffer.data());
  job.places = reinterpret_cast<const ImagePlace*>(buffer.data() + staged.places_at);
  job.pixels = buffer.data() + staged.pixels_at;
  std::vector<float> floats(wanted.size(), -1);
  job.values = &table;
  job.batch = floats.data();
  run_on_host<float>(job);
  CHECK(floats == wanted);

  std::size_t bytes = staged.pixels_at;
  for (const std::int64_t index : indices) {
    const ImagePlace& place = set.places[static_cast<std::size_t>(index)];
    bytes += static_cast<std::size_t>(place.height * place.width * 3);
  }
  CHECK(staged.bytes == bytes);
}
