// CopyInto: the rows of a COPY … FROM STDIN, inserted some at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "copy_rows.h"
#include "jobs/sql_session.h"

namespace dataflow::postgres {

struct CopyColumn {
  std::string name;
  Type type;
  uint32_t oid = 0;
};

class CopyInto {
 public:
  // `target`: what INSERT INTO is followed by. It writes within the session's transaction or batch.
  CopyInto(jobs::SqlSession& session, std::string target, const CopyOptions& options,
           std::vector<CopyColumn> columns);

  Status feed(std::string_view part);
  Status finish();
  uint64_t rows() const { return written_; }

 private:
  // Inserts what has come, as long as it is at least so many rows.
  Status take(size_t least);
  Status insert(std::span<const CopyFields> rows);
  Status values_of(const CopyFields& row, std::vector<Value>& to) const;

  jobs::SqlSession& session_;
  const std::string target_;
  const bool binary_;
  const std::vector<CopyColumn> columns_;
  const size_t rows_at_once_;
  std::unique_ptr<CopyRows> reader_;
  std::vector<CopyFields> pending_;
  std::unique_ptr<jobs::PreparedStatement> many_;  // of as many rows as are inserted at a time
  uint64_t written_ = 0;
};

}  // namespace dataflow::postgres
