#include "strategies/bayesian/pieces.hpp"

#include <tbb/parallel_for.h>

namespace tune::strategies::pieces_detail {

void run_pieces(std::size_t count, void (*work)(const void* context, std::size_t i), const void* context) {
  tbb::parallel_for(std::size_t{0}, count, [=](std::size_t i) { work(context, i); });
}

}  // namespace tune::strategies::pieces_detail
