// SQL for tests of what speaks a protocol: its statements are read by the real parser, and
// answered as a test says.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "jobs/sql_session.h"

namespace dataflow::jobs {

// What a statement of a text does.
struct Canned {
  std::vector<Type> parameters;
  std::optional<std::vector<sql::OutputColumn>> columns;
  std::vector<Row> rows;
  std::string tag = "SELECT";
  std::vector<std::string> warnings;
  Status prepare_error;
  Status execute_error;
  Status row_error;     // behind the rows
  bool echoes = false;  // a row of the parameters
  StatementProgress progress;
  bool blocks = false;  // behind the rows, or instead of them, until it is cancelled
};

// Rows of one INT column from 1.
Canned canned_numbers(int64_t count);

class CannedSql final : public SqlService {
 public:
  // Without its semicolon, as it will be sent. What is not known of transactions and SET does what
  // it says; all else is no table.
  void on(const std::string& text, Canned canned) { canned_[text] = std::move(canned); }

  std::unique_ptr<SqlSession> open_session() override;
  std::vector<RelationFacts> relations() const override { return facts; }
  uint64_t version() const override { return 1; }

  // Returns once so many statements block.
  void wait_until_blocked(size_t count);
  // Those that are open.
  size_t sessions() const;
  // "key=value" of each SET, and the types that came with the last statement.
  std::vector<std::string> settings_given() const;
  std::vector<std::optional<Type>> types_given() const;

  size_t batches_committed() const;

  std::vector<RelationFacts> facts;
  Status commit_error;  // of the next batch

 private:
  class Session;
  class Prepared;
  class Rows;

  std::map<std::string, Canned> canned_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  size_t blocked_ = 0;
  size_t sessions_ = 0;
  size_t committed_ = 0;
  std::vector<std::string> settings_;
  std::vector<std::optional<Type>> types_;
};

}  // namespace dataflow::jobs
