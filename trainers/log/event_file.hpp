#pragma once

#include <cstdint>
#include <string>

#include "trainers/log/training_log.hpp"
#include "trainers/support/fallible.hpp"
#include "trainers/support/files.hpp"

namespace tune::trainer {

/// The scalars of a run for TensorBoard: `events.out.tfevents.SECONDS.tune-train-image.NUMBER` in a directory, a file for each
/// start of the run. Not thread safe.
class EventFile {
 public:
  /// Begins a file in the directory, which is made if need be. `next_step` is the first step that the run will write: what files
  /// of former starts say of it and of later ones is cut off, and what a crash has torn; a file of which nothing is left is
  /// removed. So no step is there twice, and none is missing. Files with other names are left alone.
  static Fallible<EventFile> open(const std::string& directory, std::int64_t next_step);

  /// Appends the values at a step, in one write: a killed process leaves all of them or none. Values are rounded to float, the
  /// file's type. Steps must not fall.
  Outcome write(std::int64_t step, const Metrics& metrics);

  /// Puts what was written on the disk. To be called before a checkpoint is saved that the run would go on from behind it; else
  /// the machine's end could take it away and leave a gap.
  Outcome sync();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  EventFile(Descriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Descriptor file_;
  std::string path_;
};

}  // namespace tune::trainer
