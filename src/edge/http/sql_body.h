// Rows of a statement as the body of a response: a page of them, or all as they come.
#pragma once

#include <memory>

#include "held_sessions.h"
#include "sql_request.h"

namespace dataflow::http {

// `next`: the path of the page behind; empty: none.
Result<Response> page_response(const HeldStatement& statement, const ResultPage& page,
                               RowFormat format, const std::string& next);
// There are no rows yet.
Response pending_response(const HeldStatement& statement, RowFormat format,
                          const std::string& next);

// All rows that are to come. `held` lives as long as the body does; it is told how that ends.
struct BodyHolder {
  virtual ~BodyHolder() = default;
  virtual void sent_whole() = 0;
};
Result<Response> stream_response(std::shared_ptr<HeldStatement> statement, RowFormat format,
                                 std::shared_ptr<BodyHolder> holder);

}  // namespace dataflow::http
