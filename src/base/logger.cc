#include "base/logger.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <unordered_map>

#include "base/edit_distance.h"
#include "log_format.h"

namespace dataflow {
namespace {

// Keys hold names from outside; past this many they are forgotten, and a line too many is written.
constexpr size_t kMostLimitedKeys = 4096;

struct LimitedKey {
  int64_t next_nanos = 0;
  uint64_t suppressed = 0;
};

struct Sink {
  std::mutex mutex;
  LogOptions options;
  std::unique_ptr<File> file;
  uint64_t position = 0;
  std::vector<std::string>* captured = nullptr;
  std::unordered_map<std::string, LimitedKey> limited;

  Env& env() { return options.env != nullptr ? *options.env : posix_env(); }
};

// Never destroyed: threads log until the very end.
Sink& sink() {
  static Sink* const the_sink = new Sink;
  return *the_sink;
}

void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, line.data(), line.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;  // there is nobody left to tell
    line.remove_prefix(static_cast<size_t>(put));
  }
}

void emit(Sink& to, std::string_view line) {
  if (to.captured != nullptr) {
    to.captured->emplace_back(line.substr(0, line.size() - 1));
    return;
  }
  if (to.file != nullptr && to.file->write_at(to.position, line).ok()) {
    to.position += line.size();
    return;
  }
  // Without a file, or with one that takes no more (a full disk): somebody may be looking here.
  write_to_stderr(line);
}

void write_line(LogLevel level, std::string_view message, LogFields fields, uint64_t suppressed) {
  thread_local std::string line;
  line.clear();
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  append_log_line(line, to.options.format, to.env().now(), level, message, fields, suppressed);
  emit(to, line);
}

struct OpenedLog {
  std::unique_ptr<File> file;
  uint64_t end = 0;
};

Result<OpenedLog> open_log(const LogOptions& options) {
  OpenedLog opened;
  if (options.path.empty()) return opened;
  Env& env = options.env != nullptr ? *options.env : posix_env();
  DF_ASSIGN_OR_RETURN(opened.file, env.open(options.path, OpenMode::kReadWrite));
  DF_ASSIGN_OR_RETURN(opened.end, opened.file->size());
  return opened;
}

constexpr std::array kLevels = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn,
                                LogLevel::kError, LogLevel::kOff};

}  // namespace

namespace log_detail {

std::atomic<LogLevel> threshold{LogLevel::kInfo};

void write(LogLevel level, std::string_view message, LogFields fields) {
  write_line(level, message, fields, 0);
}

}  // namespace log_detail

std::string_view log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarn: return "warn";
    case LogLevel::kError: return "error";
    case LogLevel::kOff: return "off";
  }
  return "unknown";
}

Result<LogLevel> parse_log_level(std::string_view text) {
  std::vector<std::string> names;
  for (LogLevel level : kLevels) {
    if (text == log_level_name(level)) return level;
    names.emplace_back(log_level_name(level));
  }
  return Status::invalid("\"" + std::string(text) +
                         "\" is not a log level; write debug, info, warn, error or off" +
                         suggestion(text, names));
}

Status configure_logging(const LogOptions& options) {
  Result<OpenedLog> opened = open_log(options);
  if (!opened.ok()) return opened.status().with_context("opening the log file");
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  to.options = options;
  to.file = std::move(opened->file);
  to.position = opened->end;
  log_detail::threshold = options.level;
  return {};
}

Status reopen_log() {
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  Result<OpenedLog> opened = open_log(to.options);
  if (!opened.ok()) return opened.status().with_context("opening the log file again");
  to.file = std::move(opened->file);
  to.position = opened->end;
  return {};
}

void set_log_level(LogLevel level) { log_detail::threshold = level; }

void log_limited(std::string_view key, LogLevel level, std::string_view message, LogFields fields,
                 int64_t interval_ms) {
  if (!log_enabled(level)) return;
  uint64_t suppressed = 0;
  {
    Sink& to = sink();
    const std::lock_guard lock(to.mutex);
    const int64_t now = to.env().monotonic_nanos();
    if (to.limited.size() >= kMostLimitedKeys) to.limited.clear();
    LimitedKey& entry = to.limited[std::string(key)];
    if (entry.next_nanos != 0 && now < entry.next_nanos) {
      ++entry.suppressed;
      return;
    }
    entry.next_nanos = now + interval_ms * 1'000'000;
    suppressed = std::exchange(entry.suppressed, 0);
  }
  write_line(level, message, fields, suppressed);
}

struct ScopedLogCapture::Before {
  std::vector<std::string> lines;
  LogOptions options;
  LogLevel level;
};

ScopedLogCapture::ScopedLogCapture(LogFormat format, Env* env)
    : before_(std::make_unique<Before>()) {
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  before_->options = to.options;
  before_->level = log_detail::threshold;
  to.options.format = format;
  to.options.env = env;
  to.captured = &before_->lines;
  to.limited.clear();
  log_detail::threshold = LogLevel::kDebug;
}

ScopedLogCapture::~ScopedLogCapture() {
  Sink& to = sink();
  const std::lock_guard lock(to.mutex);
  to.options = before_->options;
  to.captured = nullptr;
  to.limited.clear();
  log_detail::threshold = before_->level;
}

std::vector<std::string> ScopedLogCapture::lines() const {
  const std::lock_guard lock(sink().mutex);
  return before_->lines;
}

bool ScopedLogCapture::contains(std::string_view part) const {
  const std::lock_guard lock(sink().mutex);
  return std::any_of(before_->lines.begin(), before_->lines.end(),
                     [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

}  // namespace dataflow
