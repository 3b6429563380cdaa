#include "rank_at_end.h"

#include <arrow/array.h>

#include <map>

#include "base/floor_div.h"
#include "key_columns.h"
#include "watermark_state.h"

namespace dataflow::engine {
namespace {

constexpr std::string_view kWindowStart = "window_start";

// Rows leave when the watermark reaches their time, which is the last millisecond of their window,
// and what is kept of it goes with them; rows that come then are dead letters. At the end of all
// input everything has left, so that who begins again from there finds nothing.
class RankAtEnd final : public Operator {
 public:
  RankAtEnd(RankRows::Keeping keeping, RankPlaces places, std::optional<WindowTime> time,
            std::vector<size_t> keys, std::vector<OrderKeyColumn> order, SchemaPtr input,
            SchemaPtr output)
      : places_(places),
        time_(time),
        key_columns_(keys),
        keys_(std::move(keys)),
        orders_(std::move(order)),
        codec_(input),
        rows_(keeping),
        output_(std::move(input), std::move(output)) {}

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  Status on_barrier(CheckpointId id, Collector& out) override;
  size_t index_bytes() const override { return rows_.index_bytes(); }
  std::optional<OpenWindows> open_windows() override;

 private:
  using Partition = RankRows::Partition;
  struct Window {
    std::vector<Partition> partitions;
    uint64_t rows = 0;
    std::optional<int64_t> start_ms;  // once somebody asked
  };

  Status choose_rows(const Batch& batch);
  Status send_late(const Batch& batch, int32_t row, int64_t time_ms);
  void find_partitions();
  Window& window_of(Partition partition) {
    return windows_[time_ ? rows_.time_of(partition) : INT64_MAX];
  }
  void change(RowKind kind, size_t i);
  Status advance(Collector& out);
  Status leave(const Window& window, Collector& out);
  int64_t start_of(const Window& window, int64_t end_ms) const;

  const RankPlaces places_;
  const std::optional<WindowTime> time_;
  const std::vector<size_t> key_columns_;
  KeyColumns keys_;
  OrderKeys orders_;
  RowCodec codec_;
  RankRows rows_;
  RankOutput output_;

  OperatorContext* context_ = nullptr;
  WatermarkState progress_;
  bool caught_up_ = false;             // with what the progress says of the restored rows
  std::map<int64_t, Window> windows_;  // by their time

  // Of the batch at hand, used again: its rows that are on time, and of each what finds it.
  std::vector<int32_t> chosen_;
  std::vector<uint64_t> hashes_;
  std::vector<std::string_view> key_views_;
  std::vector<int64_t> times_;
  std::vector<Partition> partitions_;
};

Status RankAtEnd::open(OperatorContext& context) {
  context_ = &context;
  DF_RETURN_IF_ERROR(rows_.open(context));
  rows_.for_each_partition([&](Partition partition) {
    Window& window = window_of(partition);
    window.partitions.push_back(partition);
    window.rows += rows_.rows(partition).size();
  });
  return progress_.open(context);
}

Status RankAtEnd::choose_rows(const Batch& batch) {
  chosen_.clear();
  times_.clear();
  if (!time_) {
    for (int32_t row = 0; row < batch.rows; ++row) chosen_.push_back(row);
    times_.resize(chosen_.size());
    return {};
  }
  return for_each_time(*time_, *context_, batch, [&](int32_t row, int64_t time) -> Status {
    const int64_t time_ms = floor_div(time, time_->units);
    if (time_ms <= progress_.value().value()) return send_late(batch, row, time_ms);
    chosen_.push_back(row);
    times_.push_back(time_ms);
    return {};
  });
}

Status RankAtEnd::send_late(const Batch& batch, int32_t row, int64_t time_ms) {
  return context_->dead_letter(batch, row, DeadReason::kLate, (*batch.schema)[time_->column].name,
                               "its window closed before it came: the watermark is " +
                                   std::to_string(progress_.value().value()) +
                                   ", the last moment of the window is " + std::to_string(time_ms));
}

void RankAtEnd::find_partitions() {
  hashes_.clear();
  key_views_.clear();
  for (const int32_t row : chosen_) {
    hashes_.push_back(keys_.hashes()[static_cast<size_t>(row)]);
    key_views_.push_back(keys_.keys()[static_cast<size_t>(row)]);
  }
  rows_.find_partitions(hashes_, key_views_, times_, 0, partitions_);
  for (const Partition partition : rows_.made()) {
    window_of(partition).partitions.push_back(partition);
  }
}

Status RankAtEnd::on_batch(size_t /*input*/, const Batch& batch, Collector& out) {
  if (!caught_up_) DF_RETURN_IF_ERROR(advance(out));
  DF_RETURN_IF_ERROR(choose_rows(batch));
  if (chosen_.empty()) return {};
  DF_RETURN_IF_ERROR(keys_.read(batch));
  DF_RETURN_IF_ERROR(codec_.encode(batch));
  orders_.read(batch);
  find_partitions();
  for (size_t i = 0; i < chosen_.size(); ++i) change(batch.kind(chosen_[i]), i);
  return {};
}

// Only an operator of a plug-in takes rows back in a bounded job.
void RankAtEnd::change(RowKind kind, size_t i) {
  const auto at = static_cast<size_t>(chosen_[i]);
  const RankRows::Came came{hashes_[i], key_views_[i], times_[i], orders_.keys()[at],
                            codec_.rows()[at]};
  if (kind == RowKind::kInsert || kind == RowKind::kUpdateAfter) {
    const auto added = rows_.add(partitions_[i], came);
    if (!added) return;
    if (added->pushed_out) {
      rows_.erase(added->pushed_out->row);
    } else {
      ++window_of(partitions_[i]).rows;
    }
  } else if (const auto taken = rows_.take_out(partitions_[i], came)) {
    rows_.erase(taken->entry.row);
    --window_of(partitions_[i]).rows;
  }
}

Status RankAtEnd::on_watermark(Watermark watermark, Collector& out) {
  if (!progress_.advance(watermark) && caught_up_) return {};
  return advance(out);
}

// Progress is kept apart from rows: rows of the state may be due by it already.
Status RankAtEnd::advance(Collector& out) {
  caught_up_ = true;
  while (!windows_.empty() && windows_.begin()->first <= progress_.value().value()) {
    DF_RETURN_IF_ERROR(leave(windows_.begin()->second, out));
    windows_.erase(windows_.begin());
  }
  return {};
}

Status RankAtEnd::leave(const Window& window, Collector& out) {
  for (const Partition partition : window.partitions) {
    const OrderedRows& rows = rows_.rows(partition);
    size_t place = places_.first;
    for (auto at = rows.at_place(place - 1); at != rows.end() && place <= places_.last;
         at = rows.next(at)) {
      DF_RETURN_IF_ERROR(output_.add(RowKind::kInsert, rows_.bytes_of(rows[at].row), place++, out));
    }
  }
  DF_RETURN_IF_ERROR(output_.flush(out));
  for (const Partition partition : window.partitions) rows_.erase_partition(partition);
  return {};
}

Status RankAtEnd::on_barrier(CheckpointId /*id*/, Collector& /*out*/) {
  progress_.before_barrier(*context_);
  return {};
}

std::optional<OpenWindows> RankAtEnd::open_windows() {
  if (!time_ || windows_.empty()) return std::nullopt;
  auto& [time, window] = *windows_.begin();
  const int64_t end_ms = time + 1;
  if (!window.start_ms) window.start_ms = start_of(window, end_ms);
  return OpenWindows{*window.start_ms, end_ms, window.rows, windows_.rbegin()->first + 1};
}

// Rows say when their window began, if a key does. Else nobody knows.
int64_t RankAtEnd::start_of(const Window& window, int64_t end_ms) const {
  const Schema& schema = *codec_.schema();
  for (const size_t key : key_columns_) {
    if (!schema[key].name.starts_with(kWindowStart) || !schema[key].type.is_timestamp()) continue;
    const OrderedRows& rows = rows_.rows(window.partitions.front());
    if (rows.size() == 0) break;
    const std::string_view row = rows_.bytes_of(rows.back().row);
    std::vector<ColumnPtr> columns;
    if (!codec_.decode({&row, 1}, columns).ok() || columns[key]->IsNull(0)) break;
    return floor_div(columns[key]->data()->GetValues<int64_t>(1)[0],
                     schema[key].type.units_per_milli());
  }
  return end_ms;
}

}  // namespace

Result<std::unique_ptr<Operator>> make_rank_at_end(RankRows::Keeping keeping, RankPlaces places,
                                                   std::optional<WindowTime> time,
                                                   std::vector<size_t> keys,
                                                   std::vector<OrderKeyColumn> order,
                                                   SchemaPtr input, SchemaPtr output) {
  return std::unique_ptr<Operator>(
      std::make_unique<RankAtEnd>(keeping, places, time, std::move(keys), std::move(order),
                                  std::move(input), std::move(output)));
}

}  // namespace dataflow::engine
