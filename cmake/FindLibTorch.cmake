# Finds LibTorch >= 2.6 inside an installed PyTorch (CPU and CUDA wheels alike) or an unpacked libtorch archive, and makes
#   LibTorch::torch         what a program links
# with the variables
#   LibTorch_DIR            the folder that holds include/ and lib/
#   LibTorch_VERSION        e.g. 2.13.0
#   LibTorch_CUDA           whether it can use a GPU at run time
#   LibTorch_CUDA_COMPILER  whether nvcc of the same major version is there, so that kernels of our own can be built for it
# Looked at, in this order: TUNE_TORCH_DIR (CMake variable, else environment), .deps/torch-dir (scripts/setup.sh writes it), the
# PyTorch of python3, .deps/venv. The wheels' own TorchConfig.cmake is not used: the one of a CUDA wheel insists on parts of the
# CUDA toolkit that neither it nor we need.

set(TUNE_TORCH_DIR "" CACHE PATH "PyTorch's folder (or an unpacked libtorch); empty: look for it")

# The nearest folder at or above `path` that holds include/torch and lib/, so that torch.utils.cmake_prefix_path does too.
function(_libtorch_root path result)
  set(${result} "" PARENT_SCOPE)
  foreach(unused RANGE 3)
    if(EXISTS "${path}/include/torch/csrc/api/include/torch/torch.h" AND EXISTS "${path}/lib")
      set(${result} "${path}" PARENT_SCOPE)
      return()
    endif()
    get_filename_component(path "${path}" DIRECTORY)
  endforeach()
endfunction()

# Where `python` would import torch from, without the seconds that importing it takes.
function(_libtorch_of_python python result)
  execute_process(
    COMMAND ${python} -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  _libtorch_root("${found}" root)
  set(${result} "${root}" PARENT_SCOPE)
endfunction()

function(_libtorch_version root result)
  set(header "${root}/include/torch/headeronly/version.h")
  if(NOT EXISTS "${header}")
    set(header "${root}/include/torch/csrc/api/include/torch/version.h")
  endif()
  file(STRINGS "${header}" lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  string(REGEX REPLACE "[^;]* ([0-9]+)" "\\1" numbers "${lines}")
  string(REPLACE ";" "." numbers "${numbers}")
  set(${result} "${numbers}" PARENT_SCOPE)
endfunction()

set(LibTorch_DIR "")
set(_libtorch_given "${TUNE_TORCH_DIR}")
if(NOT _libtorch_given)
  set(_libtorch_given "$ENV{TUNE_TORCH_DIR}")
endif()
if(_libtorch_given)
  _libtorch_root("${_libtorch_given}" LibTorch_DIR)
  if(NOT LibTorch_DIR)
    message(FATAL_ERROR "TUNE_TORCH_DIR=${_libtorch_given} holds no LibTorch (no include/torch and lib/ there)")
  endif()
else()
  if(EXISTS "${CMAKE_SOURCE_DIR}/.deps/torch-dir")
    file(STRINGS "${CMAKE_SOURCE_DIR}/.deps/torch-dir" _libtorch_noted LIMIT_COUNT 1)
    _libtorch_root("${_libtorch_noted}" LibTorch_DIR)
  endif()
  foreach(python python3 "${CMAKE_SOURCE_DIR}/.deps/venv/bin/python")
    if(NOT LibTorch_DIR)
      _libtorch_of_python(${python} LibTorch_DIR)
    endif()
  endforeach()
endif()

set(LibTorch_VERSION "")
if(LibTorch_DIR)
  _libtorch_version("${LibTorch_DIR}" LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LibTorch_DIR VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup.sh, or set TUNE_TORCH_DIR, or configure with -DTUNE_TRAINERS=OFF")
if(NOT LibTorch_FOUND)
  return()
endif()

# The C++ ABI is the new one but for some wheels of 2.6, which say so in their own config.
set(_libtorch_abi 1)
if(EXISTS "${LibTorch_DIR}/share/cmake/Torch/TorchConfig.cmake")
  file(STRINGS "${LibTorch_DIR}/share/cmake/Torch/TorchConfig.cmake" _libtorch_old REGEX "_GLIBCXX_USE_CXX11_ABI=0")
  if(_libtorch_old)
    set(_libtorch_abi 0)
  endif()
endif()

set(LibTorch_CUDA OFF)
set(LibTorch_CUDA_COMPILER OFF)
if(EXISTS "${LibTorch_DIR}/lib/libtorch_cuda.so")
  set(LibTorch_CUDA ON)
  find_program(_libtorch_nvcc nvcc HINTS "$ENV{CUDA_HOME}/bin" /usr/local/cuda/bin)
  if(_libtorch_nvcc AND EXISTS "${LibTorch_DIR}/version.py")
    file(STRINGS "${LibTorch_DIR}/version.py" _libtorch_wheel REGEX "^cuda.*= *'[0-9]+")
    string(REGEX MATCH "'([0-9]+)" _libtorch_wheel "${_libtorch_wheel}")
    set(_libtorch_wheel "${CMAKE_MATCH_1}")
    execute_process(COMMAND ${_libtorch_nvcc} --version OUTPUT_VARIABLE _libtorch_toolkit ERROR_QUIET)
    string(REGEX MATCH "release ([0-9]+)" _libtorch_toolkit "${_libtorch_toolkit}")
    if(_libtorch_wheel AND _libtorch_wheel STREQUAL "${CMAKE_MATCH_1}")
      set(LibTorch_CUDA_COMPILER ON)
    endif()
  endif()
endif()

if(NOT TARGET LibTorch::torch)
  foreach(part c10 torch_cpu)
    add_library(LibTorch::${part} SHARED IMPORTED)
    set_target_properties(LibTorch::${part} PROPERTIES IMPORTED_LOCATION "${LibTorch_DIR}/lib/lib${part}.so")
  endforeach()
  add_library(LibTorch::torch SHARED IMPORTED)
  set_target_properties(LibTorch::torch PROPERTIES
    IMPORTED_LOCATION "${LibTorch_DIR}/lib/libtorch.so"
    INTERFACE_INCLUDE_DIRECTORIES "${LibTorch_DIR}/include;${LibTorch_DIR}/include/torch/csrc/api/include"
    INTERFACE_COMPILE_DEFINITIONS "_GLIBCXX_USE_CXX11_ABI=${_libtorch_abi}"
    INTERFACE_LINK_LIBRARIES "LibTorch::torch_cpu;LibTorch::c10")
  if(LibTorch_CUDA)
    # Its kernels register themselves when it is loaded; no symbol of ours asks for it, so the linker would drop it.
    set_property(TARGET LibTorch::torch APPEND PROPERTY INTERFACE_LINK_OPTIONS
      "LINKER:--push-state,--no-as-needed,${LibTorch_DIR}/lib/libtorch_cuda.so,${LibTorch_DIR}/lib/libc10_cuda.so,--pop-state")
  endif()
  message(STATUS "LibTorch ${LibTorch_VERSION} at ${LibTorch_DIR}, CUDA: ${LibTorch_CUDA}")
endif()
