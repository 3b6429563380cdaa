// PostgreSQL's codes of errors, and what a Status becomes for a client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend.h"
#include "base/status.h"

namespace dataflow::postgres {

// Those that this room itself gives, as a Status' detail.
enum class SqlState : uint16_t {
  kProtocolViolation = 0x5000,  // 08P01
  kUnsupported,                 // 0A000
  kOutOfRange,                  // 22003
  kInvalidParameter,            // 22023
  kInvalidEncoding,             // 22021
  kInvalidText,                 // 22P02
  kInvalidBinary,               // 22P03
  kInvalidDatetime,             // 22007
  kBadCopyFormat,               // 22P04
  kQueryCanceled,               // 57014
  kInvalidCursorState,          // 24000
  kInTransaction,               // 25001
  kNoTransaction,               // 25P01
  kFailedTransaction,           // 25P02
  kNoStatement,                 // 26000
  kNoCursor,                    // 34000
  kSyntax,                      // 42601
  kUndefinedObject,             // 42704
  kUndefinedParameter,          // 42P02
  kDuplicateCursor,             // 42P03
  kDuplicateStatement,          // 42P05
  kTooManyColumns,              // 54011
  kNotInState,                  // 55000
  kCannotChange,                // 55P02
  kEnd,
};

Status sql_error(SqlState state, std::string message);
Status in_failed_transaction();

// Where an error arose: the same StatusCode means another thing in each.
enum class Stage : uint8_t { kParse, kPrepare, kExecute };

// `query` is what the client sent, in which the places "line L, column C: " of messages count;
// empty where they count in something else.
ErrorFields error_fields(const Status& status, Stage stage, std::string_view query);

}  // namespace dataflow::postgres
