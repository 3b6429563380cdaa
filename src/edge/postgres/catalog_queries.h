// What clients ask of the catalogue and of the server itself: pg_catalog, information_schema,
// version() and the like. A session asks here before it takes a statement for a user's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "jobs/collect.h"
#include "sql/compile.h"

namespace dataflow::postgres {

// Who asks. Functions that are none: the same is said to all.
struct CatalogSession {
  uint32_t process = 1;
  // None: there is no such setting.
  std::function<std::optional<std::string>(const std::string& name)> setting;
  std::function<Status(const std::string& name, const std::string& value, bool local)> set;
  // pg_advisory_lock() and its like: what it gives, none: nothing.
  std::function<Result<std::optional<bool>>(const std::string& function,
                                            const std::vector<std::string>& arguments)>
      advisory;
};

class CatalogQueries {
 public:
  virtual ~CatalogQueries() = default;
  // Whether the statement asks of the catalogue or of the server itself, not of any table of a
  // user. Thread-safe.
  virtual bool answers(std::string_view statement) const = 0;

  struct Answer {
    std::vector<sql::OutputColumn> columns;
    std::vector<jobs::Row> rows;
    std::vector<uint32_t> oids;  // of columns, 0: by type; may be empty: all by type
  };
  // `parameters` are $1, $2, … as text, nullopt where NULL. It is also asked with NULLs alone, for
  // its columns. Thread-safe.
  virtual Result<Answer> ask(std::string_view statement,
                             const std::vector<std::optional<std::string>>& parameters,
                             const CatalogSession& session) = 0;
  Result<Answer> ask(std::string_view statement,
                     const std::vector<std::optional<std::string>>& parameters) {
    return ask(statement, parameters, CatalogSession());
  }
};

}  // namespace dataflow::postgres
