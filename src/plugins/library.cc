#include "library.h"

#include <dataflow/plugin_abi.h>
#include <dlfcn.h>

#include <cstring>
#include <filesystem>

namespace dataflow::plugins {
namespace {

namespace abi = plugin::abi;
using Entry = const abi::Plugin* (*)();

// dlopen's words for what is no shared object at all name no file, or a system's library.
Status check_file(Env& env, const std::string& path) {
  // Opening a pipe would wait for whoever writes to it.
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored)) {
    return Status::invalid("is no regular file");
  }
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, env.open(path, OpenMode::kRead));
  char magic[4] = {};
  DF_ASSIGN_OR_RETURN(const size_t got, file->read_at(0, {magic, sizeof magic}));
  if (got == sizeof magic && std::memcmp(magic, "\177ELF", sizeof magic) == 0) return {};
  return Status::invalid("is no shared object; build it as one (add_library(… MODULE …))");
}

std::string last_words() {
  const char* const words = dlerror();
  return words == nullptr ? "for no reason that it tells" : words;
}

}  // namespace

Status check_fits(const abi::Plugin& plugin) {
  if (plugin.magic != abi::kMagic) {
    return Status::invalid("its symbol `" + std::string(abi::kSymbol) +
                           "` is not DataFlow's; define it by DATAFLOW_PLUGIN alone");
  }
  if (plugin.interface != abi::kInterface) {
    const bool newer = plugin.interface > abi::kInterface;
    return Status::unsupported(
        "is made for version " + std::to_string(plugin.interface) +
        " of the plug-in interface, and this program has version " +
        std::to_string(abi::kInterface) + ": " +
        (newer ? "use a newer program" : "build the plug-in anew, with this program's headers"));
  }
  if (std::strcmp(plugin.machine, abi::kMachine) != 0) {
    return Status::unsupported("is made for " + std::string(plugin.machine) +
                               ", and this program for " + abi::kMachine);
  }
  for (size_t i = 0; i < std::size(abi::kSizes); ++i) {
    if (plugin.sizes[i] == abi::kSizes[i]) continue;
    return Status::unsupported("lays out structure " + std::to_string(i) + " in " +
                               std::to_string(plugin.sizes[i]) + " bytes, this program in " +
                               std::to_string(abi::kSizes[i]) +
                               ": build it with this program's headers and usual compiler options");
  }
  if (plugin.name == nullptr || *plugin.name == '\0' || plugin.version == nullptr ||
      plugin.add_all == nullptr) {
    return Status::invalid("does not say its name and version");
  }
  return {};
}

Result<const abi::Plugin*> open_library(Env& env, const std::string& path) {
  DF_RETURN_IF_ERROR(check_file(env, path));
  // Names are bound now, so that a missing one is told here and not in the middle of a job.
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Status::invalid("cannot be loaded: " + last_words());
  void* const symbol = dlsym(library, abi::kSymbol);
  if (symbol == nullptr) {
    dlclose(library);
    return Status::invalid("is no plug-in: it has no symbol `" + std::string(abi::kSymbol) +
                           "`, which DATAFLOW_PLUGIN of <dataflow/plugin.h> defines");
  }
  const abi::Plugin* const plugin = reinterpret_cast<Entry>(symbol)();
  Status fits =
      plugin == nullptr ? Status::invalid("gives no description of itself") : check_fits(*plugin);
  if (!fits.ok()) {
    dlclose(library);
    return fits;
  }
  return plugin;
}

}  // namespace dataflow::plugins
