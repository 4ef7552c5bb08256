#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tests/trainers/augmentation_images.hpp"
#include "trainers/augment/augment_cpu.hpp"
#include "trainers/loop/batch_maker.hpp"

using namespace tune::trainer;
using namespace tune::test;

TEST_CASE("batches: on a CPU they are augment_cpu's, with the labels of their images") {
  const ImageSet set = random_images(31, 20, 3, 8, 20);
  const AugmentSettings settings = plain_settings(AugmentationType::kCrop, 3, 10, 12);
  const std::vector<std::int64_t> indices = {19, 4, 0};
  const BatchMaker batches(set, settings, at::kCPU, at::kFloat);
  CHECK(batches.size() == 20);
  CHECK_FALSE(batches.resident());
  const at::Tensor images = batches.images(indices, 6, true);
  CHECK(images.sizes() == at::IntArrayRef({3, 3, 10, 12}));
  std::vector<float> wanted(3 * 3 * 10 * 12);
  augment_cpu(set, settings, make_level_values(settings), indices, 6, true, wanted.data());
  CHECK(std::memcmp(images.const_data_ptr(), wanted.data(), wanted.size() * sizeof(float)) == 0);
  CHECK(batches.labels(indices).equal(at::tensor(indices, at::kLong)));

  const at::Tensor half = BatchMaker(set, settings, at::kCPU, at::kHalf).images(indices, 6, true);
  CHECK(half.equal(images.to(at::kHalf)));
}

TEST_CASE("batches: several labels an image are a row of zeros and ones") {
  ImageSet set = random_images(32, 3, 1, 4, 4);
  const std::vector<std::int32_t> labels = {0, 1, 1, 0, 0, 1};
  set.labels_per_image = 2;
  set.labels = labels;
  const BatchMaker batches(set, plain_settings(AugmentationType::kNone, 1, 4, 4), at::kCPU, at::kFloat);
  const std::vector<std::int64_t> indices = {2, 0};
  CHECK(batches.labels(indices).equal(at::tensor({0.0F, 1.0F, 0.0F, 1.0F}).view({2, 2})));
}

TEST_CASE("batches: a GPU makes the same ones, whether the images stay there or not") {
  if (!at::hasCUDA() || at::detail::getCUDAHooks().getNumGPUs() == 0) {
    MESSAGE("no GPU here: not compared");
    return;
  }
  for (const std::int64_t from : {1, 3}) {
    const ImageSet set = random_images(33, 50, from, 8, 40);
    for (const AugmentationType type : kAugmentationTypes) {
      AugmentSettings settings = plain_settings(type, 3, 24, 20);
      settings.deviation[1] = 61;
      settings.mean[2] = 100;
      for (const double share : {0.0, BatchMaker::kResidentShare}) {
        for (const at::ScalarType value : {at::kFloat, at::kHalf, at::kBFloat16}) {
          CAPTURE(from);
          CAPTURE(static_cast<int>(type));
          CAPTURE(share);
          const BatchMaker here(set, settings, at::kCPU, value);
          const BatchMaker there(set, settings, at::Device(at::kCUDA, 0), value, share);
          for (const std::vector<std::int64_t>& indices : {all_of(set), std::vector<std::int64_t>{49, 7}}) {
            const at::Tensor images = there.images(indices, 2, true);
            CHECK(images.is_contiguous(at::MemoryFormat::ChannelsLast));
            CHECK(images.cpu().equal(here.images(indices, 2, true)));
            CHECK(there.labels(indices).cpu().equal(here.labels(indices)));
            CHECK(there.images(indices, 2, false).cpu().equal(here.images(indices, 2, false)));
          }
        }
      }
    }
  }
}
