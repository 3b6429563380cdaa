// What doctor looks at on the machine.
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/env.h"
#include "cli/doctor.h"
#include "cli/moment.h"
#include "cli/proc_files.h"

namespace dataflow::cli {
namespace {

constexpr int kSyncRounds = 40;
constexpr size_t kSyncBytes = 4096;
constexpr double kSlowSyncMs = 20;
constexpr double kVerySlowSyncMs = 200;
constexpr int64_t kLittleSpace = int64_t{2} << 30;
constexpr uint64_t kFewFiles = 65'536;
constexpr int64_t kLittleMemory = int64_t{512} << 20;
// 2024-01-01: a clock before it was never set.
constexpr int64_t kNotBefore = 1'704'067'200'000;

// The folder itself, or the nearest one above it that is there.
std::string existing_folder(std::string path) {
  while (!posix_env().exists(path) && path != "/" && path != ".") path = parent_dir(path);
  return path;
}

std::string millis(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, ms < 10 ? "%.2f ms" : "%.0f ms", ms);
  return text;
}

Result<std::vector<double>> measure_syncs(const std::string& path) {
  Env& env = posix_env();
  DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file, env.open(path, OpenMode::kTruncate));
  const std::string block(kSyncBytes, 'x');
  std::vector<double> times;
  for (int i = 0; i < kSyncRounds; ++i) {
    const int64_t start = env.monotonic_nanos();
    DF_RETURN_IF_ERROR(file->write_at(static_cast<uint64_t>(i) * kSyncBytes, block));
    DF_RETURN_IF_ERROR(file->sync());
    times.push_back(static_cast<double>(env.monotonic_nanos() - start) / 1e6);
  }
  std::sort(times.begin(), times.end());
  return times;
}

// Nothing where the address is free.
std::optional<int> bind_error(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) !=
      0) {
    return EADDRNOTAVAIL;
  }
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  std::optional<int> error;
  if (::bind(fd, found->ai_addr, found->ai_addrlen) != 0 || ::listen(fd, 1) != 0) error = errno;
  ::close(fd);
  freeaddrinfo(found);
  return error;
}

int64_t kilobytes_of(const std::string& meminfo, const std::string& name) {
  const size_t at = meminfo.find(name + ":");
  if (at == std::string::npos) return -1;
  const size_t digits = meminfo.find_first_of("0123456789", at);
  int64_t value = -1;
  if (digits != std::string::npos) {
    std::from_chars(meminfo.data() + digits, meminfo.data() + meminfo.size(), value);
  }
  return value;
}

}  // namespace

Check check_disk_space(const std::string& data_dir, int64_t reserve_bytes) {
  Check check{"disk space"};
  const std::string folder = existing_folder(data_dir);
  Result<uint64_t> free = posix_env().free_bytes(folder);
  if (!free.ok()) {
    return {check.name, Finding::kProblem, free.status().message(),
            "choose another folder with --data-dir"};
  }
  const auto bytes = static_cast<int64_t>(*free);
  check.found = human_bytes(bytes) + " free for " + data_dir;
  if (bytes <= reserve_bytes) {
    check.finding = Finding::kProblem;
    check.advice = "the server refuses records below " + human_bytes(reserve_bytes) +
                   " (log.reserve): make room, or shorten a stream's retention";
  } else if (bytes < kLittleSpace) {
    check.finding = Finding::kWarning;
    check.advice =
        "make room, or shorten the streams' retention: dataflow stream alter NAME --retention 1d";
  }
  return check;
}

Check check_file_system(const std::string& data_dir) {
  Check check{"file system"};
  struct statfs about {};
  if (statfs(existing_folder(data_dir).c_str(), &about) != 0) {
    return {check.name, Finding::kWarning, std::strerror(errno), ""};
  }
  struct Kind {
    long magic;
    const char* name;
    const char* advice;
  };
  static constexpr Kind kKinds[] = {
      {0xEF53, "ext4", nullptr},
      {0x58465342, "xfs", nullptr},
      {static_cast<long>(0x9123683E), "btrfs", nullptr},
      {0x2FC12FC1, "zfs", nullptr},
      {0x794c7630, "overlay",
       "a container's own layer goes with the container: mount a volume for the data"},
      {0x01021994, "tmpfs",
       "this is memory: everything is gone at the next restart of the machine"},
      {0x6969, "NFS", "a network file system may lose what it has acknowledged: take a local disk"},
      {static_cast<long>(0xFF534D42), "CIFS",
       "a network file system may lose what it has acknowledged: take a local disk"},
  };
  check.found = "not one of the usual ones";
  for (const Kind& kind : kKinds) {
    if (static_cast<long>(about.f_type) != kind.magic) continue;
    check.found = kind.name;
    if (kind.advice != nullptr) {
      check.finding = Finding::kWarning;
      check.advice = kind.advice;
    }
  }
  return check;
}

Check check_sync_time(const std::string& data_dir) {
  Check check{"fsync time"};
  const std::string path =
      existing_folder(data_dir) + "/dataflow-doctor-" + std::to_string(getpid());
  Result<std::vector<double>> times = measure_syncs(path);
  (void)posix_env().remove_file(path).ok();
  if (!times.ok()) {
    return {check.name, Finding::kProblem, times.status().message(),
            "the data directory must be writable: choose another one with --data-dir, or change "
            "its owner"};
  }
  const double median = (*times)[times->size() / 2];
  const double worst = times->back();
  check.found = millis(median) + " typically, " + millis(worst) + " at worst (" +
                std::to_string(kSyncRounds) + " writes of 4 KiB)";
  if (median > kVerySlowSyncMs || median > kSlowSyncMs) {
    check.finding = Finding::kWarning;
    check.advice =
        "every acknowledgement waits for it: put the data on an SSD or NVMe disk of this machine";
  }
  return check;
}

Check check_clock() {
  Check check{"clock"};
  const int64_t now = posix_env().now().value();
  check.found = format_moment(now);
  if (now < kNotBefore) {
    check.finding = Finding::kProblem;
    check.advice =
        "it was never set: records would get wrong times and retention would go wrong; set it, or "
        "run NTP";
    return check;
  }
  timex state{};
  if (adjtimex(&state) < 0) return check;
  const bool synced = (state.status & STA_UNSYNC) == 0;
  check.found += synced ? ", kept right by a time service"
                        : ", not kept right by a time service that the kernel knows";
  return check;
}

Check check_open_files() {
  Check check{"open files"};
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return {check.name, Finding::kWarning, std::strerror(errno), ""};
  }
  // The server raises its own limit up to the hard one.
  const bool unlimited = limit.rlim_max == RLIM_INFINITY;
  check.found = unlimited ? "no limit" : "at most " + grouped(static_cast<int64_t>(limit.rlim_max));
  if (!unlimited && limit.rlim_max < kFewFiles) {
    check.finding = Finding::kWarning;
    check.advice =
        "each connection and each segment takes one: raise the hard limit (LimitNOFILE in systemd, "
        "ulimit -Hn, nofile in /etc/security/limits.conf)";
  }
  return check;
}

Check check_memory() {
  Check check{"memory"};
  const int64_t available = kilobytes_of(read_proc("/proc/meminfo").value_or(""), "MemAvailable");
  if (available < 0) return {check.name, Finding::kWarning, "unknown", ""};
  int64_t bytes = available * 1024;
  check.found = human_bytes(bytes) + " available";
  int64_t limit = -1;
  const std::string group = read_proc("/sys/fs/cgroup/memory.max").value_or("");
  std::from_chars(group.data(), group.data() + group.size(), limit);
  if (limit > 0) {
    check.found += ", this container may use " + human_bytes(limit);
    bytes = std::min(bytes, limit);
  }
  if (bytes < kLittleMemory) {
    check.finding = Finding::kWarning;
    check.advice = "lower kafka.request_memory, or give the machine more";
  }
  return check;
}

Check check_port(const std::string& what, const Address& address, bool ours) {
  Check check{"port " + std::to_string(address.port)};
  const std::string role = " (" + what + ")";
  if (address.port == 0) return {what + " port", Finding::kOk, "any free one", ""};
  if (ours) {
    check.found = "the running DataFlow server listens on it" + role;
    return check;
  }
  const std::optional<int> error = bind_error(address);
  if (!error) {
    check.found = "free" + role;
    return check;
  }
  check.finding = Finding::kProblem;
  if (*error != EADDRINUSE) {
    check.found =
        address.to_string() + " cannot be listened on" + role + ": " + std::strerror(*error);
    check.advice = "choose another address for " + what + ".listen";
    return check;
  }
  check.found = "taken" + role;
  const std::optional<Listener> owner = find_listener(address.port);
  if (owner && owner->pid > 0) {
    check.found += " by " + printable(owner->name) + ", process " + std::to_string(owner->pid);
  } else if (owner) {
    check.found += " by a process that this user may not see";
  }
  check.advice = "stop it, or give DataFlow another port: --" + what +
                 "-listen 127.0.0.1:0 takes a free one "
                 "(emulator start --any-port for all)";
  return check;
}

}  // namespace dataflow::cli
