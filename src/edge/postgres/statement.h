// What a client has prepared, and what of it is open.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "frontend.h"
#include "jobs/sql_session.h"
#include "own_statement.h"

namespace dataflow::postgres {

// A statement as it was read: nothing looked up yet.
struct ReadStatement {
  std::optional<OwnStatement> own;
  // What goes to the session or the catalogue: the statement, or the query within; and how many
  // characters are before it in what the client sent, none where it was made up here.
  std::string query;
  std::optional<size_t> before;
  bool catalog = false;
  std::optional<sql::StatementAst> ast;
};

struct Statement {
  std::unique_ptr<jobs::PreparedStatement> prepared;  // none: the text was empty
  std::vector<uint32_t> parameter_oids;
  std::vector<uint32_t> column_oids;      // 0 or missing: by type
  std::vector<std::string> column_names;  // none: those of `prepared`
  std::optional<CopyOptions> copy;        // the rows go out, or come in, as COPY's
  std::string copy_target;                // they come in: what INSERT INTO is followed by
  bool follows = false;                   // SUBSCRIBE: rows come without end, and in their time
  bool ends_transaction = false;          // what a failed transaction still takes
  bool counts = false;                    // its tag says how many rows there were
  bool binary = false;                    // rows of a cursor that was declared so

  // None: rows are none, or COPY's.
  const std::vector<sql::OutputColumn>* columns() const;
  uint32_t oid_of_column(size_t column) const;
  const std::string& name_of_column(size_t column) const;
};

// A statement with its parameters; a cursor is one, too.
struct Portal {
  std::shared_ptr<Statement> statement;
  std::vector<Value> parameters;
  std::vector<WireFormat> formats;  // none: text; one: of all columns; else one each
  std::optional<jobs::StatementAnswer> answer;
  bool commits = false;  // its batch ends with it, before its tag is sent
  bool done = false;
  bool hold = false;       // outlives its transaction
  uint64_t rows_sent = 0;  // by all its executions

  WireFormat format_of(size_t column) const;
};

// A statement that is carried out here.
class OwnPrepared final : public jobs::PreparedStatement {
 public:
  using Run = std::function<Result<jobs::StatementAnswer>(const std::vector<Value>& parameters)>;
  OwnPrepared(Run run, std::optional<std::vector<sql::OutputColumn>> columns = {},
              std::vector<Type> parameters = {})
      : run_(std::move(run)), columns_(std::move(columns)), parameters_(std::move(parameters)) {}

  const std::vector<Type>& parameters() const override { return parameters_; }
  const std::optional<std::vector<sql::OutputColumn>>& columns() const override { return columns_; }
  Result<jobs::StatementAnswer> execute(const std::vector<Value>& parameters) override {
    return run_(parameters);
  }

 private:
  const Run run_;
  const std::optional<std::vector<sql::OutputColumn>> columns_;
  const std::vector<Type> parameters_;
};

}  // namespace dataflow::postgres
