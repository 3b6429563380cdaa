// APPROX_COUNT_DISTINCT and APPROX_PERCENTILE: aggregates whose state is a sketch, the bytes of one
// column.
#include <arrow/array.h>

#include "aggregate.h"
#include "column_values.h"
#include "distinct_sketch.h"
#include "key_columns.h"
#include "quantile_digest.h"
#include "types/decimal.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

// Changes the bytes of a group, and counts its memory.
template <class Change>
void change_bytes(KeyedTable& table, std::string& bytes, Change&& change) {
  const auto had = std::ssize(bytes);
  change(bytes);
  if (std::ssize(bytes) != had) table.note_bytes(std::ssize(bytes) - had);
}

class SketchFunction : public AggregateFunction {
 public:
  using Merge = Status (*)(std::string& into, std::string_view from);
  explicit SketchFunction(Merge merge) : merge_(merge) {}

  std::vector<ValueKind> columns() const override { return {ValueKind::kBytes}; }
  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    const std::string* theirs = table.bytes(first);
    std::string* ours = into.bytes(first);
    for (size_t i = 0; i < to.size(); ++i) {
      Status merged;
      change_bytes(into, ours[to[i]],
                   [&](std::string& bytes) { merged = merge_(bytes, theirs[from[i]]); });
      DF_RETURN_IF_ERROR(merged);
    }
    return {};
  }
  // Sketches are of some kilobytes.
  bool holds_values() const override { return true; }

 private:
  const Merge merge_;
};

class CountDistinctFunction final : public SketchFunction {
 public:
  explicit CountDistinctFunction(Type type)
      : SketchFunction(merge_sketches),
        schema_(std::make_shared<Schema>(std::vector<Field>{{"value", std::move(type)}})),
        keys_({0}) {}

  Status begin(const ColumnPtr& argument) override {
    argument_ = argument.get();
    return keys_.read({schema_, argument->length(), {argument}});
  }
  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    std::string* sketches = table.bytes(first);
    for (size_t i = 0; i < rows.groups.size(); ++i) {
      const int32_t row = rows.rows[i];
      if (argument_->IsNull(row)) continue;
      change_bytes(table, sketches[rows.groups[i]], [&](std::string& sketch) {
        add_to_sketch(sketch, keys_.hashes()[static_cast<size_t>(row)]);
      });
    }
    return {};
  }
  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    for (const RowNumber group : groups) {
      DF_ASSIGN_OR_RETURN(const int64_t count, estimate_of(table.bytes(first)[group]));
      out.put_int(count);
    }
    return {};
  }

 private:
  const SchemaPtr schema_;
  KeyColumns keys_;  // of the argument
};

class PercentileFunction final : public SketchFunction {
 public:
  PercentileFunction(Type type, double place)
      : SketchFunction(merge_digests), type_(std::move(type)), place_(place) {}

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    std::string* digests = table.bytes(first);
    const auto add_all = [&](auto values) {
      for (size_t i = 0; i < rows.groups.size(); ++i) {
        const int32_t row = rows.rows[i];
        if (argument_->IsNull(row)) continue;
        change_bytes(table, digests[rows.groups[i]],
                     [&](std::string& digest) { add_to_digest(digest, values(row)); });
      }
    };
    if (type_.is_float()) {
      with_floats(type_, *argument_,
                  [&](auto values) { add_all([&](int32_t row) { return values[row]; }); });
    } else if (type_.id() == TypeId::kDecimal) {
      const DecimalValues values(*argument_);
      const auto unit = static_cast<double>(power_of_ten(type_.scale()));
      add_all([&](int32_t row) { return static_cast<double>(values[row]) / unit; });
    } else {
      with_ints(type_, *argument_, [&](auto values) {
        add_all([&](int32_t row) { return static_cast<double>(values[row]); });
      });
    }
    return {};
  }
  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    for (const RowNumber group : groups) {
      DF_ASSIGN_OR_RETURN(const std::optional<double> value,
                          quantile_of(table.bytes(first)[group], place_));
      if (value) {
        out.put_float(*value);
      } else {
        out.put_null();
      }
    }
    return {};
  }

 private:
  const Type type_;
  const double place_;
};

}  // namespace

std::unique_ptr<AggregateFunction> make_count_distinct_sketch(const Type& argument) {
  if (!KeyColumns::can_be_key(argument)) return nullptr;
  return std::make_unique<CountDistinctFunction>(argument);
}

std::unique_ptr<AggregateFunction> make_percentile_sketch(const Type& argument, double place) {
  if (!argument.is_numeric()) return nullptr;
  return std::make_unique<PercentileFunction>(argument, place);
}

}  // namespace dataflow::engine
