# Finds LibTorch >= 2.6 inside an installed PyTorch (CPU and CUDA wheels alike) or an unpacked libtorch archive, and makes
#   LibTorch::torch         what a program links
# with the variables
#   LibTorch_DIR            the folder that holds include/ and lib/
#   LibTorch_VERSION        e.g. 2.13.0
#   LibTorch_CUDA           whether it can use a GPU at run time
#   LibTorch_CUDA_COMPILER  the nvcc of the same major version with which kernels of our own can be built for it, or empty
#   LibTorch_CUDA_MISSING   why there is none
#   LibTorch::cudart        the CUDA runtime that LibTorch itself uses, with nvcc's headers; where there is such an nvcc
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
set(LibTorch_CUDA_COMPILER "")
set(LibTorch_CUDA_MISSING "")
if(NOT EXISTS "${LibTorch_DIR}/lib/libtorch_cuda.so")
  set(LibTorch_CUDA_MISSING "the LibTorch at ${LibTorch_DIR} is one for CPUs only")
else()
  set(LibTorch_CUDA ON)
  # The runtime beside LibTorch: NVIDIA's own Python packages, or the archive's lib/.
  file(GLOB _libtorch_cudart "${LibTorch_DIR}/../nvidia/*/lib/libcudart.so.*" "${LibTorch_DIR}/lib/libcudart*.so*")
  list(FILTER _libtorch_cudart INCLUDE REGEX "libcudart[^/]*[.]so[.][0-9]+$")
  list(SUBLIST _libtorch_cudart 0 1 _libtorch_cudart)
  string(REGEX MATCH "[0-9]+$" _libtorch_cuda_version "${_libtorch_cudart}")
  find_program(TUNE_NVCC nvcc HINTS "$ENV{CUDA_HOME}/bin" /usr/local/cuda/bin DOC "CUDA's compiler")
  set(_libtorch_toolkit "")
  if(TUNE_NVCC)
    execute_process(COMMAND ${TUNE_NVCC} --version OUTPUT_VARIABLE _libtorch_toolkit ERROR_QUIET)
    string(REGEX MATCH "release ([0-9]+)" _libtorch_toolkit "${_libtorch_toolkit}")
    set(_libtorch_toolkit "${CMAKE_MATCH_1}")
  endif()
  if(NOT _libtorch_cudart)
    set(LibTorch_CUDA_MISSING "there is no libcudart.so beside the LibTorch at ${LibTorch_DIR}")
  elseif(NOT TUNE_NVCC)
    set(LibTorch_CUDA_MISSING "there is no nvcc (looked on PATH, in CUDA_HOME, in /usr/local/cuda)")
  elseif(NOT _libtorch_toolkit STREQUAL _libtorch_cuda_version)
    set(LibTorch_CUDA_MISSING "${TUNE_NVCC} is of CUDA ${_libtorch_toolkit}, but LibTorch is built for CUDA ${_libtorch_cuda_version}")
  else()
    set(LibTorch_CUDA_COMPILER "${TUNE_NVCC}")
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
  if(LibTorch_CUDA_COMPILER)
    get_filename_component(_libtorch_toolkit "${LibTorch_CUDA_COMPILER}" REALPATH)
    get_filename_component(_libtorch_toolkit "${_libtorch_toolkit}" DIRECTORY)
    add_library(LibTorch::cudart SHARED IMPORTED)
    set_target_properties(LibTorch::cudart PROPERTIES
      IMPORTED_LOCATION "${_libtorch_cudart}" INTERFACE_INCLUDE_DIRECTORIES "${_libtorch_toolkit}/../include")
  endif()
  message(STATUS "LibTorch ${LibTorch_VERSION} at ${LibTorch_DIR}, CUDA: ${LibTorch_CUDA}")
endif()
