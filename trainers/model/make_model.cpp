#include "trainers/model/cnn.hpp"
#include "trainers/model/model.hpp"

namespace tune::trainer {

std::unique_ptr<Model> make_model(const std::string& name, ImageShape shape, std::int64_t classes, std::uint64_t seed,
                                  at::Device device) {
  if (name == "cnn") return std::make_unique<Cnn>(shape, classes, seed, device);
  return nullptr;
}

}  // namespace tune::trainer
