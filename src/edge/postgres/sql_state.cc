#include "sql_state.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace dataflow::postgres {
namespace {

constexpr const char* kStates[] = {"08P01", "0A000", "22003", "22023", "22021", "22P02",
                                   "22P03", "22007", "22P04", "57014", "24000", "25001",
                                   "25P01", "25P02", "26000", "34000", "42601", "42704",
                                   "42P02", "42P03", "42P05", "54011", "55000", "55P02"};
constexpr auto kFirst = static_cast<uint16_t>(SqlState::kProtocolViolation);
static_assert(std::size(kStates) == static_cast<uint16_t>(SqlState::kEnd) - kFirst);

StatusCode code_of(SqlState state) {
  return state == SqlState::kUnsupported ? StatusCode::kUnsupported : StatusCode::kInvalid;
}

// What the rooms below say of names and of rows, in their own words.
struct Wording {
  std::string_view begins;
  std::string_view holds;
  const char* state;
};
constexpr Wording kWordings[] = {
    {"there is no table function ", "", "42883"},
    {"there is no table or column ", "", "42703"},
    {"there is no table ", "", "42P01"},
    {"there is no view ", "", "42P01"},
    {"there is no materialized view ", "", "42P01"},
    {"LIKE: there is no table ", "", "42P01"},
    {"there is no column ", "", "42703"},
    {"there is no function ", "", "42883"},
    {"there is no aggregate function ", "", "42883"},
    {"there is no cast ", "", "42846"},
    {"there is no setting ", "", "42704"},
    {"deadlock detected", "", "40P01"},
    {"column ", " is NOT NULL", "23502"},
    {"column ", ", the query gives ", "42804"},
    {"there is a column ", " already", "42701"},
    {"there is a function ", " already", "42723"},
    {"there is a ", " already", "42P07"},
};

// Whatever its code is, at the statement's run.
constexpr Wording kRunWordings[] = {
    {"division by zero", "", "22012"},
    {"", " cannot be cast to ", "22P02"},
    {"", " is out of the range of ", "22003"},
    {"a time that is too far ", "", "22008"},
    {"", " seconds are no time", "22008"},
    {"the result takes more than ", "", "53200"},
    {"what queries keep ", "", "53200"},
    {"more than ", " of rows wait ", "53200"},
    {"there is no thread ", "", "53000"},
    {"could not serialize", "", "40001"},
    {"the transaction has failed", "", "25P02"},
    {"transaction read-write mode ", "", "25001"},
    {"savepoint ", " does not exist", "3B001"},
    {"", " can only be used in transaction blocks", "25P01"},
    {"", " is used by ", "2BP01"},
    {"", " is read by ", "2BP01"},
};

std::string_view worded_state(std::span<const Wording> wordings, std::string_view message) {
  for (const Wording& wording : wordings) {
    if (message.starts_with(wording.begins) &&
        message.find(wording.holds) != std::string_view::npos) {
      return wording.state;
    }
  }
  return {};
}

std::string_view state_of(const Status& status, Stage stage, std::string_view message) {
  const uint16_t detail = status.detail();
  if (detail >= kFirst && detail < static_cast<uint16_t>(SqlState::kEnd)) {
    return kStates[detail - kFirst];
  }
  const StatusCode code = status.code();
  if (code == StatusCode::kInvalid || code == StatusCode::kNotFound ||
      code == StatusCode::kAlreadyExists) {
    const std::string_view worded = worded_state(kWordings, message);
    if (!worded.empty()) return worded;
  }
  if (stage == Stage::kExecute) {
    const std::string_view worded = worded_state(kRunWordings, message);
    if (!worded.empty()) return worded;
  }
  switch (code) {
    case StatusCode::kInvalid: return stage == Stage::kExecute ? "22023" : "42601";
    case StatusCode::kNotFound: return "42P01";
    case StatusCode::kAlreadyExists: return "42P07";
    case StatusCode::kConflict: return stage == Stage::kExecute ? "55000" : "2BP01";
    case StatusCode::kOutOfRange: return "22003";
    case StatusCode::kTooLarge: return "54000";
    case StatusCode::kUnsupported: return "0A000";
    case StatusCode::kUnavailable: return "57P03";
    case StatusCode::kNoSpace: return "53100";
    case StatusCode::kReadOnly: return "25006";
    case StatusCode::kCorrupt: return "XX001";
    case StatusCode::kIoError: return "58030";
    case StatusCode::kTimedOut:
    case StatusCode::kCancelled: return "57014";
    case StatusCode::kPermission: return "42501";
    default: return "XX000";
  }
}

struct Located {
  size_t line = 0, column = 0;
};

bool take_number(std::string_view& text, std::string_view before, std::string_view after,
                 size_t& number) {
  if (!text.starts_with(before)) return false;
  const char* const from = text.data() + before.size();
  const char* const to = text.data() + text.size();
  const auto [end, error] = std::from_chars(from, to, number);
  if (error != std::errc()) return false;
  std::string_view rest(end, static_cast<size_t>(to - end));
  if (!rest.starts_with(after)) return false;
  text = rest.substr(after.size());
  return true;
}

// Takes "line L, column C: " off the front.
std::optional<Located> take_place(std::string_view& message) {
  std::string_view rest = message;
  Located at;
  if (!take_number(rest, "line ", ",", at.line) ||
      !take_number(rest, " column ", ": ", at.column)) {
    return std::nullopt;
  }
  message = rest;
  return at;
}

bool begins_character(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) != 0x80; }

// The number of the character that stands there, from 1; 0 where there is none.
size_t position_of(Located at, std::string_view query) {
  size_t characters = 0;
  size_t line = 1, column = 1;
  for (const char byte : query) {
    if (!begins_character(byte)) continue;
    ++characters;
    if (line == at.line && column == at.column) return characters;
    if (byte == '\n') {
      if (line == at.line) return 0;
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return line == at.line && column == at.column ? characters + 1 : 0;
}

// "; did you mean …?" is a sentence of its own to PostgreSQL's clients.
void split_hint(std::string_view message, ErrorFields& out) {
  constexpr std::string_view kMean = "; did you mean ";
  const size_t at = message.rfind(kMean);
  out.message = std::string(message.substr(0, at));
  if (at == std::string_view::npos) return;
  out.hint = "D" + std::string(message.substr(at + 3));
}

}  // namespace

Status sql_error(SqlState state, std::string message) {
  return Status(code_of(state), std::move(message), static_cast<uint16_t>(state));
}

Status in_failed_transaction() {
  return sql_error(
      SqlState::kFailedTransaction,
      "current transaction is aborted, commands ignored until end of transaction block");
}

ErrorFields error_fields(const Status& status, Stage stage, std::string_view query) {
  std::string_view message = status.message();
  const std::optional<Located> at = take_place(message);
  message = message.substr(0, message.find('\n'));
  ErrorFields out;
  out.sqlstate = state_of(status, stage, message);
  split_hint(message, out);
  if (out.message.empty()) out.message = "the statement failed";
  if (at) out.position = position_of(*at, query);
  return out;
}

}  // namespace dataflow::postgres
