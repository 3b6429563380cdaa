#include "cli/child_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/env.h"
#include "cli/interrupt.h"

namespace dataflow::cli {
namespace {

constexpr uint64_t kMaxLogTail = 1 << 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

int open_pidfd(int pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

std::string problem(const std::string& doing) { return doing + ": " + std::strerror(errno); }

// In the child, where nothing may allocate any more: only what was prepared before the fork is
// used.
[[noreturn]] void become_server(int log, bool detached, char* const* words) {
  if (detached) {
    setsid();
  } else {
    // A server in the foreground does not outlive the one who shows it.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    // Ctrl-C reaches the parent alone, which then asks for a clean stop.
    setpgid(0, 0);
  }
  const int null = ::open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  execv("/proc/self/exe", words);
  _exit(127);
}

// The last lines, which say why a server did not start.
std::string last_words(const std::string& log_file, uint64_t from) {
  Result<std::unique_ptr<File>> file = posix_env().open(log_file, OpenMode::kRead);
  if (!file.ok()) return {};
  std::string text(kMaxLogTail, '\0');
  Result<size_t> got = (*file)->read_at(from, text);
  if (!got.ok()) return {};
  text.resize(*got);
  // What it says to its starter in plain words, where there is such a line.
  const std::string mark = "dataflow server: ";
  const size_t plain = text.rfind(mark);
  if (plain != std::string::npos) text.erase(0, plain + mark.size());
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Status await_ready(int pid, const Descriptor& watch, const ServerStart& start, uint64_t log_from,
                   int64_t timeout_ms) {
  const Descriptor process(open_pidfd(pid));
  const int64_t end = posix_env().monotonic_nanos() + timeout_ms * 1'000'000;
  while (!posix_env().exists(start.ready_file)) {
    const int64_t left = (end - posix_env().monotonic_nanos()) / 1'000'000;
    DF_RETURN_IF_ERROR(check_interrupt());
    if (left <= 0) {
      return Status::timed_out("the server is not ready after " +
                               std::to_string(timeout_ms / 1000) + " s; see " + start.log_file);
    }
    pollfd entries[] = {{watch.get(), POLLIN, 0}, {process.get(), POLLIN, 0}};
    if (::poll(entries, 2, static_cast<int>(left)) < 0 && errno != EINTR) {
      return Status::io_error(problem("waiting for the server"));
    }
    if (entries[1].revents != 0) {
      waitpid(pid, nullptr, 0);
      return Status::internal("the server did not start: " + last_words(start.log_file, log_from));
    }
    char events[4096];
    (void)!::read(watch.get(), events, sizeof events);
  }
  return {};
}

}  // namespace

Result<int> start_server_process(const ServerStart& start, int64_t timeout_ms) {
  Env& env = posix_env();
  const std::string folder = parent_dir(start.ready_file);
  DF_RETURN_IF_ERROR(env.create_dirs(folder));
  if (env.exists(start.ready_file)) DF_RETURN_IF_ERROR(env.remove_file(start.ready_file));
  const Descriptor watch(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (watch.get() < 0 || inotify_add_watch(watch.get(), folder.c_str(), IN_MOVED_TO) < 0) {
    return Status::io_error(problem("watching " + folder));
  }
  const Descriptor log(
      ::open(start.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (log.get() < 0) return Status::io_error(problem("opening " + start.log_file));
  const auto log_from = static_cast<uint64_t>(lseek(log.get(), 0, SEEK_END));
  std::vector<std::string> words = {"dataflow"};
  words.insert(words.end(), start.arguments.begin(), start.arguments.end());
  std::vector<char*> raw;
  raw.reserve(words.size() + 1);
  for (std::string& word : words) raw.push_back(word.data());
  raw.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return Status::io_error(problem("starting the server"));
  if (pid == 0) become_server(log.get(), start.detached, raw.data());
  Status ready = await_ready(pid, watch, start, log_from, timeout_ms);
  if (!ready.ok()) {
    // Still our child: either it has ended, or it is asked to.
    if (ready.code() != StatusCode::kInternal) kill(pid, SIGTERM);
    return ready;
  }
  return static_cast<int>(pid);
}

Result<bool> await_process_end(int pid, int64_t timeout_ms) {
  const Descriptor process(open_pidfd(pid));
  if (process.get() < 0) {
    if (errno == ESRCH) return true;
    return Status::io_error(problem("looking at process " + std::to_string(pid)));
  }
  pollfd entry{process.get(), POLLIN, 0};
  const int ended = ::poll(&entry, 1, static_cast<int>(timeout_ms));
  if (ended < 0 && errno != EINTR)
    return Status::io_error(problem("waiting for process " + std::to_string(pid)));
  return ended > 0;
}

}  // namespace dataflow::cli
