#pragma once

#include <algorithm>
#include <cstddef>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace tune::strategies {

namespace pieces_detail {

/// Calls `work(context, i)` for i from 0 to `count` - 1, possibly at the same time (TBB). Returns when all are done.
void run_pieces(std::size_t count, void (*work)(const void* context, std::size_t i), const void* context);

// TBB is not built for the thread sanitizer, and pieces.cpp is compiled without it (strategies/CMakeLists.txt): what they order
// is told here instead, so that the work itself is looked at.
#ifdef __SANITIZE_THREAD__
inline char begin;
inline char end;
inline void release(char& fence) { __tsan_release(&fence); }
inline void acquire(char& fence) { __tsan_acquire(&fence); }
#else
inline constexpr char begin = 0;
inline constexpr char end = 0;
inline void release(const char&) {}
inline void acquire(const char&) {}
#endif

}  // namespace pieces_detail

/// Calls `work(first, count)` for pieces of `piece` items each, possibly at the same time: pieces must not write to the same
/// place. The pieces do not depend on the number of threads. Returns when all are done.
template <typename Work>
void in_pieces(std::size_t items, std::size_t piece, const Work& work) {
  namespace detail = pieces_detail;
  const std::size_t pieces = (items + piece - 1) / piece;
  if (pieces <= 1) return work(0, items);
  const auto one = [&](std::size_t i) { work(i * piece, std::min(piece, items - i * piece)); };
  detail::release(detail::begin);
  detail::run_pieces(
      pieces,
      [](const void* context, std::size_t i) {
        detail::acquire(detail::begin);
        (*static_cast<const decltype(one)*>(context))(i);
        detail::release(detail::end);
      },
      &one);
  detail::acquire(detail::end);
}

}  // namespace tune::strategies
