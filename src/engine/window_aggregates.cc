#include "window_aggregates.h"

#include <algorithm>

#include "faulty_rows.h"

namespace dataflow::engine {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

Result<WindowAggregates> WindowAggregates::bind(const std::vector<plan::Aggregate>& aggregates,
                                                const Schema& input, const Schema& output,
                                                std::vector<ValueKind> leading, bool retractable) {
  const auto make = retractable ? make_retractable : make_aggregate;
  WindowAggregates made;
  made.leading_ = leading.size();
  made.columns_ = std::move(leading);
  for (const plan::Aggregate& aggregate : aggregates) {
    Part part;
    if (aggregate.argument != nullptr) {
      DF_ASSIGN_OR_RETURN(part.value, expr::bind(aggregate.argument, input));
    }
    if (aggregate.filter != nullptr) {
      DF_ASSIGN_OR_RETURN(part.filter, expr::bind(aggregate.filter, input));
    }
    const Type type = part.value ? part.value->type() : Type::null();
    DF_ASSIGN_OR_RETURN(const size_t result, output.require(aggregate.name));
    DF_ASSIGN_OR_RETURN(part.function, make(aggregate, type, output[result].type,
                                            "aggregate-" + std::to_string(made.parts_.size())));
    part.first = made.columns_.size();
    const std::vector<ValueKind> columns = part.function->columns();
    made.columns_.insert(made.columns_.end(), columns.begin(), columns.end());
    made.parts_.push_back(std::move(part));
  }
  return made;
}

Status WindowAggregates::open(OperatorContext& context, KeyedTable& table) {
  for (const Part& part : parts_) {
    DF_RETURN_IF_ERROR(part.function->open(context, table));
    table.for_each([&](RowNumber row) {
      next_arrival_ =
          std::max(next_arrival_, part.function->last_arrival(table, part.first, row) + 1);
    });
  }
  return {};
}

Status WindowAggregates::evaluate(OperatorContext& context, const Batch& batch) {
  eval_.now_millis = context.now_millis();
  eval_.faults.clear();
  values_.assign(parts_.size(), nullptr);
  filters_.assign(parts_.size(), {});
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].filter != nullptr) {
      DF_ASSIGN_OR_RETURN(filters_[i], expr::select_true(*parts_[i].filter, batch, {}, eval_));
    }
    if (parts_[i].value != nullptr) {
      DF_ASSIGN_OR_RETURN(values_[i], parts_[i].value->evaluate(batch, filters_[i], eval_));
    }
    DF_RETURN_IF_ERROR(parts_[i].function->begin(values_[i]));
  }
  first_arrival_ = next_arrival_;
  next_arrival_ += batch.rows;
  faulty_.clear();
  DF_RETURN_IF_ERROR(send_faults(context, batch, eval_.faults));
  for (const RowFault& fault : eval_.faults) {
    faulty_.resize(static_cast<size_t>(batch.rows));
    faulty_[static_cast<size_t>(fault.row)] = 1;
  }
  return {};
}

void WindowAggregates::drop_faulty(std::vector<int32_t>& rows) const {
  if (faulty_.empty()) return;
  std::erase_if(rows, [this](int32_t row) { return is_faulty(row); });
}

Status WindowAggregates::add(KeyedTable& table, std::span<const int32_t> rows,
                             std::span<const RowNumber> groups, std::span<const int8_t> signs) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (!filters_[i].all) {
      DF_RETURN_IF_ERROR(add_filtered(i, table, rows, groups, signs));
      continue;
    }
    DF_RETURN_IF_ERROR(
        parts_[i].function->add(table, parts_[i].first, {groups, rows, first_arrival_, signs}));
  }
  return {};
}

Status WindowAggregates::add_filtered(size_t part, KeyedTable& table, std::span<const int32_t> rows,
                                      std::span<const RowNumber> groups,
                                      std::span<const int8_t> signs) {
  some_rows_.clear();
  some_groups_.clear();
  some_signs_.clear();
  const std::vector<int32_t>& wanted = filters_[part].rows;
  auto next = rows.empty() ? wanted.end() : std::ranges::lower_bound(wanted, rows.front());
  for (size_t i = 0; i < rows.size(); ++i) {
    while (next != wanted.end() && *next < rows[i]) ++next;
    if (next == wanted.end()) break;
    if (*next != rows[i]) continue;
    some_rows_.push_back(rows[i]);
    some_groups_.push_back(groups[i]);
    if (!signs.empty()) some_signs_.push_back(signs[i]);
  }
  return parts_[part].function->add(table, parts_[part].first,
                                    {some_groups_, some_rows_, first_arrival_, some_signs_});
}

Status WindowAggregates::merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
                               std::span<const RowNumber> from) {
  for (const Part& part : parts_) {
    DF_RETURN_IF_ERROR(part.function->merge(into, to, table, from, part.first));
  }
  return {};
}

void WindowAggregates::clear(KeyedTable& table, RowNumber group) {
  for (const Part& part : parts_) part.function->forget(table, group);
  for (size_t i = leading_; i < columns_.size(); ++i) {
    switch (columns_[i]) {
      case ValueKind::kInt64: table.ints(i)[group] = 0; break;
      case ValueKind::kFloat64: table.floats(i)[group] = 0; break;
      case ValueKind::kInt128: table.decimals(i)[group] = 0; break;
      case ValueKind::kBytes: {
        std::string& bytes = table.bytes(i)[group];
        table.note_bytes(-std::ssize(bytes));
        bytes.clear();
        break;
      }
    }
  }
}

void WindowAggregates::erase(KeyedTable& table, RowNumber group) {
  for (const Part& part : parts_) part.function->forget(table, group);
  table.erase(group);
}

Status WindowAggregates::results(size_t index, KeyedTable& table, std::span<const RowNumber> groups,
                                 ColumnWriter& out) const {
  return parts_[index].function->results(table, parts_[index].first, groups, out);
}

bool WindowAggregates::hold_values() const {
  return std::ranges::any_of(parts_,
                             [](const Part& part) { return part.function->holds_values(); });
}

size_t WindowAggregates::memory_bytes() const {
  size_t bytes = 0;
  for (const Part& part : parts_) bytes += part.function->memory_bytes();
  return bytes;
}

void WindowAggregates::before_barrier() {
  for (const Part& part : parts_) part.function->before_barrier();
}

}  // namespace dataflow::engine
