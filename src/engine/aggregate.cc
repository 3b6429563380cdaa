#include "aggregate.h"

#include <arrow/array.h>

#include <optional>

#include "plan/aggregate.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

class CountFunction final : public AggregateFunction {
 public:
  std::vector<ValueKind> columns() const override { return {ValueKind::kInt64}; }

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    int64_t* counts = table.ints(first);
    if (argument_ == nullptr || argument_->null_count() == 0) {
      for (const RowNumber group : rows.groups) ++counts[group];
      return {};
    }
    for (size_t i = 0; i < rows.groups.size(); ++i) {
      if (argument_->IsValid(rows.rows[i])) ++counts[rows.groups[i]];
    }
    return {};
  }
  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    int64_t* sums = into.ints(first);
    const int64_t* counts = table.ints(first);
    for (size_t i = 0; i < to.size(); ++i) sums[to[i]] += counts[from[i]];
    return {};
  }
  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    const int64_t* counts = table.ints(first);
    for (const RowNumber group : groups) out.put_int(counts[group]);
    return {};
  }
};

std::unique_ptr<AggregateFunction> make_plain(plan::AggregateKind kind, const Type& argument,
                                              const Type& result) {
  using Kind = plan::AggregateKind;
  switch (kind) {
    case Kind::kCount: return make_count();
    case Kind::kSum: return make_sum(argument, result, false);
    case Kind::kAvg: return make_sum(argument, result, true);
    case Kind::kMin: return make_choice(argument, Choice::kLeast);
    case Kind::kMax: return make_choice(argument, Choice::kGreatest);
    case Kind::kFirstValue: return make_choice(argument, Choice::kFirst);
    case Kind::kLastValue: return make_choice(argument, Choice::kLast);
    case Kind::kStddevPop: return make_moment(argument, result, {false, true});
    case Kind::kStddevSamp: return make_moment(argument, result, {true, true});
    case Kind::kVarPop: return make_moment(argument, result, {false, false});
    case Kind::kVarSamp: return make_moment(argument, result, {true, false});
  }
  return nullptr;
}

// Whether a value that comes again changes nothing.
bool takes_each_once(plan::AggregateKind kind) {
  return kind == plan::AggregateKind::kMin || kind == plan::AggregateKind::kMax ||
         kind == plan::AggregateKind::kFirstValue;
}

}  // namespace

std::unique_ptr<AggregateFunction> make_count() { return std::make_unique<CountFunction>(); }

Result<std::unique_ptr<AggregateFunction>> make_aggregate(const std::string& function,
                                                          bool distinct, const Type& argument,
                                                          const Type& result,
                                                          const std::string& name) {
  const plan::AggregateFunction* known = plan::find_aggregate(function);
  if (known == nullptr) return Status::internal("there is no aggregate " + function);
  std::unique_ptr<AggregateFunction> made = make_plain(known->kind, argument, result);
  // The last of values that each count where they first came: nobody means that.
  const bool odd = distinct && known->kind == plan::AggregateKind::kLastValue;
  if (made == nullptr || odd) {
    return Status::unsupported("the aggregate " + function + (distinct ? "(DISTINCT " : "(") +
                               argument.to_string() + ") is not there yet");
  }
  if (!distinct || takes_each_once(known->kind)) return made;
  return make_distinct(std::move(made), argument, name);
}

}  // namespace dataflow::engine
