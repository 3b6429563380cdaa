#include "group_changes.h"

#include <arrow/array.h>
#include <arrow/compare.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "key_columns.h"
#include "types/type.h"

namespace dataflow::engine {
namespace {

// Whether two values of a column are the same to the last bit.
class SameValues {
 public:
  explicit SameValues(const arrow::Array& column, const Type& type)
      : column_(column),
        type_(type),
        width_(type.id() == TypeId::kBoolean ? 0 : fixed_width_of(type)),
        any_null_(column.null_count() > 0),
        values_(width_ > 0 ? column.data()->buffers[1]->data() : nullptr) {}

  bool operator()(uint32_t a, uint32_t b) const {
    if (any_null_ && (column_.IsNull(a) || column_.IsNull(b))) {
      return column_.IsNull(a) && column_.IsNull(b);
    }
    if (width_ > 0) return std::memcmp(values_ + a * width_, values_ + b * width_, width_) == 0;
    if (type_.id() == TypeId::kBoolean) {
      const auto& bits = static_cast<const arrow::BooleanArray&>(column_);
      return bits.Value(a) == bits.Value(b);
    }
    if (type_.is_nested()) {
      static const arrow::EqualOptions kToTheBit =
          arrow::EqualOptions().nans_equal(true).signed_zeros_equal(false);
      return column_.RangeEquals(a, a + 1, b, column_, kToTheBit);
    }
    const auto& texts = static_cast<const arrow::BinaryArray&>(column_);
    return texts.GetView(a) == texts.GetView(b);
  }

 private:
  const arrow::Array& column_;
  const Type& type_;
  const size_t width_;
  const bool any_null_;
  const uint8_t* values_;
};

}  // namespace

GroupChanges::GroupChanges(SchemaPtr output, size_t keys)
    : schema_(std::move(output)), key_columns_(keys) {
  std::iota(key_columns_.begin(), key_columns_.end(), 0);
  for (const Field& field : schema_->fields()) writers_.emplace_back(field.type);
}

Status GroupChanges::put(const WindowAggregates& aggregates, state::KeyedTable& table,
                         std::span<const state::RowNumber> groups) {
  for (size_t i = key_columns_.size(); i < writers_.size(); ++i) {
    DF_RETURN_IF_ERROR(aggregates.results(i - key_columns_.size(), table, groups, writers_[i]));
  }
  return {};
}

Status GroupChanges::put_before(const WindowAggregates& aggregates, state::KeyedTable& table,
                                std::span<const state::RowNumber> groups) {
  rows_before_ = groups.size();
  return put(aggregates, table, groups);
}

Status GroupChanges::put_after(const WindowAggregates& aggregates, state::KeyedTable& table,
                               std::span<const state::RowNumber> groups) {
  return put(aggregates, table, groups);
}

void GroupChanges::find_differences(const ColumnPtr& column, std::span<const Change> changes) {
  const SameValues same(*column, (*schema_)[key_columns_.size() + aggregates_.size()].type);
  const auto first_after = static_cast<uint32_t>(rows_before_);
  for (size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    if (differs_[i] != 0 || change.before == kNone || change.after == kNone) continue;
    differs_[i] = same(change.before, first_after + change.after) ? 0 : 1;
  }
}

void GroupChanges::add_row(state::RowNumber group, size_t row, RowKind kind) {
  groups_.push_back(group);
  rows_.push_back(static_cast<int32_t>(row));
  kinds_.push_back(kind);
}

void GroupChanges::list_rows(std::span<const Change> changes, bool refresh) {
  groups_.clear();
  rows_.clear();
  kinds_.clear();
  for (size_t i = 0; i < changes.size(); ++i) {
    const auto& [group, before, after] = changes[i];
    if (before != kNone && after != kNone) {
      if (differs_[i] == 0 && !refresh) continue;
      add_row(group, before, RowKind::kUpdateBefore);
      add_row(group, rows_before_ + after, RowKind::kUpdateAfter);
    } else if (after != kNone) {
      add_row(group, rows_before_ + after, RowKind::kInsert);
    } else if (before != kNone) {
      add_row(group, before, RowKind::kDelete);
    }
  }
}

Status GroupChanges::emit(const state::KeyedTable& table, std::span<const Change> changes,
                          bool refresh, Collector& out) {
  aggregates_.clear();
  differs_.assign(changes.size(), 0);
  for (size_t i = key_columns_.size(); i < writers_.size(); ++i) {
    DF_ASSIGN_OR_RETURN(ColumnPtr column, writers_[i].take());
    if (!refresh && rows_before_ > 0) find_differences(column, changes);
    aggregates_.push_back(std::move(column));
  }
  list_rows(changes, refresh);
  rows_before_ = 0;
  if (kinds_.empty()) return {};
  Batch batch{schema_, std::ssize(kinds_)};
  for (const state::RowNumber group : groups_) {
    DF_RETURN_IF_ERROR(write_key(table.key(group), key_columns_, writers_));
  }
  for (const size_t key : key_columns_) {
    DF_ASSIGN_OR_RETURN(ColumnPtr column, writers_[key].take());
    batch.columns.push_back(std::move(column));
  }
  DF_ASSIGN_OR_RETURN(Batch taken, take({nullptr, 0, std::move(aggregates_)}, rows_));
  std::ranges::move(taken.columns, std::back_inserter(batch.columns));
  const bool all_new = std::ranges::count(kinds_, RowKind::kInsert) == batch.rows;
  if (!all_new) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds_);
  return out.emit(std::move(batch));
}

}  // namespace dataflow::engine
