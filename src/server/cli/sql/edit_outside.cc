#include "cli/sql/edit_outside.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "base/env.h"
#include "cli/document.h"

namespace dataflow::cli {
namespace {

constexpr size_t kMostBytes = 64 << 20;

std::string editor_command() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* const given = ::getenv(name);
    if (given != nullptr && *given != '\0') return given;
  }
  return "vi";
}

// A file that its owner alone may read, and that goes with this.
class PrivateFile {
 public:
  ~PrivateFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }

  Status write(const std::string& text) {
    std::error_code error;
    std::string name =
        std::filesystem::temp_directory_path(error).string() + "/statement-XXXXXX.sql";
    if (error) return Status::io_error("finding a folder for the text: " + error.message());
    const int fd = ::mkostemps(name.data(), 4, O_CLOEXEC);
    if (fd < 0) return Status::io_error("making " + name + ": " + std::strerror(errno));
    path_ = name;
    ::close(fd);
    DF_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                        posix_env().open(path_, OpenMode::kTruncate));
    return file->write_at(0, text);
  }

 private:
  std::string path_;
};

// Ctrl-C is the editor's while it runs, and not ours.
class InterruptsIgnored {
 public:
  InterruptsIgnored() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &ignore, &before_);
  }
  ~InterruptsIgnored() { sigaction(SIGINT, &before_, nullptr); }

 private:
  struct sigaction before_ = {};
};

Status run_editor(const std::string& path) {
  const std::string command = editor_command();
  // The shell knows the words of a command such as `code --wait`.
  const std::string script = command + " \"$1\"";
  const InterruptsIgnored ignored;
  const pid_t child = ::fork();
  if (child < 0) return Status::unavailable(std::string("starting it: ") + std::strerror(errno));
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    ::execl("/bin/sh", "sh", "-c", script.c_str(), "sh", path.c_str(), nullptr);
    ::_exit(127);
  }
  int how = 0;
  while (::waitpid(child, &how, 0) < 0) {
    if (errno != EINTR)
      return Status::io_error(std::string("waiting for it: ") + std::strerror(errno));
  }
  if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return {};
  return Status::unavailable("`" + command +
                             "` failed, and the text is as it was; $EDITOR names another one");
}

}  // namespace

Result<std::string> edit_outside(const std::string& text) {
  PrivateFile file;
  DF_RETURN_IF_ERROR(file.write(text.empty() ? text : text + "\n"));
  DF_RETURN_IF_ERROR(run_editor(file.path()));
  DF_ASSIGN_OR_RETURN(std::string edited, posix_env().read_file(file.path(), kMostBytes));
  if (!is_utf8(edited)) {
    return Status::invalid("the text that it left is not UTF-8");
  }
  const size_t end = edited.find_last_not_of(" \t\r\n");
  edited.resize(end == std::string::npos ? 0 : end + 1);
  return edited;
}

}  // namespace dataflow::cli
