#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trainers/support/fallible.hpp"

/// What lies at a path: which files are one channel's images, and of which format they are.
namespace tune::trainer {

enum class Channel { kTrain, kValidation };

enum class DataFormat { kRecordIo, kIdx, kCifar10, kCifar100, kList, kFolders };

std::string_view name_of(DataFormat format);

/// What tells whether a file is another one than before.
struct FileStamp {
  std::int64_t size = -1;     ///< bytes; -1: there is no such file
  std::int64_t changed = 0;   ///< seconds, of the clock of files
  std::int64_t fraction = 0;  ///< nanoseconds of it
};
FileStamp stamp_of(const std::string& path);

/// An image in a file of its own.
struct ListedImage {
  std::string path;
  std::vector<float> labels;
  std::optional<FileStamp> stamp = std::nullopt;  ///< where looking for it has told already
};

struct ChannelFiles {
  DataFormat format = DataFormat::kIdx;
  std::string path = {};                      ///< what was asked for, as messages call it
  std::vector<std::string> files = {};        ///< .rec, CIFAR's .bin, the .lst; of IDX images and labels
  std::vector<ListedImage> images = {};       ///< of lists and folders
  std::vector<std::string> class_names = {};  ///< where the data have names
  std::vector<std::string> notes = {};
};

struct ChannelRequest {
  std::string path;
  std::string list = {};  ///< an .lst file, or a directory with one; empty: none given
  Channel role = Channel::kTrain;
  bool shared = false;  ///< the other role's images are to be found at the same path
  std::vector<std::string> classes =
      {};  ///< folders: those of training, whose numbers hold for validation too; empty: none known
};

/// A path is an .rec or .lst file, an IDX file of images, or a directory that holds
///  - .rec files: train* for training and val* or test* for validation where there are such names, else all, sorted by name;
///  - IDX files by their usual names; CIFAR-10's or CIFAR-100's .bin files, or their usual folder with them;
///  - an .lst file (by the same names), images relative to the directory;
///  - the folders train and validation (or valid, val, test), each of them one of all these;
///  - or one folder a class, its images (.jpg, .jpeg, .png) anywhere below. Classes are numbered by their sorted names.
/// Names that begin with a dot are not looked at. Errors name the path and say what was looked for; an .lst file's name the line.
Fallible<ChannelFiles> find_channel(const ChannelRequest& request);

/// Lines "index TAB label[ TAB label ...] TAB path"; empty lines do not count. Paths are relative to `root`.
Fallible<std::vector<ListedImage>> parse_list(std::string_view text, const std::string& root);

}  // namespace tune::trainer
