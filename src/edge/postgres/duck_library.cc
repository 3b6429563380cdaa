#include "duck_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

namespace dataflow::postgres {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "libduckdb.so";

std::vector<fs::path> places() {
  std::vector<fs::path> out;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path folder = program.parent_path();
    out.push_back(folder / kFile);
    // build/<mode>/bin/<program>
    out.push_back((folder / ".." / ".." / "duckdb" / kFile).lexically_normal());
  }
  if (const char* given = std::getenv("DATAFLOW_DUCKDB"); given != nullptr && *given != '\0') {
    const fs::path place(given);
    out.push_back(fs::is_directory(place, error) ? place / kFile : place);
  }
  return out;
}

Status find_functions(void* handle, DuckLibrary& library) {
#define DATAFLOW_DUCKDB_FIND(name)                                                            \
  library.name =                                                                              \
      reinterpret_cast<decltype(library.name)>(dlsym(handle, "duckdb_" #name)); /* NOLINT */  \
  if (library.name == nullptr) {                                                              \
    return Status::unavailable("libduckdb.so has no duckdb_" #name ": it is not DuckDB 1.4"); \
  }
  DATAFLOW_DUCKDB_FUNCTIONS(DATAFLOW_DUCKDB_FIND)
#undef DATAFLOW_DUCKDB_FIND
  return {};
}

Status load(DuckLibrary& library) {
  std::string looked;
  for (const fs::path& place : places()) {
    std::error_code error;
    looked += (looked.empty() ? "" : ", ") + place.string();
    if (!fs::exists(place, error)) continue;
    void* handle = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      return Status::unavailable("the catalog needs DuckDB, which does not load: " +
                                 std::string(dlerror()));
    }
    return find_functions(handle, library);
  }
  // Where the program was installed with its libraries.
  if (void* handle = dlopen(kFile, RTLD_NOW | RTLD_LOCAL); handle != nullptr) {
    return find_functions(handle, library);
  }
  return Status::unavailable("the catalog needs DuckDB's libduckdb.so, which is not there (" +
                             looked +
                             "): put it beside the program, or name it in DATAFLOW_DUCKDB");
}

}  // namespace

Result<const DuckLibrary*> duck_library() {
  static std::mutex mutex;
  static DuckLibrary library;
  static bool loaded = false;
  const std::lock_guard lock(mutex);
  if (!loaded) {
    DF_RETURN_IF_ERROR(load(library));
    loaded = true;
  }
  return &std::as_const(library);
}

}  // namespace dataflow::postgres
