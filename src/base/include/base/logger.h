// Structured log lines: a fixed message, and what it is about as fields.
//
//   log_info("partition recovered", {{"topic", name}, {"offset", 12}});
//   ts=2026-11-21T06:40:00.123Z level=info msg="partition recovered" topic=orders offset=12
//
// Safe from several threads; a line is written whole. A call whose level is off costs a load and a
// compare; nothing is formatted. Field values are only looked at during the call.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"

namespace dataflow {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError, kOff };
enum class LogFormat : uint8_t { kText, kJson };  // logfmt, or one JSON object a line

// "debug", "info", "warn", "error", "off".
std::string_view log_level_name(LogLevel level);
Result<LogLevel> parse_log_level(std::string_view text);

class LogValue {
 public:
  enum class Kind : uint8_t { kText, kInt, kUnsigned, kDouble, kBool, kStatus };

  LogValue(std::string_view text) : kind_(Kind::kText), text_(text) {}
  LogValue(const std::string& text) : LogValue(std::string_view(text)) {}
  LogValue(const char* text) : LogValue(std::string_view(text)) {}
  LogValue(bool value) : kind_(Kind::kBool), bool_(value) {}
  LogValue(double value) : kind_(Kind::kDouble), double_(value) {}
  LogValue(std::signed_integral auto value) : kind_(Kind::kInt), int_(value) {}
  LogValue(std::unsigned_integral auto value) : kind_(Kind::kUnsigned), unsigned_(value) {}
  LogValue(const Status& status) : kind_(Kind::kStatus), status_(&status) {}
  template <class Tag, class Rep>
  LogValue(NamedId<Tag, Rep> id) : kind_(Kind::kInt), int_(id.value()) {}

  Kind kind() const { return kind_; }
  std::string_view text() const { return text_; }
  bool as_bool() const { return bool_; }
  double as_double() const { return double_; }
  int64_t as_int() const { return int_; }
  uint64_t as_unsigned() const { return unsigned_; }
  const Status& status() const { return *status_; }

 private:
  Kind kind_;
  union {
    std::string_view text_;
    bool bool_;
    double double_;
    int64_t int_;
    uint64_t unsigned_;
    const Status* status_;
  };
};

struct LogField {
  std::string_view key;
  LogValue value;
};
using LogFields = std::initializer_list<LogField>;

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  std::string path;    // empty: standard error
  Env* env = nullptr;  // for the file and the time; the machine's own if null
};

// Until the first call, lines go to standard error as text from kInfo on. Fails, and changes
// nothing, if the file cannot be opened.
[[nodiscard]] Status configure_logging(const LogOptions& options);
// After the file was moved away by a log rotation: goes on in a new one of the same path.
[[nodiscard]] Status reopen_log();
void set_log_level(LogLevel level);

namespace log_detail {
extern std::atomic<LogLevel> threshold;
void write(LogLevel level, std::string_view message, LogFields fields);
}  // namespace log_detail

inline bool log_enabled(LogLevel level) {
  return level >= log_detail::threshold.load(std::memory_order_relaxed);
}

inline void log_at(LogLevel level, std::string_view message, LogFields fields = {}) {
  if (log_enabled(level)) log_detail::write(level, message, fields);
}
inline void log_debug(std::string_view message, LogFields fields = {}) {
  log_at(LogLevel::kDebug, message, fields);
}
inline void log_info(std::string_view message, LogFields fields = {}) {
  log_at(LogLevel::kInfo, message, fields);
}
inline void log_warn(std::string_view message, LogFields fields = {}) {
  log_at(LogLevel::kWarn, message, fields);
}
inline void log_error(std::string_view message, LogFields fields = {}) {
  log_at(LogLevel::kError, message, fields);
}

// For what may happen thousands of times a second: at most one line of this `key` in `interval_ms`.
// The next line that is written tells in `suppressed` how many were not. The key names the call
// site, and what it is about where that matters ("produce-refused/orders").
void log_limited(std::string_view key, LogLevel level, std::string_view message,
                 LogFields fields = {}, int64_t interval_ms = 10'000);

// While it lives, lines of every level come here instead; for tests. One at a time.
class ScopedLogCapture {
 public:
  explicit ScopedLogCapture(LogFormat format = LogFormat::kText, Env* env = nullptr);
  ~ScopedLogCapture();
  ScopedLogCapture(const ScopedLogCapture&) = delete;
  ScopedLogCapture& operator=(const ScopedLogCapture&) = delete;

  std::vector<std::string> lines() const;  // without their line ends
  bool contains(std::string_view part) const;

 private:
  struct Before;
  std::unique_ptr<Before> before_;
};

}  // namespace dataflow
