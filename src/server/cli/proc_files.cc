#include "cli/proc_files.h"

#include <unistd.h>

#include <charconv>
#include <sstream>

#include "base/env.h"

namespace dataflow::cli {
namespace {

constexpr size_t kMaxProcBytes = 16 << 20;
constexpr std::string_view kListenState = "0A";

// The socket's inode if this line of /proc/net/tcp is a listener on the port.
std::optional<std::string> listening_inode(const std::string& line, uint16_t port) {
  std::istringstream fields(line);
  std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
  fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >>
      inode;
  const size_t colon = local.rfind(':');
  if (inode.empty() || state != kListenState || colon == std::string::npos) return std::nullopt;
  unsigned found = 0;
  std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, 16);
  if (found != port) return std::nullopt;
  return inode;
}

bool holds_socket(const std::string& process, const std::string& inode) {
  const std::string folder = process + "/fd";
  Result<std::vector<DirEntry>> files = posix_env().list_dir(folder);
  if (!files.ok()) return false;
  const std::string wanted = "socket:[" + inode + "]";
  for (const DirEntry& file : *files) {
    char target[64];
    const ssize_t length = readlink((folder + "/" + file.name).c_str(), target, sizeof target);
    if (length > 0 && std::string_view(target, static_cast<size_t>(length)) == wanted) return true;
  }
  return false;
}

Listener owner_of(const std::string& inode) {
  Result<std::vector<DirEntry>> processes = posix_env().list_dir("/proc");
  if (!processes.ok()) return {};
  for (const DirEntry& entry : *processes) {
    int pid = 0;
    auto [end, error] =
        std::from_chars(entry.name.data(), entry.name.data() + entry.name.size(), pid);
    if (error != std::errc() || *end != '\0') continue;
    const std::string process = "/proc/" + entry.name;
    if (!holds_socket(process, inode)) continue;
    std::string name = read_proc(process + "/comm").value_or("");
    while (name.ends_with('\n')) name.pop_back();
    return {pid, name};
  }
  return {};
}

}  // namespace

std::optional<std::string> read_proc(const std::string& path) {
  Result<std::unique_ptr<File>> file = posix_env().open(path, OpenMode::kRead);
  if (!file.ok()) return std::nullopt;
  std::string all;
  char chunk[4096];
  while (all.size() < kMaxProcBytes) {
    Result<size_t> got = (*file)->read_at(all.size(), chunk);
    if (!got.ok()) return std::nullopt;
    if (*got == 0) break;
    all.append(chunk, *got);
  }
  return all;
}

std::optional<Listener> find_listener(uint16_t port) {
  for (const char* path : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::istringstream lines(read_proc(path).value_or(""));
    for (std::string line; std::getline(lines, line);) {
      if (std::optional<std::string> inode = listening_inode(line, port)) return owner_of(*inode);
    }
  }
  return std::nullopt;
}

}  // namespace dataflow::cli
