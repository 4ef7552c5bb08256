#include "trainers/data/image_shape.hpp"

#include <doctest/doctest.h>

#include <string>

#include "trainers/data/image_set.hpp"
#include "trainers/options/hyperparameters.hpp"

using namespace tune::trainer;

TEST_CASE("image_shape is read as SageMaker writes it") {
  CHECK(parse_image_shape("3,224,200") == ImageShape{.channels = 3, .height = 224, .width = 200});
  CHECK(parse_image_shape(" 1, 28 ,28 ") == ImageShape{.channels = 1, .height = 28, .width = 28});
  for (const std::string text :
       {"", "3", "3,224", "3,224,", "3,224,224,1", "2,8,8", "3,3,8", "3,8,4097", "3,8,8x", "3;8;8", ",,"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_image_shape(text));
  }
  CHECK(text_of({.channels = 3, .height = 224, .width = 200}) == "3,224,200");
}

TEST_CASE("an image_shape that is none is refused with what is allowed") {
  Hyperparameters h;
  const HyperparameterInfo* info = find_hyperparameter("image_shape");
  REQUIRE(info != nullptr);
  CHECK_FALSE(set_hyperparameter(h, *info, "3,32,32", "here"));
  CHECK(h.image_shape == "3,32,32");
  const auto failure = set_hyperparameter(h, *info, "32,32,3", "here");
  REQUIRE(failure);
  CHECK(failure->message ==
        "here: image_shape is '32,32,3'; allowed: channels (1 or 3), height and width (4 to 4096), as in 3,224,224");
}

TEST_CASE("statistics are by channel, and those that are known already are taken") {
  ImageSet set = own_images({.channels = 3, .height = 1, .width = 2}, {10, 0, 7, 20, 255, 7}, {0});
  const ChannelStatistics found = statistics_of(set);
  CHECK(found.mean[0] == 15);
  CHECK(found.mean[1] == 127.5);
  CHECK(found.mean[2] == 7);
  CHECK(found.deviation[0] == 5);
  CHECK(found.deviation[1] == 127.5);
  CHECK(found.deviation[2] == 1);  // all the same
  set.measured = ChannelStatistics{.mean = {1, 2, 3}, .deviation = {4, 5, 6}};
  CHECK(statistics_of(set).mean[1] == 2);
}
