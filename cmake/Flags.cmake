# Compiler and linker settings, the same for every target.

set(DATAFLOW_SANITIZE "" CACHE STRING "address (with undefined), thread, or nothing")
option(DATAFLOW_FUZZ "Build the libFuzzer targets and what they need, nothing else (needs clang)" OFF)
option(DATAFLOW_TEST_PCH "Precompile GoogleTest's headers for the test programs" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g -D_GLIBCXX_ASSERTIONS")

# x86-64-v2 (SSE 4.2 with its crc32 instruction) runs on every server since 2009.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-march=x86-64-v2)
endif()
add_compile_options(-Wall -Wextra -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(NOT DATAFLOW_FUZZ)
  add_compile_options(-Werror)
endif()

if(DATAFLOW_SANITIZE STREQUAL "address")
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -D_GLIBCXX_ASSERTIONS")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
  # The instrumentation hides from GCC that a variable is set on every path.
  add_compile_options(-Wno-maybe-uninitialized)
elseif(DATAFLOW_SANITIZE STREQUAL "thread")
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -D_GLIBCXX_ASSERTIONS")
  # -Wtsan: atomic_thread_fence, which TSan does not follow, is used inside Boost.Asio.
  add_compile_options(-fsanitize=thread -Wno-tsan -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=thread)
elseif(NOT DATAFLOW_SANITIZE STREQUAL "")
  message(FATAL_ERROR "DATAFLOW_SANITIZE is `${DATAFLOW_SANITIZE}`; it may be address, thread or empty")
endif()

if(DATAFLOW_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "DATAFLOW_FUZZ needs clang: configure with -DCMAKE_CXX_COMPILER=clang++-14")
  endif()
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -D_GLIBCXX_ASSERTIONS")
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(DATAFLOW_CCACHE ccache)
if(DATAFLOW_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${DATAFLOW_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${DATAFLOW_CCACHE}")
endif()
find_program(DATAFLOW_MOLD mold)
if(DATAFLOW_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
add_link_options(-Wl,--as-needed)
