#pragma once

#include <string>
#include <string_view>

#include "engine/journal/event.hpp"
#include "tune/status.hpp"

namespace tune::engine {

inline constexpr int kJournalVersion = 1;

/// One journal line, newline included; its last field is the CRC-32C of all bytes before `,"crc"`.
std::string to_line(const Event& event);

/// The event in a line (without its newline). Errors say what is wrong with it.
Result<Event> from_line(std::string_view line);

/// Whether the line's checksum holds, whatever it says.
bool checksum_holds(std::string_view line);

}  // namespace tune::engine
