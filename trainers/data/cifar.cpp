#include "trainers/data/cifar.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "trainers/data/mapped_file.hpp"

namespace tune::trainer {
namespace {

constexpr std::size_t kSide = 32;  // pixels
constexpr std::size_t kPlane = kSide * kSide;

}  // namespace

Fallible<ImageSet> read_cifar(const std::vector<std::string>& files, const CifarKind& kind, std::int64_t limit) {
  const std::size_t row = kind.label_bytes + 3 * kPlane;
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> bytes;
  for (const std::string& file : files) {
    const std::uint64_t wanted = limit > 0 ? (static_cast<std::uint64_t>(limit) - labels.size()) * row : 0;
    if (limit > 0 && wanted == 0) break;
    if (auto failure = read_bytes(file, bytes, wanted)) return *failure;
    if (bytes.empty() || bytes.size() % row != 0) {
      return Failure{file + ": " + std::to_string(bytes.size()) + " bytes; a file of " + std::string(kind.name) +
                     " has a multiple of " + std::to_string(row)};
    }
    pixels.reserve(pixels.size() + bytes.size() / row * 3 * kPlane);
    for (std::size_t at = 0; at < bytes.size(); at += row) {
      const std::uint8_t label = bytes[at + kind.label_bytes - 1];
      if (label >= kind.classes) {
        return Failure{file + ": label " + std::to_string(label) + " of image " + std::to_string(at / row) + "; " +
                       std::string(kind.name) + " has 0 to " + std::to_string(kind.classes - 1)};
      }
      labels.push_back(label);
      const std::uint8_t* planes = bytes.data() + at + kind.label_bytes;
      for (std::size_t pixel = 0; pixel < kPlane; ++pixel) {
        for (std::size_t channel = 0; channel < 3; ++channel) pixels.push_back(planes[channel * kPlane + pixel]);
      }
    }
  }
  return own_images({.channels = 3, .height = kSide, .width = kSide}, std::move(pixels), std::move(labels));
}

std::vector<std::string> cifar_class_names(const std::string& file, const CifarKind& kind) {
  std::ifstream in(std::filesystem::path(file).parent_path() / kind.names_file);
  std::vector<std::string> names;
  for (std::string line; names.size() <= static_cast<std::size_t>(kind.classes) && std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (names.size() != static_cast<std::size_t>(kind.classes)) names.clear();
  return names;
}

}  // namespace tune::trainer
