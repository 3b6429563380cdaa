#include "window_output.h"

#include <algorithm>

#include "key_columns.h"

namespace dataflow::engine {

Result<WindowOutput> WindowOutput::make(const plan::WindowSpec& spec, const Schema& input,
                                        SchemaPtr output) {
  WindowOutput made;
  made.schema_ = std::move(output);
  std::vector<std::string> keys;  // as the input spells them
  for (const std::string& key : spec.keys) {
    DF_ASSIGN_OR_RETURN(const size_t column, input.require(key));
    keys.push_back(input[column].name);
    made.key_types_.push_back(input[column].type);
  }
  for (const Field& field : made.schema_->fields()) {
    const auto key = std::find(keys.begin(), keys.end(), field.name);
    const auto aggregate =
        std::find_if(spec.aggregates.begin(), spec.aggregates.end(),
                     [&](const plan::Aggregate& a) { return a.name == field.name; });
    if (aggregate != spec.aggregates.end()) {
      made.columns_.push_back(
          {What::kAggregate, static_cast<size_t>(aggregate - spec.aggregates.begin())});
    } else if (key != keys.end()) {
      made.columns_.push_back({What::kKey, static_cast<size_t>(key - keys.begin())});
    } else if (field.name == "window_start") {
      made.columns_.push_back({What::kStart, 0});
    } else if (field.name == "window_end") {
      made.columns_.push_back({What::kEnd, 0});
    } else if (field.name == "window_time") {
      made.columns_.push_back({What::kTime, 0});
    } else {
      return Status::internal("a window's output has a column " + field.name +
                              " that is no key and no aggregate");
    }
  }
  made.values_.resize(made.columns_.size());
  return made;
}

Status WindowOutput::add(state::KeyedTable& table, state::RowNumber group, WindowBounds window,
                         const std::vector<BoundAggregate>& aggregates, RowKind kind) {
  DF_ASSIGN_OR_RETURN(std::vector<Value> keys, decode_key(table.key(group), key_types_));
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Type& type = (*schema_)[i].type;
    const auto moment = [&](int64_t ms) {
      return Value::integer(type, ms * type.units_per_milli());
    };
    switch (columns_[i].what) {
      case What::kStart: values_[i].push_back(moment(window.start_ms)); break;
      case What::kEnd: values_[i].push_back(moment(window.end_ms)); break;
      case What::kTime: values_[i].push_back(moment(window.end_ms - 1)); break;
      case What::kKey: values_[i].push_back(keys[columns_[i].index]); break;
      case What::kAggregate: {
        const BoundAggregate& aggregate = aggregates[columns_[i].index];
        values_[i].push_back(aggregate.function->result(table, aggregate.first, group));
        break;
      }
    }
  }
  any_kind_ |= kind != RowKind::kInsert;
  kinds_.push_back(kind);
  return {};
}

Result<Batch> WindowOutput::take() {
  Batch batch{schema_, rows()};
  for (size_t i = 0; i < columns_.size(); ++i) {
    DF_ASSIGN_OR_RETURN(ColumnPtr column, column_of((*schema_)[i].type, values_[i]));
    batch.columns.push_back(std::move(column));
    values_[i].clear();
  }
  if (any_kind_) batch.kinds = std::make_shared<std::vector<RowKind>>(std::move(kinds_));
  kinds_.clear();
  any_kind_ = false;
  return batch;
}

}  // namespace dataflow::engine
