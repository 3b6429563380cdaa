# The external libraries, as targets that a room names in LIBS. script/bootstrap installs them.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL REQUIRED)                    # OpenSSL::SSL, OpenSSL::Crypto
find_package(Boost 1.81 REQUIRED)                 # Boost::headers (Asio, Beast, Intrusive)
find_package(nlohmann_json 3.11 REQUIRED)         # nlohmann_json::nlohmann_json
find_package(fmt REQUIRED)                        # fmt::fmt
find_package(spdlog REQUIRED)                     # spdlog::spdlog
find_package(CLI11 REQUIRED)                      # CLI11::CLI11
find_package(GTest REQUIRED)                      # linked into test programs by dataflow_room()

# dataflow_library(lz4::lz4 HEADER lz4.h NAMES lz4): for libraries whose packages bring no CMake file.
function(dataflow_library target)
  cmake_parse_arguments(ARG "" "HEADER" "NAMES" ${ARGN})
  if(TARGET ${target})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "DATAFLOW_${target}" id)
  find_path(${id}_INCLUDE "${ARG_HEADER}")
  find_library(${id}_LIBRARY NAMES ${ARG_NAMES})
  if(NOT ${id}_INCLUDE OR NOT ${id}_LIBRARY)
    message(FATAL_ERROR "${target}: ${ARG_HEADER} or lib${ARG_NAMES} was not found; run script/bootstrap")
  endif()
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${${id}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${${id}_INCLUDE}")
endfunction()

dataflow_library(RocksDB::rocksdb HEADER rocksdb/db.h NAMES rocksdb)
dataflow_library(lz4::lz4 HEADER lz4frame.h NAMES lz4)
dataflow_library(zstd::zstd HEADER zstd.h NAMES zstd)
dataflow_library(Snappy::snappy HEADER snappy.h NAMES snappy)
dataflow_library(yaml-cpp::yaml-cpp HEADER yaml-cpp/yaml.h NAMES yaml-cpp)
dataflow_library(simdjson::simdjson HEADER simdjson.h NAMES simdjson)
dataflow_library(re2::re2 HEADER re2/re2.h NAMES re2)

# Arrow comes out of its Python wheel, whose libraries carry no link for the linker; see script/bootstrap.
set(DATAFLOW_ARROW "${CMAKE_SOURCE_DIR}/build/arrow" CACHE PATH "Arrow C++: include/ and lib/")
function(dataflow_arrow_library target file)
  if(NOT EXISTS "${DATAFLOW_ARROW}/lib/${file}")
    message(FATAL_ERROR "${target}: ${DATAFLOW_ARROW}/lib/${file} was not found; run script/bootstrap")
  endif()
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${DATAFLOW_ARROW}/lib/${file}"
    INTERFACE_INCLUDE_DIRECTORIES "${DATAFLOW_ARROW}/include")
endfunction()
dataflow_arrow_library(Arrow::arrow libarrow.so.2600)           # columns, IPC, CSV, file systems
dataflow_arrow_library(Arrow::compute libarrow_compute.so.2600) # kernels
target_link_libraries(Arrow::compute INTERFACE Arrow::arrow)

# DuckDB answers questions about the catalog. Its library is loaded at the first of them, not linked.
set(DATAFLOW_DUCKDB "${CMAKE_SOURCE_DIR}/build/duckdb" CACHE PATH "DuckDB: duckdb.h and libduckdb.so")
if(NOT EXISTS "${DATAFLOW_DUCKDB}/duckdb.h")
  message(FATAL_ERROR "DuckDB::header: ${DATAFLOW_DUCKDB}/duckdb.h was not found; run script/bootstrap")
endif()
add_library(DuckDB::header INTERFACE IMPORTED GLOBAL)
target_include_directories(DuckDB::header INTERFACE "${DATAFLOW_DUCKDB}")
