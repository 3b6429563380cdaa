// Client: PostgreSQL's advisory locks.
#include <charconv>

#include "client.h"

namespace dataflow::postgres {
namespace {

// How long it takes at most until one that is cancelled hears of it.
constexpr std::chrono::milliseconds kLook{20};
constexpr int kHalf = 32;

Result<int64_t> number_of(const std::string& function, const std::string& text, bool pair) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool fits = !pair || (number >= INT32_MIN && number <= INT32_MAX);
  if (error == std::errc() && end == text.data() + text.size() && fits) return number;
  return sql_error(SqlState::kInvalidText, function + "() takes a whole number of " +
                                               (pair ? "32" : "64") + " bits, and not \"" + text +
                                               "\"");
}

Result<AdvisoryLocks::Key> key_of(const std::string& function,
                                  const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.size() > 2) {
    return sql_error(SqlState::kSyntax, function + "() takes one number or two");
  }
  const bool pair = arguments.size() == 2;
  DF_ASSIGN_OR_RETURN(int64_t number, number_of(function, arguments[0], pair));
  if (pair) {
    DF_ASSIGN_OR_RETURN(const int64_t second, number_of(function, arguments[1], pair));
    number = static_cast<int64_t>(static_cast<uint64_t>(number) << kHalf |
                                  static_cast<uint32_t>(second));
  }
  return AdvisoryLocks::Key{pair, number};
}

}  // namespace

Result<std::optional<bool>> Client::advisory(const std::string& function,
                                             const std::vector<std::string>& arguments) {
  using Answer = std::optional<bool>;
  if (function == "pg_advisory_unlock_all") {
    around_.locks.release_all(process_);
    return Answer();
  }
  AdvisoryLocks::Wanted wanted;
  wanted.owner = process_;
  DF_ASSIGN_OR_RETURN(wanted.key, key_of(function, arguments));
  wanted.shared = function.ends_with("_shared");
  wanted.transaction = function.find("_xact_") != std::string::npos;
  if (function.starts_with("pg_advisory_unlock")) {
    return Answer(around_.locks.release(process_, wanted.key, wanted.shared));
  }
  if (function.starts_with("pg_try_")) {
    return Answer(around_.locks.take(wanted, {}) == AdvisoryLocks::Got::kHeld);
  }
  DF_RETURN_IF_ERROR(wait_for(wanted));
  return Answer();
}

Status Client::wait_for(const AdvisoryLocks::Wanted& wanted) {
  // Whoever holds it may wait for what was said so far.
  flush();
  while (!told_to_end_ && !gone_) {
    switch (around_.locks.take(wanted, kLook)) {
      case AdvisoryLocks::Got::kHeld: return {};
      case AdvisoryLocks::Got::kNotYet: break;
      case AdvisoryLocks::Got::kNever:
        return Status::invalid("deadlock detected: who holds the lock waits for this session");
    }
  }
  return Status::cancelled("canceling statement due to user request");
}

}  // namespace dataflow::postgres
