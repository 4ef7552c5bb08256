// libFuzzer's way into one target: TUNE_FUZZ_TARGET is its function.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tune::fuzz::TUNE_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
