#include "cli/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "cli/exit_codes.hpp"

namespace tune::cli {

namespace {

constexpr int kPatience = 2;  ///< signals that are handled in an orderly way

std::atomic<engine::Interrupts*> raised_interrupts{nullptr};
std::atomic<int> first{0};

void handle(int signal) {
  int none = 0;
  first.compare_exchange_strong(none, signal);
  engine::Interrupts* interrupts = raised_interrupts.load();
  if (interrupts == nullptr || interrupts->count() >= kPatience) _exit(kExitSignalBase + signal);
  interrupts->raise();
}

void ignore(int) {}

void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

SignalScope::SignalScope(engine::Interrupts& interrupts) {
  raised_interrupts = &interrupts;
  install(SIGINT, handle);
  install(SIGTERM, handle);
}

SignalScope::~SignalScope() {
  install(SIGINT, SIG_DFL);
  install(SIGTERM, SIG_DFL);
  raised_interrupts = nullptr;
}

int SignalScope::first_signal() { return first.load(); }

void survive_failed_writes() {
  install(SIGPIPE, ignore);
  install(SIGXFSZ, ignore);
}

}  // namespace tune::cli
