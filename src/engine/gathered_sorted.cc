#include "gathered_sorted.h"

#include <arrow/array.h>

#include <algorithm>
#include <numeric>

#include "gathered_reader.h"
#include "nested_values.h"
#include "order_key.h"

namespace dataflow::engine {
namespace {

std::vector<OrderKeyColumn> key_columns_of(const std::vector<plan::ValueOrder>& order) {
  std::vector<OrderKeyColumn> columns;
  for (const plan::ValueOrder& by : order) {
    columns.push_back({columns.size() + 1, by.descending, by.nulls_first});
  }
  return columns;
}

class SortedValues final : public GatheredValues {
 public:
  SortedValues(std::unique_ptr<GatheredValues> inner, const Type& row,
               const std::vector<plan::ValueOrder>& order)
      : GatheredValues(row, false, inner->distinct()),
        inner_(std::move(inner)),
        schema_(std::make_shared<const Schema>(row.fields())),
        order_(key_columns_of(order)) {}

  bool takes(const arrow::Array& column, int64_t row) const override {
    return inner_->takes(*static_cast<const arrow::StructArray&>(column).field(0), row);
  }

  Status put(std::span<const std::string_view> values, ColumnWriter& out) const override {
    DF_ASSIGN_OR_RETURN(const Batch rows, rows_of(values));
    OrderKeys keys(order_);
    keys.read(rows);
    std::vector<int64_t> places(values.size());
    std::iota(places.begin(), places.end(), int64_t{0});
    std::ranges::stable_sort(places, [&](int64_t a, int64_t b) {
      return keys.keys()[static_cast<size_t>(a)] < keys.keys()[static_cast<size_t>(b)];
    });
    std::vector<std::string> bytes(values.size());
    std::vector<std::string_view> sorted;
    for (size_t i = 0; i < places.size(); ++i) {
      inner_->append(*rows.columns[0], places[i], bytes[i]);
      sorted.push_back(bytes[i]);
    }
    if (inner_->distinct()) inner_->drop_repeated(sorted);
    return inner_->put(sorted, out);
  }

 private:
  Result<Batch> rows_of(std::span<const std::string_view> values) const {
    NestedReader reader(type());
    for (const std::string_view value : values) {
      if (value.empty()) return no_gathered_value();
      const char* at = value.data() + 1;
      DF_RETURN_IF_ERROR(reader.add(at, value.data() + value.size()));
    }
    const ColumnPtr column = reader.finish();
    const auto& fields = static_cast<const arrow::StructArray&>(*column);
    Batch rows{schema_, std::ssize(values)};
    for (int i = 0; i < fields.num_fields(); ++i) rows.columns.push_back(fields.field(i));
    return rows;
  }

  const std::unique_ptr<GatheredValues> inner_;
  const SchemaPtr schema_;
  const std::vector<OrderKeyColumn> order_;
};

}  // namespace

std::unique_ptr<GatheredValues> make_sorted(std::unique_ptr<GatheredValues> inner, const Type& row,
                                            const std::vector<plan::ValueOrder>& order) {
  return std::make_unique<SortedValues>(std::move(inner), row, order);
}

}  // namespace dataflow::engine
