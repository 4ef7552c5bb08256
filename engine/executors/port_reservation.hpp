#pragma once

#include <optional>
#include <utility>

namespace tune::engine {

/// A TCP port of this machine that nobody else is given while this object lives: a socket is bound to it without listening. A
/// program that sets SO_REUSEADDR, as PyTorch's store and nearly every server does, can bind and listen there all the same; the
/// kernel does not choose it for anybody who asks for any port, nor for outgoing connections. Thread safety: none.
class PortReservation {
 public:
  /// None when the machine has no free port or descriptor.
  static std::optional<PortReservation> make();
  ~PortReservation();
  PortReservation(PortReservation&& other) noexcept : fd_(std::exchange(other.fd_, -1)), port_(other.port_) {}
  PortReservation& operator=(PortReservation&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(port_, other.port_);
    return *this;
  }

  [[nodiscard]] int port() const { return port_; }

 private:
  PortReservation(int fd, int port) : fd_(fd), port_(port) {}
  int fd_;
  int port_;
};

}  // namespace tune::engine
