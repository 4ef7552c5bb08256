#pragma once

namespace tune::trainer {

/// From now on SIGTERM and SIGINT are remembered, not obeyed at once: the loop looks after each batch. A second one kills.
void watch_stop_signals();

/// The signal that asked for the end, or 0.
int stop_signal();

}  // namespace tune::trainer
