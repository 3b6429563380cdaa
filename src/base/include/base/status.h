// Status and Result: how every room reports that something went wrong. No exception crosses a room.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace dataflow {

enum class StatusCode : uint8_t {
  kOk = 0,
  kInvalid,  // the caller's input is wrong; repeating it cannot help
  kNotFound,
  kAlreadyExists,
  kConflict,     // the state of the thing forbids it now (fenced, wrong generation, not empty)
  kOutOfRange,   // an offset or position outside of what exists
  kTooLarge,     // over a configured limit
  kUnsupported,  // a version or feature that this build does not have
  kUnavailable,  // not now; the same call may succeed later
  kNoSpace,      // the disk is full; retriable
  kReadOnly,     // the partition or store refuses writes until someone repairs it
  kCorrupt,      // bytes that fail their checksum or structure
  kIoError,
  kTimedOut,
  kCancelled,
  kPermission,
  kInternal,
};

std::string_view status_code_name(StatusCode code);

// A message says what was being done, to what, what is wrong, and what to do. `detail` is a room's
// own finer reason (an enumerator of that room, 0 if none); the edge that answers a client
// translates it.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message, uint16_t detail = 0)
      : state_(std::make_shared<const State>(State{code, detail, std::move(message)})) {
    assert(code != StatusCode::kOk);
  }

  static Status ok_status() { return {}; }
  static Status invalid(std::string m) { return {StatusCode::kInvalid, std::move(m)}; }
  static Status not_found(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status already_exists(std::string m) { return {StatusCode::kAlreadyExists, std::move(m)}; }
  static Status conflict(std::string m) { return {StatusCode::kConflict, std::move(m)}; }
  static Status out_of_range(std::string m) { return {StatusCode::kOutOfRange, std::move(m)}; }
  static Status too_large(std::string m) { return {StatusCode::kTooLarge, std::move(m)}; }
  static Status unsupported(std::string m) { return {StatusCode::kUnsupported, std::move(m)}; }
  static Status unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }
  static Status no_space(std::string m) { return {StatusCode::kNoSpace, std::move(m)}; }
  static Status read_only(std::string m) { return {StatusCode::kReadOnly, std::move(m)}; }
  static Status corrupt(std::string m) { return {StatusCode::kCorrupt, std::move(m)}; }
  static Status io_error(std::string m) { return {StatusCode::kIoError, std::move(m)}; }
  static Status timed_out(std::string m) { return {StatusCode::kTimedOut, std::move(m)}; }
  static Status cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  bool ok() const { return state_ == nullptr; }
  explicit operator bool() const { return ok(); }
  StatusCode code() const { return state_ ? state_->code : StatusCode::kOk; }
  uint16_t detail() const { return state_ ? state_->detail : 0; }
  const std::string& message() const;
  std::string to_string() const;

  // The same failure with the words of what was being done put in front: "opening topic x:
  // <message>".
  Status with_context(std::string_view doing) const;

 private:
  struct State {
    StatusCode code;
    uint16_t detail;
    std::string message;
  };
  std::shared_ptr<const State> state_;
};

std::ostream& operator<<(std::ostream& out, const Status& status);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::in_place_index<0>, std::move(value)) {}
  Result(Status status) : value_(std::in_place_index<1>, std::move(status)) {
    assert(!std::get<1>(value_).ok());
  }

  bool ok() const { return value_.index() == 0; }
  explicit operator bool() const { return ok(); }
  Status status() const { return ok() ? Status() : std::get<1>(value_); }

  T& value() & { return std::get<0>(value_); }
  const T& value() const& { return std::get<0>(value_); }
  T&& value() && { return std::get<0>(std::move(value_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Status> value_;
};

#define DF_CONCAT_INNER(a, b) a##b
#define DF_CONCAT(a, b) DF_CONCAT_INNER(a, b)

#define DF_RETURN_IF_ERROR(expression)            \
  do {                                            \
    ::dataflow::Status df_status_ = (expression); \
    if (!df_status_.ok()) return df_status_;      \
  } while (false)

#define DF_ASSIGN_OR_RETURN(declaration, expression) \
  DF_ASSIGN_OR_RETURN_INNER(DF_CONCAT(df_result_, __LINE__), declaration, expression)
#define DF_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                      \
  if (!result.ok()) return result.status();                        \
  declaration = std::move(result).value()

}  // namespace dataflow
