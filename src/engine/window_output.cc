#include "window_output.h"

#include <algorithm>

#include "key_columns.h"

namespace dataflow::engine {
namespace {

constexpr size_t kRowsOut = 4096;

}  // namespace

Result<WindowOutput> WindowOutput::make(const plan::WindowSpec& spec, const Schema& input,
                                        SchemaPtr output) {
  WindowOutput made;
  made.schema_ = std::move(output);
  DF_ASSIGN_OR_RETURN(made.clock_, WallClock::of_zone(spec.time_zone));
  std::vector<std::string> keys;  // as the input spells them
  for (const std::string& key : spec.keys) {
    DF_ASSIGN_OR_RETURN(const size_t column, input.require(key));
    keys.push_back(input[column].name);
  }
  made.key_columns_.resize(keys.size());
  for (const Field& field : made.schema_->fields()) {
    const auto key = std::find(keys.begin(), keys.end(), field.name);
    const auto aggregate =
        std::find_if(spec.aggregates.begin(), spec.aggregates.end(),
                     [&](const plan::Aggregate& a) { return a.name == field.name; });
    if (aggregate != spec.aggregates.end()) {
      made.columns_.push_back(
          {What::kAggregate, static_cast<size_t>(aggregate - spec.aggregates.begin())});
    } else if (key != keys.end()) {
      const auto index = static_cast<size_t>(key - keys.begin());
      made.key_columns_[index] = made.columns_.size();
      made.columns_.push_back({What::kKey, index});
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
    made.writers_.emplace_back(field.type);
  }
  return made;
}

Status WindowOutput::add(const WindowAggregates& aggregates, state::KeyedTable& table,
                         std::span<const state::RowNumber> groups,
                         std::span<const WindowBounds> windows, RowKind kind, Collector& out) {
  const bool one_window = windows.size() == 1;
  while (!groups.empty()) {
    const size_t count = std::min(groups.size(), kRowsOut - kinds_.size());
    DF_RETURN_IF_ERROR(put(aggregates, table, groups.first(count),
                           one_window ? windows : windows.first(count), kind));
    groups = groups.subspan(count);
    if (!one_window) windows = windows.subspan(count);
    if (kinds_.size() == kRowsOut) DF_RETURN_IF_ERROR(flush(out));
  }
  return {};
}

void WindowOutput::put_moments(ColumnWriter& writer, What what,
                               std::span<const WindowBounds> windows, size_t rows) {
  const int64_t units = writer.type().units_per_milli();
  const bool zoned = writer.type().id() == TypeId::kTimestampTz;
  for (size_t i = 0; i < rows; ++i) {
    const WindowBounds window = windows[windows.size() == 1 ? 0 : i];
    int64_t ms = what == What::kStart ? window.start_ms : window.end_ms;
    if (what == What::kTime) ms = zoned ? clock_.moment_of(ms - 1) : ms - 1;
    writer.put_int(ms * units);
  }
}

Status WindowOutput::put(const WindowAggregates& aggregates, state::KeyedTable& table,
                         std::span<const state::RowNumber> groups,
                         std::span<const WindowBounds> windows, RowKind kind) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    if (column.what == What::kKey) continue;
    if (column.what == What::kAggregate) {
      DF_RETURN_IF_ERROR(aggregates.results(column.index, table, groups, writers_[i]));
    } else {
      put_moments(writers_[i], column.what, windows, groups.size());
    }
  }
  if (!key_columns_.empty()) {
    for (const state::RowNumber group : groups) {
      DF_RETURN_IF_ERROR(write_key(table.key(group), key_columns_, writers_));
    }
  }
  any_kind_ |= kind != RowKind::kInsert;
  kinds_.insert(kinds_.end(), groups.size(), kind);
  return {};
}

Status WindowOutput::keep_together(size_t rows, Collector& out) {
  return kinds_.size() + rows > kRowsOut ? flush(out) : Status();
}

Status WindowOutput::flush(Collector& out) {
  if (kinds_.empty()) return {};
  Batch batch{schema_, static_cast<int64_t>(kinds_.size())};
  for (ColumnWriter& writer : writers_) {
    DF_ASSIGN_OR_RETURN(ColumnPtr column, writer.take());
    batch.columns.push_back(std::move(column));
  }
  if (any_kind_) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds_);
  kinds_.clear();
  any_kind_ = false;
  return out.emit(std::move(batch));
}

}  // namespace dataflow::engine
