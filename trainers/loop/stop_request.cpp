#include "trainers/loop/stop_request.hpp"

#include <csignal>

namespace tune::trainer {
namespace {

volatile std::sig_atomic_t asked = 0;

extern "C" void remember(int signal) { asked = signal; }

}  // namespace

void watch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = remember;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

int stop_signal() { return asked; }

}  // namespace tune::trainer
