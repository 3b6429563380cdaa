// The rows of a following query on a terminal, drawn anew in place as they change.
#pragma once

#include <string>
#include <vector>

#include "cli/sql/key_reader.h"
#include "cli/sql/live_rows.h"
#include "cli/sql/sql_client.h"

namespace dataflow::cli {

class LiveView {
 public:
  LiveView(RawTerminal& terminal, std::vector<SqlColumn> columns, bool coloured)
      : terminal_(terminal), columns_(std::move(columns)), coloured_(coloured) {}

  void apply(const SqlPage& page);
  // Over what was drawn before. `words` stand below the rows.
  void draw(const std::string& words);
  const LiveRows& rows() const { return rows_; }

 private:
  RawTerminal& terminal_;
  std::vector<SqlColumn> columns_;
  bool coloured_;
  LiveRows rows_;
  std::vector<size_t> widths_;  // they only grow, so that the columns stay where they are
  size_t drawn_lines_ = 0;
};

}  // namespace dataflow::cli
