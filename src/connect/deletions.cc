#include "deletions.h"

#include <arrow/array.h>

#include "types/arrow_status.h"

namespace dataflow::connect {

Result<std::unique_ptr<Deletions>> Deletions::make(const KeyDecoderSpec& key, SchemaPtr columns) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KeyDecoder> keys, KeyDecoder::make(key));
  return std::unique_ptr<Deletions>(new Deletions(std::move(keys), std::move(columns)));
}

bool Deletions::add(int64_t row, std::string_view key, RowFault& fault) {
  const int64_t key_row = keys_->rows();
  if (!keys_->add(key, fault)) return false;
  rows_.push_back(row);
  key_rows_.push_back(key_row);
  return true;
}

// Rows of the payload's columns: those of the key, and NULL else.
Result<Batch> Deletions::read_keys(std::vector<RowFault>& faults) {
  Batch made{columns_, keys_->rows()};
  DF_ASSIGN_OR_RETURN(const std::vector<ColumnPtr> keys, keys_->take(faults));
  for (const Field& field : columns_->fields()) {
    if (const auto key = keys_->schema().find(field.name)) {
      made.columns.push_back(keys[*key]);
      continue;
    }
    DF_ASSIGN_OR_RETURN(ColumnPtr nulls,
                        from_arrow(arrow::MakeArrayOfNull(arrow_type(field.type), made.rows)));
    made.columns.push_back(std::move(nulls));
  }
  return made;
}

Result<std::vector<ColumnPtr>> Deletions::put_among(std::vector<ColumnPtr> values,
                                                    int64_t value_rows, std::vector<RowKind>& kinds,
                                                    std::vector<RowFault>& faults) {
  std::vector<RowFault> key_faults;
  DF_ASSIGN_OR_RETURN(Batch keys, read_keys(key_faults));
  std::vector<int32_t> order;
  kinds.clear();
  const auto count = static_cast<size_t>(value_rows) + rows_.size();
  int32_t value = 0;
  for (size_t row = 0, next = 0; row < count; ++row) {
    const bool deletion = next < rows_.size() && rows_[next] == static_cast<int64_t>(row);
    kinds.push_back(deletion ? RowKind::kDelete : RowKind::kInsert);
    order.push_back(deletion ? static_cast<int32_t>(value_rows + key_rows_[next++]) : value++);
  }
  for (RowFault& fault : key_faults) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (key_rows_[i] != fault.row) continue;
      fault.row = rows_[i];
      faults.push_back(std::move(fault));
      break;
    }
  }
  rows_.clear();
  key_rows_.clear();
  Batch all{columns_, value_rows, std::move(values)};
  DF_ASSIGN_OR_RETURN(all, concat({all, keys}));
  DF_ASSIGN_OR_RETURN(all, take(all, order));
  return std::move(all.columns);
}

}  // namespace dataflow::connect
