// Statements that PostgreSQL's clients send and that are answered here, because our SQL does not
// have them: settings of the client, COPY, cursors, DISCARD and their like.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "word_scanner.h"

namespace dataflow::postgres {

enum class OwnKind : uint8_t {
  kSet,         // name, value (none: DEFAULT), local
  kAccess,      // read_only of a transaction; name: of those that come
  kReset,       // name; empty: all
  kShow,        // name; empty: all
  kCopyOut,     // inner, or table; copy
  kCopyIn,      // name, table, target, list: its columns; copy
  kDeclare,     // name, inner, hold, binary
  kFetch,       // name, count, all
  kMove,        // likewise
  kClose,       // name; empty: all
  kPrepare,     // name, inner, list: the parameters' types
  kExecute,     // name, list: what is given for the parameters
  kDeallocate,  // name; empty: all
  kDiscard,     // all
  kIndex,       // table: a query of what is named; warning
  kNothing,     // is taken, and means nothing here
};

enum class CopyFormat : uint8_t { kText, kCsv, kBinary };
struct CopyOptions {
  CopyFormat format = CopyFormat::kText;
  bool header = false;
  char delimiter = '\t';
  std::string null = "\\N";
  char quote = '"';
  char escape = 0;  // none: the quote
  // Columns whose values stand in quotes whatever they are.
  bool quotes_all = false;
  std::vector<std::string> quoted;

  bool quotes(const std::string& column) const {
    return quotes_all || std::find(quoted.begin(), quoted.end(), column) != quoted.end();
  }
};

struct OwnStatement {
  OwnKind kind = OwnKind::kNothing;
  std::string tag;  // of CommandComplete
  std::string name;
  std::optional<std::string> value;
  std::optional<bool> read_only;
  bool local = false;         // until the transaction ends
  std::optional<Span> inner;  // the query within
  std::string table;          // a query made of a table's name and columns
  std::string target;         // what INSERT INTO is followed by: a table, its columns
  std::vector<std::string> list;
  std::string warning;  // what is not done
  CopyOptions copy;
  bool hold = false;
  bool binary = false;
  bool all = false;
  uint64_t count = 1;
};

// None: the statement is not of these, and the session is asked. An error: it begins like one of
// them and goes on otherwise.
Result<std::optional<OwnStatement>> read_own_statement(std::string_view text);

}  // namespace dataflow::postgres
