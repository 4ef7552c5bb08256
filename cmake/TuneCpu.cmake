# Which instructions the search may use. Its matrix products run about twice as fast with AVX2 as with what every x86 processor has.
# The engine and the command line never depend on it.
#   TUNE_CPU=native    (default) x86-64-v3 (AVX2, FMA) where this machine has it; AVX-512 gained little more and makes g++ 12 warn
#                      of what is not there
#   TUNE_CPU=portable  what the compiler targets by default: for programs that are built here and run elsewhere
#   TUNE_CPU=NAME      given to -march
set(TUNE_CPU "native" CACHE STRING "Instructions of the search: native, portable, or a name for -march")

function(tune_cpu_options out)
  set(${out} "" PARENT_SCOPE)
  if(TUNE_CPU STREQUAL "portable")
    return()
  endif()
  if(NOT TUNE_CPU STREQUAL "native")
    set(${out} "-march=${TUNE_CPU}" PARENT_SCOPE)
    return()
  endif()
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    return()
  endif()
  # Named levels, not -march=native: a compiler cache cannot tell two machines' "native" apart.
  if(NOT DEFINED TUNE_CPU_LEVEL)
    file(WRITE ${CMAKE_BINARY_DIR}/cpu_level.cpp [[
      int main() {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") ? 3 : 1;
      }
    ]])
    try_run(level compiled ${CMAKE_BINARY_DIR}/cpu_level ${CMAKE_BINARY_DIR}/cpu_level.cpp)
    if(NOT compiled OR NOT level STREQUAL "3")
      set(level 1)
    endif()
    set(TUNE_CPU_LEVEL ${level} CACHE INTERNAL "x86-64 level of this machine, at most 3")
    message(STATUS "Search compiled for x86-64-v${level}")
  endif()
  if(TUNE_CPU_LEVEL GREATER 1)
    set(${out} "-march=x86-64-v${TUNE_CPU_LEVEL}" PARENT_SCOPE)
  endif()
endfunction()
