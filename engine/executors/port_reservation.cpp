#include "engine/executors/port_reservation.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tune::engine {

std::optional<PortReservation> PortReservation::make() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  // The order matters: a socket that asks for any port with SO_REUSEADDR set may be given one that is bound already.
  const bool bound = bind(fd, generic, length) == 0 && getsockname(fd, generic, &length) == 0 &&
                     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
  if (!bound) {
    close(fd);
    return std::nullopt;
  }
  return PortReservation(fd, ntohs(address.sin_port));
}

PortReservation::~PortReservation() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace tune::engine
