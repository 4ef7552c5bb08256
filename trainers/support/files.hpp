#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "trainers/support/fallible.hpp"

/// Writing files so that a crash leaves the old one or the new one, whole. Not for two processes that write the same path.
namespace tune::trainer {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  [[nodiscard]] bool ok() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// "PATH: WHAT: the system's reason", from errno.
Failure system_failure(const std::string& path, const std::string& what);

/// What replace_file calls the file until it is whole.
std::string temporary_name(const std::string& path);

/// All of `bytes`, whatever the system takes at a time.
Outcome write_all(const Descriptor& file, const std::string& path, std::string_view bytes);

/// A new file, or an old one overwritten, of these pieces one after the other; on the disk when it returns. A failure leaves no
/// file.
Outcome write_durably(const std::string& path, std::span<const std::string_view> pieces);

/// Renames and makes that durable.
Outcome move_into_place(const std::string& from, const std::string& to);

/// write_durably under temporary_name(path), then move_into_place.
Outcome replace_file(const std::string& path, std::span<const std::string_view> pieces);

/// A text from a file as a message may show it: at most 80 bytes, and nothing but printable ASCII.
std::string shown(std::string_view text);

}  // namespace tune::trainer
