// COPY's binary format: a head, rows with the lengths of their fields, and an end.
#pragma once

#include "copy_rows.h"

namespace dataflow::postgres {

class CopyBinary final : public CopyRows {
 public:
  explicit CopyBinary(size_t columns) : columns_(columns) {}
  Status feed(std::string_view part, std::vector<CopyFields>& rows) override;
  Status finish(std::vector<CopyFields>& rows) override;

 private:
  // How many bytes of `bytes` a row has; 0: it is not all there yet.
  Result<size_t> take_row(std::string_view bytes, std::vector<CopyFields>& rows);
  Result<size_t> take_head(std::string_view bytes);

  const size_t columns_;
  std::string bytes_;
  bool begun_ = false, ended_ = false;
};

}  // namespace dataflow::postgres
