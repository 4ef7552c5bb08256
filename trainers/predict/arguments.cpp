#include <array>

#include "trainers/predict/predict.hpp"
#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

constexpr std::int64_t kMostShown = 100'000;  // classes

}  // namespace

Fallible<PredictRequest> read_predict_arguments(const std::vector<std::string>& given) {
  PredictRequest request;
  std::vector<std::string> paths;
  std::vector<std::string> words;
  for (const std::string& word : given) {  // --top=3 is --top 3
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    words.push_back(word.substr(0, equals));
    if (equals != std::string::npos) words.push_back(word.substr(equals + 1));
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help" || word == "-h") {
      request.help = true;
      return request;
    }
    if (word == "--json") {
      request.json = true;
    } else if (word == "--top" || word == "--device") {
      if (++i == words.size()) return Failure{"predict: " + word + " needs a value"};
      if (word == "--device") {
        request.device = words[i];
        continue;
      }
      const auto top = parse_number<std::int64_t>(words[i]);
      if (!top || *top < 1 || *top > kMostShown) {
        return Failure{"predict: --top is '" + words[i] + "'; allowed: a whole number from 1 to " + std::to_string(kMostShown)};
      }
      request.top = *top;
    } else if (word.starts_with("--")) {
      return Failure{"predict: unknown option " + word + "; allowed: --top, --json, --device, --help"};
    } else {
      paths.push_back(word);
    }
  }
  if (paths.size() < 2) return Failure{"predict: give a model and at least one image: predict MODEL IMAGE..."};
  request.model = paths.front();
  request.images.assign(paths.begin() + 1, paths.end());
  return request;
}

std::string predict_help() {
  return "tune-train-image predict: what a trained model makes of images\n\n"
         "usage: tune-train-image predict MODEL IMAGE... [--top N] [--json] [--device auto|cpu|cuda[:N]]\n\n"
         "  MODEL     best.safetensors of a training run (in its checkpoint directory), or model.safetensors of its output\n"
         "  IMAGE     JPEG or PNG files\n"
         "  --top N   so many classes of each image, the likeliest first (default 5)\n"
         "  --json    one JSON object a line, with the scores of all classes\n";
}

}  // namespace tune::trainer
