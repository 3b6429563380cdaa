#include "aggregate.h"

#include <arrow/array.h>

#include <algorithm>
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
    const bool all = argument_ == nullptr || argument_->null_count() == 0;
    if (!rows.signs.empty()) {
      for (size_t i = 0; i < rows.groups.size(); ++i) {
        if (!all && argument_->IsNull(rows.rows[i])) continue;
        int64_t& count = counts[rows.groups[i]];
        count = std::max<int64_t>(count + rows.signs[i], 0);
      }
      return {};
    }
    if (all) {
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

std::unique_ptr<AggregateFunction> make_plain(plan::AggregateKind kind,
                                              const plan::Aggregate& aggregate,
                                              const Type& argument, const Type& result) {
  using Kind = plan::AggregateKind;
  switch (kind) {
    case Kind::kCount: return make_count();
    case Kind::kSum: return make_sum(argument, result, false);
    case Kind::kAvg: return make_sum(argument, result, true);
    case Kind::kBoolAnd:
    case Kind::kMin: return make_choice(argument, Choice::kLeast);
    case Kind::kBoolOr:
    case Kind::kMax: return make_choice(argument, Choice::kGreatest);
    case Kind::kFirstValue: return make_choice(argument, Choice::kFirst);
    case Kind::kLastValue: return make_choice(argument, Choice::kLast);
    case Kind::kStddevPop: return make_moment(argument, result, {false, true});
    case Kind::kStddevSamp: return make_moment(argument, result, {true, true});
    case Kind::kVarPop: return make_moment(argument, result, {false, false});
    case Kind::kVarSamp: return make_moment(argument, result, {true, false});
    case Kind::kApproxCountDistinct: return make_count_distinct_sketch(argument);
    case Kind::kApproxPercentile: {
      const auto place = plan::place_of(aggregate);
      return place.ok() ? make_percentile_sketch(argument, *place) : nullptr;
    }
    default: return make_gathered(aggregate, argument);
  }
}

Status check_known(const plan::AggregateFunction* known, const std::string& function) {
  return known != nullptr ? Status() : Status::internal("there is no aggregate " + function);
}

Status check_made(const std::unique_ptr<AggregateFunction>& made,
                  const plan::AggregateFunction& known, bool distinct, const Type& argument) {
  // The last of values that each count where they first came: nobody means that.
  const bool odd = distinct && known.kind == plan::AggregateKind::kLastValue;
  if (made != nullptr && !odd) return {};
  return Status::unsupported("the aggregate " + std::string(known.name) +
                             (distinct ? "(DISTINCT " : "(") + argument.to_string() +
                             ") is not there yet");
}

// The least or the greatest of its values.
bool is_extreme(plan::AggregateKind kind) {
  using Kind = plan::AggregateKind;
  return kind == Kind::kMin || kind == Kind::kMax || kind == Kind::kBoolAnd ||
         kind == Kind::kBoolOr;
}

// Whether a value that comes again changes nothing, or it sees to that by itself.
bool takes_each_once(const plan::AggregateFunction& known) {
  const plan::AggregateKind kind = known.kind;
  return plan::gathers(known) || is_extreme(kind) || kind == plan::AggregateKind::kFirstValue ||
         kind == plan::AggregateKind::kApproxCountDistinct;
}

}  // namespace

std::unique_ptr<AggregateFunction> make_count() { return std::make_unique<CountFunction>(); }

Result<std::unique_ptr<AggregateFunction>> make_aggregate(const plan::Aggregate& aggregate,
                                                          const Type& argument, const Type& result,
                                                          const std::string& name) {
  const plan::AggregateFunction* known = plan::find_aggregate(aggregate.function);
  DF_RETURN_IF_ERROR(check_known(known, aggregate.function));
  std::unique_ptr<AggregateFunction> made = make_plain(known->kind, aggregate, argument, result);
  DF_RETURN_IF_ERROR(check_made(made, *known, aggregate.distinct, argument));
  if (!aggregate.distinct || takes_each_once(*known)) return made;
  return make_distinct(std::move(made), argument, name);
}

Result<std::unique_ptr<AggregateFunction>> make_retractable(const plan::Aggregate& aggregate,
                                                            const Type& argument,
                                                            const Type& result,
                                                            const std::string& name) {
  using Kind = plan::AggregateKind;
  const plan::AggregateFunction* known = plan::find_aggregate(aggregate.function);
  DF_RETURN_IF_ERROR(check_known(known, aggregate.function));
  if (plan::is_sketch(*known)) {
    return Status::internal("the aggregate " + aggregate.function + " cannot take rows back");
  }
  std::unique_ptr<AggregateFunction> made;
  if (plan::gathers(*known)) {
    made = make_kept_gathered(aggregate, argument, name);
    DF_RETURN_IF_ERROR(check_made(made, *known, aggregate.distinct, argument));
    return made;
  }
  switch (known->kind) {
    case Kind::kBoolAnd:
    case Kind::kMin: made = make_kept_choice(argument, Choice::kLeast, name); break;
    case Kind::kBoolOr:
    case Kind::kMax: made = make_kept_choice(argument, Choice::kGreatest, name); break;
    case Kind::kFirstValue: made = make_kept_choice(argument, Choice::kFirst, name); break;
    case Kind::kLastValue: made = make_kept_choice(argument, Choice::kLast, name); break;
    default: made = make_plain(known->kind, aggregate, argument, result);
  }
  DF_RETURN_IF_ERROR(check_made(made, *known, aggregate.distinct, argument));
  // How often a value is there is nothing to the least and the greatest.
  if (!aggregate.distinct || is_extreme(known->kind)) return made;
  return make_counted_distinct(std::move(made), argument, name);
}

}  // namespace dataflow::engine
