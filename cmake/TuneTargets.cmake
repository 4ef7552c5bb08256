# What every target of the project shares: warnings as errors, sanitizers, includes from the repository root.

add_library(tune_flags INTERFACE)
target_include_directories(tune_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(tune_flags INTERFACE -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor -Werror)
target_compile_definitions(tune_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(TUNE_SANITIZE)
  target_compile_options(tune_flags INTERFACE -fsanitize=${TUNE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1)
  # With sanitizers g++ sees uninitialised variants where there are none (GCC bug 105562 and its kin).
  target_compile_options(tune_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(tune_flags INTERFACE -fsanitize=${TUNE_SANITIZE})
endif()

# A library of all sources under the current folder; PRIVATE third-party libraries follow its name.
function(tune_library name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(pattern ${ARG_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX ${pattern})
  endforeach()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC tune_contracts tune_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# A doctest binary of all sources of one test folder; each *_test.cpp is one test of CTest.
function(tune_test name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE tune_test_support ${ARG_LINK})
  # g++ 12 sees uninitialised variants in simulated trials where there are none (GCC bug 105562 and its kin).
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  list(FILTER sources INCLUDE REGEX "_test\\.cpp$")
  foreach(source ${sources})
    get_filename_component(stem ${source} NAME_WE)
    file(RELATIVE_PATH shown ${CMAKE_SOURCE_DIR} ${source})
    add_test(NAME ${name}/${stem} COMMAND ${name} --source-file=*/${stem}.cpp --no-intro)
    set_tests_properties(${name}/${stem} PROPERTIES TIMEOUT 300 FAIL_REGULAR_EXPRESSION "test cases: *0 \\|")
  endforeach()
endfunction()
