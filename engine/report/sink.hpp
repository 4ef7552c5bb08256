#pragma once

#include <functional>
#include <string_view>

namespace tune::engine {

/// Takes a long document piece by piece, so that it is nowhere whole in memory. Pieces end between characters.
using Sink = std::function<void(std::string_view)>;

}  // namespace tune::engine
