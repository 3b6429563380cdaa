// MIN, MAX, FIRST_VALUE and LAST_VALUE: one of the values. The first column says whether there is
// one: 1, or by which arrival it came, + 1; so that merging goes by arrival, whatever its order.
#include <arrow/array.h>

#include <cmath>

#include "aggregate.h"
#include "column_values.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

struct IntCell {
  static constexpr ValueKind kKind = ValueKind::kInt64;
  using Stored = int64_t;
  using View = int64_t;
  template <class F>
  static void with_values(const Type& type, const arrow::Array& column, F&& f) {
    with_ints(type, column, f);
  }
  static Stored* column(KeyedTable& table, size_t column) { return table.ints(column); }
  static View get(const Stored& cell) { return cell; }
  static void set(KeyedTable& /*table*/, Stored& cell, View value) { cell = value; }
  static void put(View value, ColumnWriter& out) { out.put_int(value); }
  static bool less(View a, View b) { return a < b; }
};

struct FloatCell {
  static constexpr ValueKind kKind = ValueKind::kFloat64;
  using Stored = double;
  using View = double;
  template <class F>
  static void with_values(const Type& type, const arrow::Array& column, F&& f) {
    with_floats(type, column, f);
  }
  static Stored* column(KeyedTable& table, size_t column) { return table.floats(column); }
  static View get(const Stored& cell) { return cell; }
  static void set(KeyedTable& /*table*/, Stored& cell, View value) { cell = value; }
  static void put(View value, ColumnWriter& out) { out.put_float(value); }
  // NaN is above all, so that the result does not hang on the order.
  static bool less(View a, View b) { return a < b || (std::isnan(b) && !std::isnan(a)); }
};

struct DecimalCell {
  static constexpr ValueKind kKind = ValueKind::kInt128;
  using Stored = __int128;
  using View = __int128;
  template <class F>
  static void with_values(const Type& /*type*/, const arrow::Array& column, F&& f) {
    f(DecimalValues(column));
  }
  static Stored* column(KeyedTable& table, size_t column) { return table.decimals(column); }
  static View get(const Stored& cell) { return cell; }
  static void set(KeyedTable& /*table*/, Stored& cell, View value) { cell = value; }
  static void put(View value, ColumnWriter& out) { out.put_decimal(value); }
  static bool less(View a, View b) { return a < b; }
};

struct TextCell {
  static constexpr ValueKind kKind = ValueKind::kBytes;
  using Stored = std::string;
  using View = std::string_view;
  template <class F>
  static void with_values(const Type& /*type*/, const arrow::Array& column, F&& f) {
    f(TextValues(column));
  }
  static Stored* column(KeyedTable& table, size_t column) { return table.bytes(column); }
  static View get(const Stored& cell) { return cell; }
  static void set(KeyedTable& table, Stored& cell, View value) {
    table.note_bytes(std::ssize(value) - std::ssize(cell));
    cell = value;
  }
  static void put(View value, ColumnWriter& out) { out.put_bytes(value); }
  static bool less(View a, View b) { return a < b; }
};

template <class Cell, Choice kChoice>
class ChoiceFunction final : public AggregateFunction {
 public:
  explicit ChoiceFunction(Type type) : type_(std::move(type)) {}

  std::vector<ValueKind> columns() const override { return {ValueKind::kInt64, Cell::kKind}; }

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    const bool all = argument_->null_count() == 0;
    int64_t* known = table.ints(first);
    auto* cells = Cell::column(table, first + 1);
    Cell::with_values(type_, *argument_, [&](auto values) {
      for (size_t i = 0; i < rows.groups.size(); ++i) {
        const int32_t row = rows.rows[i];
        if (!all && argument_->IsNull(row)) continue;
        const RowNumber group = rows.groups[i];
        offer(table, known[group], cells[group], kByArrival ? rows.first_arrival + row + 1 : 1,
              values[row]);
      }
    });
    return {};
  }
  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    const int64_t* came = table.ints(first);
    const auto* values = Cell::column(table, first + 1);
    int64_t* known = into.ints(first);
    auto* cells = Cell::column(into, first + 1);
    for (size_t i = 0; i < to.size(); ++i) {
      if (came[from[i]] == 0) continue;
      offer(into, known[to[i]], cells[to[i]], came[from[i]], Cell::get(values[from[i]]));
    }
    return {};
  }
  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    const int64_t* known = table.ints(first);
    const auto* cells = Cell::column(table, first + 1);
    for (const RowNumber group : groups) {
      if (known[group] == 0) {
        out.put_null();
      } else {
        Cell::put(Cell::get(cells[group]), out);
      }
    }
    return {};
  }
  int64_t last_arrival(KeyedTable& table, size_t first, RowNumber group) const override {
    return kByArrival ? table.ints(first)[group] - 1 : -1;
  }

 private:
  static constexpr bool kByArrival = kChoice == Choice::kFirst || kChoice == Choice::kLast;

  static void offer(KeyedTable& table, int64_t& known, typename Cell::Stored& cell, int64_t came,
                    typename Cell::View value) {
    if (known != 0) {
      bool better = false;
      if constexpr (kChoice == Choice::kFirst) better = came < known;
      if constexpr (kChoice == Choice::kLast) better = came > known;
      if constexpr (kChoice == Choice::kLeast) better = Cell::less(value, Cell::get(cell));
      if constexpr (kChoice == Choice::kGreatest) better = Cell::less(Cell::get(cell), value);
      if (!better) return;
    }
    known = came;
    Cell::set(table, cell, value);
  }

  const Type type_;
};

template <class Cell>
std::unique_ptr<AggregateFunction> make_of(const Type& type, Choice choice) {
  switch (choice) {
    case Choice::kLeast: return std::make_unique<ChoiceFunction<Cell, Choice::kLeast>>(type);
    case Choice::kGreatest: return std::make_unique<ChoiceFunction<Cell, Choice::kGreatest>>(type);
    case Choice::kFirst: return std::make_unique<ChoiceFunction<Cell, Choice::kFirst>>(type);
    case Choice::kLast: return std::make_unique<ChoiceFunction<Cell, Choice::kLast>>(type);
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<AggregateFunction> make_choice(const Type& type, Choice choice) {
  if (is_integral(type)) return make_of<IntCell>(type, choice);
  if (type.is_float()) return make_of<FloatCell>(type, choice);
  if (type.id() == TypeId::kDecimal) return make_of<DecimalCell>(type, choice);
  if (is_text_like(type)) return make_of<TextCell>(type, choice);
  return nullptr;
}

}  // namespace dataflow::engine
