#pragma once

#include <string>

#include "engine/journal/file_io.hpp"
#include "tune/status.hpp"

namespace tune::engine {

/// The lock by which one process owns a study: `study.lock`, an open-file-description lock, so that the kernel frees it however
/// the owner ends, and others can ask without taking it. The file's text says who holds it, for people.
class StudyLock {
 public:
  /// Takes the lock or says who has it (kInUse). An owner gets a fifth of a second to end; where it was killed, the process that
  /// it was just starting gets five seconds to let go of its copy.
  static Result<StudyLock> take(const std::string& directory);
  /// Whether some process owns the study in `directory`.
  static bool held(const std::string& directory);

 private:
  explicit StudyLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace tune::engine
