#pragma once

#include <string>

namespace tune::engine {

/// This machine's name, "localhost" when it has none.
std::string host_name();

}  // namespace tune::engine
