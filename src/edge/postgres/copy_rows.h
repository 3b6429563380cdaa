// What COPY … FROM STDIN sends: bytes in parts of any size become rows of fields.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "own_statement.h"

namespace dataflow::postgres {

// As they were sent, but without quotes and escapes; none: NULL. Of the binary format the bytes.
using CopyFields = std::vector<std::optional<std::string>>;

class CopyRows {
 public:
  virtual ~CopyRows() = default;
  // Adds the rows that are whole. 22P04: it is no COPY data, or has other columns.
  virtual Status feed(std::string_view part, std::vector<CopyFields>& rows) = 0;
  // Nothing more comes.
  virtual Status finish(std::vector<CopyFields>& rows) = 0;
};

std::unique_ptr<CopyRows> make_copy_rows(const CopyOptions& options, size_t columns);

}  // namespace dataflow::postgres
