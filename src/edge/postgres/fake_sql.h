// A SQL service for tests: its statements are read by the real parser, and answered as a test says.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/sql_session.h"

namespace dataflow::postgres {

// What a statement of a text does.
struct Canned {
  std::vector<Type> parameters;
  std::optional<std::vector<sql::OutputColumn>> columns;
  std::vector<jobs::Row> rows;
  std::string tag = "SELECT";
  std::vector<std::string> warnings;
  Status prepare_error;
  Status execute_error;
  Status row_error;     // behind the rows
  bool echoes = false;  // a row of the parameters
  bool blocks = false;  // behind the rows, until it is cancelled
};

class FakeSql final : public jobs::SqlService {
 public:
  // Without its semicolon, as it will be sent.
  void on(const std::string& text, Canned canned);

  std::unique_ptr<jobs::SqlSession> open_session() override;
  std::vector<jobs::RelationFacts> relations() const override { return {}; }
  uint64_t version() const override { return 1; }

  // Returns once so many statements block.
  void wait_until_blocked(size_t count);
  std::vector<std::string> settings_given();
  std::vector<std::optional<Type>> types_given();

 private:
  class Session;
  class Prepared;
  class Rows;

  std::map<std::string, Canned> canned_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t blocked_ = 0;
  std::vector<std::string> settings_;
  std::vector<std::optional<Type>> types_;
};

}  // namespace dataflow::postgres
