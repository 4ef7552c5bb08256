#include "trainers/data/formats.hpp"

#include <filesystem>
#include <string_view>
#include <system_error>

#include "trainers/data/idx.hpp"

namespace tune::trainer {
namespace {

namespace fs = std::filesystem;

struct DataFormat {
  std::string_view name;
  std::string_view looks_for;
  bool (*knows)(const std::string& directory);
  Fallible<ImageData> (*read)(const DataRequest&);
};

/// `part` is "train-images-idx3" and the like. Some copies on the web write a dot for the second dash.
std::string idx_path(const std::string& directory, const std::string& part) {
  std::string dotted = part;
  dotted[dotted.rfind('-')] = '.';
  for (const std::string& name : {part + "-ubyte", part + "-ubyte.gz", dotted + "-ubyte", dotted + "-ubyte.gz"}) {
    std::error_code error;
    const fs::path path = fs::path(directory) / name;
    if (fs::exists(path, error)) return path.string();
  }
  return (fs::path(directory) / (part + "-ubyte")).string();
}

bool knows_idx(const std::string& directory) {
  std::error_code error;
  return fs::exists(idx_path(directory, "train-images-idx3"), error);
}

Fallible<ImageData> read_idx_directories(const DataRequest& request) {
  auto train =
      read_idx(idx_path(request.train_directory, "train-images-idx3"), idx_path(request.train_directory, "train-labels-idx1"),
               request.num_training_samples, request.num_classes);
  if (!train.ok()) return train.failure();
  auto validation = read_idx(idx_path(request.validation_directory, "t10k-images-idx3"),
                             idx_path(request.validation_directory, "t10k-labels-idx1"), 0, request.num_classes);
  if (!validation.ok()) return validation.failure();
  return ImageData{.train = std::move(train.value()), .validation = std::move(validation.value())};
}

constexpr DataFormat kFormats[] = {
    {"IDX", "train-images-idx3-ubyte[.gz]", knows_idx, read_idx_directories},
};

}  // namespace

Fallible<ImageData> read_images(const DataRequest& request) {
  for (const std::string& directory : {request.train_directory, request.validation_directory}) {
    std::error_code error;
    if (!fs::is_directory(directory, error)) return Failure{directory + ": no such directory of images"};
  }
  std::string looked_for;
  for (const DataFormat& format : kFormats) {
    if (format.knows(request.train_directory)) {
      auto data = format.read(request);
      if (data.ok() && data.value().train.common_shape() != data.value().validation.common_shape()) {
        return Failure{request.validation_directory + ": validation images are of another size than those to train on"};
      }
      return data;
    }
    looked_for += (looked_for.empty() ? "" : ", ") + std::string(format.looks_for) + " (" + std::string(format.name) + ")";
  }
  return Failure{request.train_directory + ": no images of a known format; looked for: " + looked_for};
}

}  // namespace tune::trainer
