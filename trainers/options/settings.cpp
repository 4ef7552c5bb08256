#include "trainers/options/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "trainers/data/image_shape.hpp"
#include "trainers/options/device_name.hpp"
#include "trainers/support/flat_json.hpp"
#include "trainers/support/numbers.hpp"

namespace tune::trainer {
namespace {

constexpr const char* kGeneratedWord = "generated";            // what TUNE_DATA_DIR says in place of a directory
constexpr const char* kUsualDirectory = "data/fashion-mnist";  // below the current directory, looked at last

struct OptionInfo {
  std::string_view name;
  std::string_view value;  ///< how the help calls it; empty: takes none
  std::string_view doc;
};

constexpr OptionInfo kOptions[] = {
    {"data", "DIR",
     "images to train on and to validate: RecordIO, IDX, CIFAR, lists, or folders; docs/trainer-data.md\n"
     "(default: TUNE_CHANNEL_TRAIN, else TUNE_DATA_DIR, else data/fashion-mnist where it exists)"},
    {"train", "PATH", "images to train on, a file or directory (default: TUNE_CHANNEL_TRAIN)"},
    {"validation", "PATH", "images to validate (default: TUNE_CHANNEL_VALIDATION)"},
    {"train-list", "PATH", ".lst file of the images to train on (default: TUNE_CHANNEL_TRAIN_LST)"},
    {"validation-list", "PATH", ".lst file of the images to validate (default: TUNE_CHANNEL_VALIDATION_LST)"},
    {"max-unreadable", "SHARE", "of images that may be damaged, of all (default: 0.01); they are left out"},
    {"inspect", "PATH", "print what is there: format, images of each class, sizes, mean, what cannot be read; no training"},
    {"contact-sheet", "FILE", "with --inspect: a PNG file with some images of each class"},
    {"cache-dir", "DIR|none", "where prepared images are kept (default: $XDG_CACHE_HOME/tune/images, else ~/.cache/tune/images)"},
    {"generate", "", "train on images made up on the spot, always the same ones; TUNE_DATA_DIR=generated says the same"},
    {"checkpoint-dir", "DIR", "save after each epoch there, and go on from what is there (default: TUNE_CHECKPOINT_DIR)"},
    {"model-dir", "DIR", "write the best model there too, as model.safetensors (default: SM_MODEL_DIR)"},
    {"seed", "N", "of first weights and sample order (default: TUNE_SEED, else 0)"},
    {"device", "auto|cpu|cuda[:N]", "where to train (default: auto, a GPU if there is one)"},
    {"pretrained", "FILE", "weights to begin with where use_pretrained_model is 1: safetensors, with torchvision's names"},
    {"hyperparameters", "FILE", "a JSON object with the values of hyperparameters"},
    {"estimate-memory", "", "train nothing: say how much memory such a run would take on its device, for which no GPU is needed"},
    {"help", "", "this text"},
};

using Given = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::vector<std::string_view> all_names(bool options_too) {
  std::vector<std::string_view> names;
  for (const auto& info : hyperparameter_table()) names.push_back(info.name);
  if (options_too) {
    for (const auto& option : kOptions) names.push_back(option.name);
  }
  return names;
}

Failure unknown(const std::string& where, const std::string& shown, std::string_view name, bool options_too) {
  const auto names = all_names(options_too);
  const std::string near = nearest_name(name, names);
  const std::string hint = near.empty() ? "see --help" : "did you mean " + std::string(options_too ? "--" : "") + near + "?";
  return {where + ": unknown " + shown + "; " + hint};
}

/// `--name value` and `--name=value` as pairs.
Fallible<Given> split_arguments(const std::vector<std::string>& arguments) {
  Given given;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "-h") {
      given.emplace_back("help", "");
      continue;
    }
    if (!word.starts_with("--")) return Failure{"command line: '" + word + "' is not an option; see --help"};
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto option = std::find_if(std::begin(kOptions), std::end(kOptions), [&](const auto& o) { return o.name == name; });
    const bool known = option != std::end(kOptions) || find_hyperparameter(name) != nullptr || is_internal_name(name);
    if (!known) return unknown("command line", "option --" + name, name, true);
    const bool takes_value = option == std::end(kOptions) || !option->value.empty();
    if (!takes_value && equals != std::string::npos) return Failure{"command line: --" + name + " takes no value"};
    if (takes_value && equals == std::string::npos && i + 1 == arguments.size()) {
      return Failure{"command line: --" + name + " needs a value"};
    }
    const bool repeated = std::any_of(given.begin(), given.end(), [&](const auto& pair) { return pair.first == name; });
    if (repeated) return Failure{"command line: --" + name + " is given twice"};
    if (!takes_value)
      given.emplace_back(name, "");
    else if (equals != std::string::npos)
      given.emplace_back(name, word.substr(equals + 1));
    else
      given.emplace_back(name, arguments[++i]);
  }
  return given;
}

const std::string* look_up(const Given& given, std::string_view name) {
  const auto found = std::find_if(given.begin(), given.end(), [&](const auto& pair) { return pair.first == name; });
  return found == given.end() ? nullptr : &found->second;
}

/// Hyperparameters of a JSON object; later sources overwrite earlier ones.
Outcome take_object(Settings& settings, const std::string& text, const std::string& source) {
  auto& given = settings.given;
  const auto object = parse_flat_json(text);
  if (!object.ok()) return Failure{source + ": " + object.failure().message};
  for (const auto& [name, value] : object.value()) {
    if (const auto* info = find_hyperparameter(name)) {
      if (auto failure = set_hyperparameter(settings.hyperparameters, *info, value, source)) return failure;
      given.insert(name);
    } else if (!is_internal_name(name)) {
      return unknown(source, "hyperparameter " + name, name, false);
    }
  }
  return {};
}

Outcome take_hyperparameters(Settings& settings, const Given& given) {
  if (const auto params = variable("TUNE_PARAMS")) {
    if (auto failure = take_object(settings, *params, "TUNE_PARAMS")) return failure;
  }
  if (const std::string* path = look_up(given, "hyperparameters")) {
    std::error_code error;
    if (std::filesystem::is_directory(*path, error))
      return Failure{"command line: --hyperparameters " + *path + " is a directory"};
    std::ifstream in(*path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (!in) return Failure{"command line: --hyperparameters " + *path + " cannot be read"};
    if (auto failure = take_object(settings, text, *path)) return failure;
  }
  for (const auto& [name, value] : given) {
    if (const auto* info = find_hyperparameter(name)) {
      if (auto failure = set_hyperparameter(settings.hyperparameters, *info, value, "command line")) return failure;
      settings.given.insert(name);
    }
  }
  return {};
}

/// What `model: auto` is, and what does not go with it.
Outcome choose_model(Settings& settings, const Given& given) {
  Hyperparameters& h = settings.hyperparameters;
  const bool deep = settings.given.contains("num_layers") || h.use_pretrained_model;
  if (h.model == "auto") h.model = deep ? "resnet" : "cnn";
  if (const std::string* file = look_up(given, "pretrained")) settings.pretrained = *file;
  if (h.use_pretrained_model && h.model != "resnet") return Failure{"use_pretrained_model is 1, but only a resnet can begin so"};
  if (h.use_pretrained_model && settings.pretrained.empty())
    return Failure{"use_pretrained_model is 1, but --pretrained FILE does not say with which weights (a safetensors file)"};
  if (!h.use_pretrained_model && !settings.pretrained.empty())
    return Failure{"command line: --pretrained is given, but use_pretrained_model is 0"};
  for (const char* name : {"num_layers", "width_multiplier"}) {
    if (h.model == "cnn" && settings.given.contains(name))
      settings.notes.push_back(std::string(name) + " has no effect on the model cnn");
  }
  const auto useless = [&](const char* name, bool without, const char* why) {
    if (without && settings.given.contains(name)) settings.notes.push_back(std::string(name) + " has no effect " + why);
  };
  useless("pad", h.augmentation_type == "none", "without augmentation_type");
  useless("top_k", h.multi_label, "with multi_label");
  useless("lr_scheduler_step", h.lr_scheduler != "step", "with another lr_scheduler than step");
  useless("warmup_epochs", h.lr_scheduler == "one_cycle", "with lr_scheduler one_cycle");
  if (h.use_weighted_loss && !h.multi_label) settings.notes.push_back("use_weighted_loss has no effect without multi_label");
  if (h.multi_label && h.mixup_alpha > 0) return Failure{"mixup_alpha is above 0, which multi_label does not allow"};
  return {};
}

/// The paths of the images: options first, then channels, then a directory of both.
Outcome choose_paths(DataRequest& request, const Given& given) {
  const auto option_or = [&](const char* option, const char* name) -> std::string {
    if (const std::string* path = look_up(given, option)) return *path;
    return variable(name).value_or("");
  };
  const std::string* data = look_up(given, "data");
  const bool generate = look_up(given, "generate") != nullptr;
  const bool channels = look_up(given, "train") != nullptr || look_up(given, "validation") != nullptr;
  if (int{data != nullptr} + int{generate} + int{channels} > 1) {
    return Failure{"command line: --data, --generate, and --train with --validation exclude each other"};
  }
  if (data != nullptr) {
    request.train = request.validation = *data;
    return {};
  }
  if (generate) {
    request.generate = true;
    return {};
  }
  request.train = option_or("train", "TUNE_CHANNEL_TRAIN");
  if (!request.train.empty()) {
    request.validation = option_or("validation", "TUNE_CHANNEL_VALIDATION");
    request.train_list = option_or("train-list", "TUNE_CHANNEL_TRAIN_LST");
    request.validation_list = option_or("validation-list", "TUNE_CHANNEL_VALIDATION_LST");
  } else if (channels) {
    return Failure{"command line: --validation is given, but neither --train nor TUNE_CHANNEL_TRAIN"};
  } else if (const auto directory = variable("TUNE_DATA_DIR")) {
    request.generate = *directory == kGeneratedWord;
    if (!request.generate) request.train = *directory;
    request.validation = variable("TUNE_CHANNEL_VALIDATION").value_or("");
  } else if (std::error_code error; std::filesystem::is_directory(kUsualDirectory, error)) {
    request.train = kUsualDirectory;
  } else {
    return Failure{
        "no data: give --data DIR, --train PATH and --validation PATH, or --generate, or set TUNE_CHANNEL_TRAIN or TUNE_DATA_DIR "
        "(a "
        "directory, or the word generated); there is no data/fashion-mnist here either"};
  }
  if (request.validation.empty()) request.validation = request.train;
  return {};
}

Outcome choose_data(Settings& settings, const Given& given) {
  DataRequest& request = settings.data;
  const Hyperparameters& h = settings.hyperparameters;
  if (const std::string* sheet = look_up(given, "contact-sheet")) settings.contact_sheet = *sheet;
  if (const std::string* path = look_up(given, "inspect")) {
    settings.inspect = *path;
    return {};
  }
  if (!settings.contact_sheet.empty()) return Failure{"command line: --contact-sheet is given without --inspect PATH"};
  if (auto failure = choose_paths(request, given)) return failure;
  request.num_training_samples = h.num_training_samples;
  request.num_classes = h.num_classes;
  request.image_shape = parse_image_shape(h.image_shape).value_or(ImageShape{});
  request.resize = h.resize;
  request.multi_label = h.multi_label;
  request.mini_batch_size = h.mini_batch_size;
  const std::string* cache = look_up(given, "cache-dir");
  request.cache_directory = cache != nullptr ? *cache : usual_cache_directory();
  if (request.cache_directory.empty()) return Failure{"command line: --cache-dir is empty; allowed: a directory, or none"};
  if (const std::string* share = look_up(given, "max-unreadable")) {
    const auto number = parse_number<double>(*share);
    if (!number || !(*number >= 0 && *number <= 1)) {
      return Failure{"command line: --max-unreadable is '" + *share + "'; allowed: a number from 0 to 1"};
    }
    request.max_unreadable = *number;
  }
  return {};
}

Outcome choose_the_rest(Settings& settings, const Given& given) {
  if (const std::string* directory = look_up(given, "checkpoint-dir"))
    settings.checkpoint_directory = *directory;
  else if (const auto variable_directory = variable("TUNE_CHECKPOINT_DIR"))
    settings.checkpoint_directory = *variable_directory;

  if (const std::string* directory = look_up(given, "model-dir"))
    settings.model_directory = *directory;
  else if (const auto variable_directory = variable("SM_MODEL_DIR"))
    settings.model_directory = *variable_directory;

  const std::string* given_seed = look_up(given, "seed");
  const auto seed_text = given_seed != nullptr ? std::optional(*given_seed) : variable("TUNE_SEED");
  if (seed_text) {
    const auto seed = parse_number<std::uint64_t>(*seed_text);
    if (!seed) {
      return Failure{std::string(given_seed != nullptr ? "command line: --seed" : "TUNE_SEED") + " is '" + *seed_text +
                     "'; allowed: a whole number from 0 to 18446744073709551615"};
    }
    settings.seed = *seed;
  }
  if (const std::string* device = look_up(given, "device")) {
    if (!device_number(*device)) return Failure{"command line: --device is '" + *device + "'; allowed: " + kDeviceNames};
    settings.device = *device;
  }
  return {};
}

std::string help_line(const std::string& option, std::string_view doc) {
  constexpr std::size_t kColumn = 32;
  std::string line = "  " + option;
  line += line.size() + 2 > kColumn ? "\n" + std::string(kColumn, ' ') : std::string(kColumn - line.size(), ' ');
  for (const char c : doc) {
    line += c;
    if (c == '\n') line += std::string(kColumn, ' ');
  }
  return line + "\n";
}

}  // namespace

Fallible<Settings> read_settings(const std::vector<std::string>& arguments) {
  const auto given = split_arguments(arguments);
  if (!given.ok()) return given.failure();
  Settings settings;
  if (look_up(given.value(), "help") != nullptr) {
    settings.help = true;
    return settings;
  }
  settings.estimate_memory = look_up(given.value(), "estimate-memory") != nullptr;
  for (const auto step : {take_hyperparameters, choose_model, choose_data, choose_the_rest}) {
    if (auto failure = step(settings, given.value())) return *failure;
  }
  return settings;
}

std::string help_text() {
  std::string text =
      "tune-train-image: trains an image classifier and prints SageMaker's log lines\n\n"
      "usage: tune-train-image --data DIR | --train PATH --validation PATH | --generate [options]\n\noptions:\n";
  for (const auto& option : kOptions) {
    text +=
        help_line("--" + std::string(option.name) + (option.value.empty() ? "" : " ") + std::string(option.value), option.doc);
  }
  text +=
      "\nhyperparameters (--name VALUE or --name=VALUE; else --hyperparameters FILE, else the JSON in TUNE_PARAMS, else the\n"
      "default):\n";
  const Hyperparameters defaults;
  for (const auto& info : hyperparameter_table()) {
    text += help_line("--" + std::string(info.name) + " " + hyperparameter_text(defaults, info),
                      std::string(info.doc) + " (" + allowed_text(info) + ")");
  }
  return text +
         "\nSIGTERM and Ctrl-C: the batch at hand is finished, a checkpoint saved. OMP_NUM_THREADS: CPU threads of a resnet "
         "(default 1).\n"
         "exit codes: 0 trained; 1 training failed; 2 bad options, data or directory; 130, 143 stopped by SIGINT, SIGTERM\n";
}

}  // namespace tune::trainer
