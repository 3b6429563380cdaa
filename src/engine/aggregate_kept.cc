// MIN, MAX, FIRST_VALUE and LAST_VALUE of rows that may be taken back: a group keeps all of its
// values.
#include <arrow/array.h>

#include <type_traits>

#include "aggregate.h"
#include "arrived_values.h"
#include "counted_values.h"
#include "ordered_values.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

// The least or greatest by their counts, or the first or last by their arrival.
template <class Kept>
class KeptFunction final : public AggregateFunction {
 public:
  template <class... Args>
  KeptFunction(const Type& type, Choice choice, std::string name, Args... args)
      : choice_(choice), name_(std::move(name)), values_(type), kept_(args...) {}

  std::vector<ValueKind> columns() const override { return {}; }

  Status open(OperatorContext& context, KeyedTable& table) override {
    return kept_.open(context, table, name_ + (kByArrival ? "-arrived" : "-values"));
  }
  Status begin(const ColumnPtr& argument) override {
    values_.read(*argument);
    return AggregateFunction::begin(argument);
  }
  Status add(KeyedTable& /*table*/, size_t /*first*/, const AggregateRows& rows) override {
    for (size_t i = 0; i < rows.groups.size(); ++i) {
      if (argument_->IsNull(rows.rows[i])) continue;
      const auto row = static_cast<size_t>(rows.rows[i]);
      const uint64_t hash = values_.hashes()[row];
      const std::string_view value = values_.values()[row];
      if (rows.sign(i) < 0) {
        kept_.take_back(hash, value, rows.groups[i]);
      } else if constexpr (kByArrival) {
        kept_.add(hash, value, rows.groups[i], rows.first_arrival + rows.rows[i]);
      } else {
        kept_.add(hash, value, rows.groups[i]);
      }
    }
    return {};
  }
  Status merge(KeyedTable& /*into*/, std::span<const RowNumber> /*to*/, KeyedTable& /*table*/,
               std::span<const RowNumber> /*from*/, size_t /*first*/) override {
    return Status::internal("groups that keep their values are not merged");
  }
  Status results(KeyedTable& /*table*/, size_t /*first*/, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    for (const RowNumber group : groups) {
      if (const std::optional<std::string_view> value = chosen(group)) {
        DF_RETURN_IF_ERROR(values_.put(*value, out));
      } else {
        out.put_null();
      }
    }
    return {};
  }
  void forget(KeyedTable& /*table*/, RowNumber group) override { kept_.clear(group); }
  bool holds_values() const override { return true; }
  size_t memory_bytes() const override { return kept_.memory_bytes(); }
  int64_t last_arrival(KeyedTable& /*table*/, size_t /*first*/, RowNumber group) const override {
    if constexpr (kByArrival) return kept_.last_arrival(group);
    return -1;
  }

 private:
  static constexpr bool kByArrival = std::is_same_v<Kept, ArrivedValues>;

  std::optional<std::string_view> chosen(RowNumber group) const {
    if constexpr (kByArrival) {
      return choice_ == Choice::kFirst ? kept_.first(group) : kept_.last(group);
    } else {
      return kept_.top(group);
    }
  }

  const Choice choice_;
  const std::string name_;
  OrderedValues values_;  // of the argument
  Kept kept_;
};

}  // namespace

std::unique_ptr<AggregateFunction> make_kept_choice(const Type& type, Choice choice,
                                                    const std::string& name) {
  if (!OrderedValues::have_order(type)) return nullptr;
  if (choice == Choice::kFirst || choice == Choice::kLast) {
    return std::make_unique<KeptFunction<ArrivedValues>>(type, choice, name);
  }
  return std::make_unique<KeptFunction<CountedValues>>(
      type, choice, name,
      choice == Choice::kLeast ? CountedValues::Top::kLeast : CountedValues::Top::kGreatest);
}

}  // namespace dataflow::engine
