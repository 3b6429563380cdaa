#include "types/batch.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <cassert>

#include "types/arrow_status.h"

namespace dataflow {
namespace {

using Kinds = std::vector<RowKind>;

std::shared_ptr<const Kinds> shared_kinds(Kinds kinds) {
  const auto changes = [](RowKind kind) { return kind != RowKind::kInsert; };
  if (std::none_of(kinds.begin(), kinds.end(), changes)) return nullptr;
  return std::make_shared<const Kinds>(std::move(kinds));
}

// The run that holds the row.
const RowOrigins::Run& run_of(const RowOrigins& origins, int64_t row) {
  const auto behind = std::upper_bound(
      origins.runs.begin(), origins.runs.end(), row,
      [](int64_t wanted, const RowOrigins::Run& run) { return wanted < run.first_row; });
  assert(behind != origins.runs.begin());
  return *std::prev(behind);
}

// Adds rows of other origins one by one, with a new run wherever the last one cannot go on.
class OriginsBuilder {
 public:
  void add(const RowOrigins::Run& from, int64_t offset) {
    auto& [runs, offsets] = *out_;
    const bool goes_on = !runs.empty() && offset > offsets.back() &&
                         runs.back().split == from.split && runs.back().source == from.source;
    if (!goes_on) {
      runs.push_back({static_cast<int64_t>(offsets.size()), from.source, from.split});
    }
    offsets.push_back(offset);
  }
  void add(const RowOrigins& origins, int64_t from, int64_t rows) {
    for (int64_t row = from; row < from + rows; ++row) {
      add(run_of(origins, row), origins.offsets[static_cast<size_t>(row)]);
    }
  }
  std::shared_ptr<const RowOrigins> finish() { return std::move(out_); }

 private:
  std::shared_ptr<RowOrigins> out_ = std::make_shared<RowOrigins>();
};

}  // namespace

std::string_view row_kind_name(RowKind kind) {
  switch (kind) {
    case RowKind::kInsert: return "+I";
    case RowKind::kUpdateBefore: return "-U";
    case RowKind::kUpdateAfter: return "+U";
    case RowKind::kDelete: return "-D";
  }
  return "?";
}

int64_t Batch::memory_bytes() const {
  int64_t bytes = 0;
  for (const ColumnPtr& column : columns) bytes += arrow::util::TotalBufferSize(*column);
  if (kinds != nullptr) bytes += static_cast<int64_t>(kinds->size() * sizeof(RowKind));
  if (origins != nullptr) {
    bytes += static_cast<int64_t>(origins->offsets.size() * sizeof(int64_t) +
                                  origins->runs.size() * sizeof(RowOrigins::Run));
  }
  return bytes;
}

Batch slice(const Batch& batch, int64_t from, int64_t rows) {
  assert(from >= 0 && rows >= 0 && from + rows <= batch.rows);
  if (from == 0 && rows == batch.rows) return batch;
  Batch out{batch.schema, rows, {}, nullptr, nullptr};
  out.columns.reserve(batch.columns.size());
  for (const ColumnPtr& column : batch.columns) out.columns.push_back(column->Slice(from, rows));
  if (batch.kinds != nullptr) {
    const auto begin = batch.kinds->begin() + from;
    out.kinds = shared_kinds(Kinds(begin, begin + rows));
  }
  if (batch.origins != nullptr) {
    OriginsBuilder origins;
    origins.add(*batch.origins, from, rows);
    out.origins = origins.finish();
  }
  return out;
}

Result<Batch> take(const Batch& batch, std::span<const int32_t> rows) {
  Batch out{batch.schema, static_cast<int64_t>(rows.size()), {}, nullptr, nullptr};
  const arrow::Int32Array indices(out.rows, arrow::Buffer::Wrap(rows.data(), rows.size()));
  out.columns.reserve(batch.columns.size());
  for (const ColumnPtr& column : batch.columns) {
    DF_ASSIGN_OR_RETURN(ColumnPtr taken,
                        from_arrow(arrow::compute::Take(
                            *column, indices, arrow::compute::TakeOptions::NoBoundsCheck())));
    out.columns.push_back(std::move(taken));
  }
  if (batch.kinds != nullptr) {
    Kinds kinds;
    kinds.reserve(rows.size());
    for (const int32_t row : rows) kinds.push_back(batch.kind(row));
    out.kinds = shared_kinds(std::move(kinds));
  }
  if (batch.origins != nullptr) {
    OriginsBuilder origins;
    for (const int32_t row : rows) origins.add(*batch.origins, row, 1);
    out.origins = origins.finish();
  }
  return out;
}

Result<Batch> concat(const std::vector<Batch>& batches) {
  if (batches.empty()) return Status::invalid("no batches to be joined");
  if (batches.size() == 1) return batches[0];
  Batch out{batches[0].schema, 0, {}, nullptr, nullptr};
  bool any_kinds = false;
  bool all_origins = true;
  for (const Batch& batch : batches) {
    if (batch.schema != out.schema && *batch.schema != *out.schema) {
      return Status::invalid("batches of different schemas cannot be joined: " +
                             out.schema->to_string() + " and " + batch.schema->to_string());
    }
    out.rows += batch.rows;
    any_kinds |= batch.kinds != nullptr;
    all_origins &= batch.origins != nullptr;
  }
  for (size_t i = 0; i < out.schema->size(); ++i) {
    arrow::ArrayVector parts;
    for (const Batch& batch : batches) parts.push_back(batch.columns[i]);
    DF_ASSIGN_OR_RETURN(ColumnPtr column, from_arrow(arrow::Concatenate(parts)));
    out.columns.push_back(std::move(column));
  }
  if (any_kinds) {
    Kinds kinds;
    for (const Batch& batch : batches) {
      for (int64_t row = 0; row < batch.rows; ++row) kinds.push_back(batch.kind(row));
    }
    out.kinds = shared_kinds(std::move(kinds));
  }
  if (all_origins) {
    OriginsBuilder origins;
    for (const Batch& batch : batches) origins.add(*batch.origins, 0, batch.rows);
    out.origins = origins.finish();
  }
  return out;
}

Result<Batch> batch_of(SchemaPtr schema, const std::vector<std::vector<Value>>& rows) {
  Batch out{std::move(schema), static_cast<int64_t>(rows.size()), {}, nullptr, nullptr};
  for (size_t i = 0; i < out.schema->size(); ++i) {
    std::vector<Value> values;
    for (const std::vector<Value>& row : rows) {
      if (row.size() != out.schema->size()) {
        return Status::invalid("a row of " + std::to_string(row.size()) +
                               " values for the schema " + out.schema->to_string());
      }
      values.push_back(row[i]);
    }
    auto column = column_of((*out.schema)[i].type, values);
    if (!column.ok()) return column.status().with_context("column " + (*out.schema)[i].name);
    out.columns.push_back(std::move(*column));
  }
  return out;
}

std::vector<Value> row_of(const Batch& batch, int64_t row) {
  std::vector<Value> values;
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    values.push_back(value_at((*batch.schema)[i].type, *batch.columns[i], row));
  }
  return values;
}

}  // namespace dataflow
