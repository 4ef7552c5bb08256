#include "trainers/data/channel_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>

#include "trainers/data/mapped_file.hpp"

namespace tune::trainer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLookedFor =
    "*.rec (RecordIO), train-images-idx3-ubyte[.gz] (IDX), data_batch_1.bin or train.bin (CIFAR), *.lst, "
    "folders train and validation, one folder a class with .jpg, .jpeg or .png files";

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool begins_with_any(const std::string& name, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts, [&](std::string_view start) { return name.starts_with(start); });
}

bool is_of(const fs::path& file, Channel role) {
  const std::string name = lower(file.filename().string());
  return role == Channel::kTrain ? name.starts_with("train") : begins_with_any(name, {"val", "test"});
}

/// Names in a directory that do not begin with a dot, sorted.
std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with('.')) entries.push_back(at->path());
  }
  std::ranges::sort(entries);
  return entries;
}

bool has_ending(const fs::path& path, std::initializer_list<std::string_view> endings) {
  const std::string ending = lower(path.extension().string());
  return std::ranges::find(endings, ending) != endings.end();
}

/// Files of a directory with this ending that belong to the role: by their names where names tell, else all of them.
Fallible<std::vector<std::string>> files_of_role(const ChannelRequest& request, std::string_view ending) {
  std::vector<fs::path> all;
  for (const fs::path& entry : entries_of(request.path)) {
    if (has_ending(entry, {ending}) && !is_folder(entry)) all.push_back(entry);
  }
  std::vector<std::string> files;
  const auto count_of = [&](Channel role) {
    return std::ranges::count_if(all, [&](const auto& file) { return is_of(file, role); });
  };
  const bool told = count_of(Channel::kTrain) > 0 && count_of(Channel::kValidation) > 0;
  for (const fs::path& file : all) {
    if (!told || is_of(file, request.role)) files.push_back(file.string());
  }
  if (request.shared && !all.empty() && !told) {
    return Failure{request.path + ": " + std::to_string(all.size()) + " " + std::string(ending) +
                   " files, none of them for the " + (count_of(Channel::kTrain) > 0 ? "validation" : "training") +
                   " by its name (train*, val* or test*); give --train and --validation"};
  }
  return files;
}

/// `part` is "train-images-idx3" and the like. Some copies on the web write a dot for the second dash.
std::optional<std::string> idx_path(const fs::path& directory, const std::string& part) {
  std::string dotted = part;
  dotted[dotted.rfind('-')] = '.';
  for (const std::string& name : {part + "-ubyte", part + "-ubyte.gz", dotted + "-ubyte", dotted + "-ubyte.gz"}) {
    if (is_there(directory / name)) return (directory / name).string();
  }
  return std::nullopt;
}

std::optional<ChannelFiles> find_idx(const ChannelRequest& request) {
  std::vector<std::string> starts = {request.role == Channel::kTrain ? "train" : "t10k"};
  if (!request.shared) starts.emplace_back(request.role == Channel::kTrain ? "t10k" : "train");
  for (const std::string& start : starts) {
    const auto images = idx_path(request.path, start + "-images-idx3");
    if (!images) continue;
    const std::string missing = (fs::path(request.path) / (start + "-labels-idx1-ubyte")).string();
    return ChannelFiles{.format = DataFormat::kIdx,
                        .path = request.path,
                        .files = {*images, idx_path(request.path, start + "-labels-idx1").value_or(missing)}};
  }
  return std::nullopt;
}

std::optional<ChannelFiles> find_cifar(const ChannelRequest& request) {
  const bool train = request.role == Channel::kTrain;
  for (const fs::path& directory : {fs::path(request.path), fs::path(request.path) / "cifar-10-batches-bin"}) {
    ChannelFiles found{.format = DataFormat::kCifar10, .path = request.path};
    if (!train && is_there(directory / "test_batch.bin")) found.files = {(directory / "test_batch.bin").string()};
    for (const char* number : {"1", "2", "3", "4", "5"}) {
      const fs::path file = directory / ("data_batch_" + std::string(number) + ".bin");
      if (train && is_there(file)) found.files.push_back(file.string());
    }
    if (!found.files.empty()) return found;
  }
  for (const fs::path& directory : {fs::path(request.path), fs::path(request.path) / "cifar-100-binary"}) {
    const fs::path file = directory / (train ? "train.bin" : "test.bin");
    if (is_there(file)) return ChannelFiles{.format = DataFormat::kCifar100, .path = request.path, .files = {file.string()}};
  }
  return std::nullopt;
}

Fallible<ChannelFiles> read_list(const ChannelRequest& request, const std::vector<std::string>& lists, const std::string& root) {
  ChannelFiles found{.format = DataFormat::kList, .path = request.path, .files = lists};
  for (const std::string& list : lists) {
    std::vector<std::uint8_t> bytes;
    if (auto failure = read_bytes(list, bytes)) return *failure;
    auto images = parse_list({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, root);
    if (!images.ok()) return Failure{list + ": " + images.failure().message};
    std::ranges::move(images.value(), std::back_inserter(found.images));
  }
  return found;
}

/// The .lst file that was given, or those in the directory that was given.
Fallible<ChannelFiles> find_given_list(const ChannelRequest& request) {
  const std::string root = is_folder(request.path) ? request.path : fs::path(request.path).parent_path().string();
  if (!is_folder(request.list)) return read_list(request, {request.list}, root);
  const auto lists = files_of_role({.path = request.list, .role = request.role, .shared = request.shared}, ".lst");
  if (!lists.ok()) return lists.failure();
  if (lists.value().empty()) return Failure{request.list + ": no .lst file there"};
  return read_list(request, lists.value(), root);
}

FileStamp stamp_from(const struct stat& status) {
  return {.size = status.st_size, .changed = status.st_mtim.tv_sec, .fraction = status.st_mtim.tv_nsec};
}

/// All images below a class's folder, in no order. Links to folders are followed to the class, not below it: they could lead
/// round. Written for folders of many files: one call of the system for each, by its name alone.
void add_images(const std::string& folder, float label, std::vector<ListedImage>& images) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()), closedir);
  if (!directory) return;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    struct stat status {};
    if (name.starts_with('.')) continue;
    const bool image = has_ending(fs::path(name), {".jpg", ".jpeg", ".png"});
    if (!image && entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) continue;
    // A link to a file counts as that file; one that leads nowhere is an image that cannot be read.
    const bool found = fstatat(dirfd(directory.get()), entry->d_name, &status, image ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
    std::string path = folder + "/" + entry->d_name;
    if (found && S_ISDIR(status.st_mode)) {
      if (entry->d_type != DT_LNK) add_images(path, label, images);
    } else if (image) {
      images.push_back({.path = std::move(path), .labels = {label}, .stamp = found ? stamp_from(status) : FileStamp{}});
    }
  }
}

Fallible<ChannelFiles> find_class_folders(const ChannelRequest& request) {
  ChannelFiles found{.format = DataFormat::kFolders, .path = request.path, .class_names = request.classes};
  for (const fs::path& entry : entries_of(request.path)) {
    if (!is_folder(entry)) continue;
    const std::string name = entry.filename().string();
    auto known = std::ranges::find(found.class_names, name);
    std::vector<ListedImage> images;
    add_images(entry.string(), static_cast<float>(known - found.class_names.begin()), images);
    std::ranges::sort(images, {}, &ListedImage::path);
    if (known == found.class_names.end()) {
      if (images.empty()) {
        found.notes.push_back(entry.string() + " holds no images and is no class");
        continue;
      }
      if (!request.classes.empty()) return Failure{entry.string() + ": a class that the training images do not have"};
      found.class_names.push_back(name);
    }
    std::ranges::move(images, std::back_inserter(found.images));
  }
  return found;
}

std::optional<ChannelRequest> find_role_folder(const ChannelRequest& request) {
  const fs::path root = request.path;
  if (!is_folder(root / "train")) return std::nullopt;
  for (const char* name : {"validation", "valid", "val", "test"}) {
    if (!is_folder(root / name)) continue;
    ChannelRequest below = request;
    below.path = (root / (request.role == Channel::kTrain ? "train" : name)).string();
    below.shared = false;
    return below;
  }
  return std::nullopt;
}

Fallible<ChannelFiles> find_in_directory(const ChannelRequest& request) {
  const auto records = files_of_role(request, ".rec");
  if (!records.ok()) return records.failure();
  if (!records.value().empty())
    return ChannelFiles{.format = DataFormat::kRecordIo, .path = request.path, .files = records.value()};
  if (const auto idx = find_idx(request)) return *idx;
  if (const auto cifar = find_cifar(request)) return *cifar;
  const auto lists = files_of_role(request, ".lst");
  if (!lists.ok()) return lists.failure();
  if (!lists.value().empty()) return read_list(request, lists.value(), request.path);
  if (const auto below = find_role_folder(request)) return find_in_directory(*below);
  auto folders = find_class_folders(request);
  if (!folders.ok()) return folders;
  if (folders.value().images.empty()) {
    return Failure{request.path + ": no " + (request.role == Channel::kTrain ? "training" : "validation") +
                   " images of a known format; looked for: " + std::string(kLookedFor)};
  }
  if (request.shared) {
    return Failure{request.path +
                   ": one folder a class, but none of them is for validation; give --train and --validation, or "
                   "put them into the folders train and validation"};
  }
  return folders;
}

Fallible<ChannelFiles> find_file(const ChannelRequest& request) {
  const fs::path path = request.path;
  if (has_ending(path, {".lst"})) return read_list(request, {request.path}, path.parent_path().string());
  if (has_ending(path, {".rec"}))
    return ChannelFiles{.format = DataFormat::kRecordIo, .path = request.path, .files = {request.path}};
  std::string labels = path.filename().string();
  if (const auto at = labels.rfind("images"); at != std::string::npos) labels.replace(at, 6, "labels");
  if (const auto at = labels.rfind("idx3"); at != std::string::npos && labels.find("labels") != std::string::npos) {
    labels.replace(at, 4, "idx1");
    return ChannelFiles{
        .format = DataFormat::kIdx, .path = request.path, .files = {request.path, (path.parent_path() / labels).string()}};
  }
  return Failure{request.path + ": a file of no known format; known: *.rec, *.lst, *-images-idx3-ubyte[.gz], and directories"};
}

}  // namespace

std::string_view name_of(DataFormat format) {
  constexpr std::string_view kNames[] = {"RecordIO", "IDX", "CIFAR-10", "CIFAR-100", "list", "class folders"};
  return kNames[static_cast<std::size_t>(format)];
}

FileStamp stamp_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? stamp_from(status) : FileStamp{};
}

Fallible<ChannelFiles> find_channel(const ChannelRequest& request) {
  if (!is_there(request.path)) return Failure{request.path + ": no such file or directory of images"};
  if (!request.list.empty()) return find_given_list(request);
  return is_folder(request.path) ? find_in_directory(request) : find_file(request);
}

}  // namespace tune::trainer
