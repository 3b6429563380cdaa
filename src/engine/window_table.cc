#include <arrow/array.h>
#include <arrow/buffer.h>

#include "operators.h"
#include "window_slices.h"
#include "window_time.h"

namespace dataflow::engine {
namespace {

constexpr size_t kRowsOut = 8192;

// Each row once for each window that it is in, the earliest first. No state, and no row is late: a
// window that is over for those behind is late for them. A change of a row changes it in each of
// its windows; where it moved to others it leaves the ones and comes to the others.
class WindowTable final : public Operator {
 public:
  WindowTable(const plan::WindowSpec& shape, WindowTime time, SchemaPtr output)
      : slices_(shape), time_(time), schema_(std::move(output)) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    DF_RETURN_IF_ERROR(find_windows(batch));
    for (int32_t row = 0; row < batch.rows; ++row) {
      const bool pair = row + 1 < batch.rows && batch.kind(row) == RowKind::kUpdateBefore &&
                        batch.kind(row + 1) == RowKind::kUpdateAfter && has_time(row) &&
                        has_time(row + 1);
      if (!pair) {
        DF_RETURN_IF_ERROR(put(batch, row, batch.kind(row), out));
        continue;
      }
      if (windows_of(row) == windows_of(row + 1)) {
        DF_RETURN_IF_ERROR(put_pair(batch, row, out));
      } else {
        DF_RETURN_IF_ERROR(put(batch, row, RowKind::kDelete, out));
        DF_RETURN_IF_ERROR(put(batch, row + 1, RowKind::kInsert, out));
      }
      ++row;
    }
    return flush(batch, out);
  }

 private:
  // By their ends; the first is behind the last where a row is in no window.
  struct Windows {
    int64_t first = 0;
    int64_t last = -1;
    bool operator==(const Windows&) const = default;
  };
  static constexpr int64_t kNoTime = INT64_MIN;

  Status find_windows(const Batch& batch) {
    windows_.assign(static_cast<size_t>(batch.rows), {kNoTime, kNoTime});
    // Of the slice that the row before was in, in units of the time column.
    int64_t start = 1;
    int64_t end = 0;
    Windows windows;
    return for_each_time(time_, *context_, batch, [&](int32_t row, int64_t time) -> Status {
      if (time < start || time >= end) {
        const Slices::Slice slice = slices_.slice_at(floor_div(time, time_.units));
        start = slice.start * time_.units;
        end = slice.end * time_.units;
        windows = {};
        if (slice.in_window) {
          windows = {slices_.first_window(slice.end), slices_.last_window(slice.end)};
        }
      }
      windows_[static_cast<size_t>(row)] = windows;
      return {};
    });
  }

  const Windows& windows_of(int32_t row) const { return windows_[static_cast<size_t>(row)]; }
  bool has_time(int32_t row) const { return windows_of(row).first != kNoTime; }

  Status put(const Batch& batch, int32_t row, RowKind kind, Collector& out) {
    if (!has_time(row)) return {};
    const auto [first, last] = windows_of(row);
    for (int64_t end = first; end <= last; end += slices_.slide()) {
      put_in(row, end, kind);
      if (rows_.size() >= kRowsOut) DF_RETURN_IF_ERROR(flush(batch, out));
    }
    return {};
  }

  // What a row was and what it is: in each window side by side.
  Status put_pair(const Batch& batch, int32_t row, Collector& out) {
    const auto [first, last] = windows_of(row);
    for (int64_t end = first; end <= last; end += slices_.slide()) {
      put_in(row, end, RowKind::kUpdateBefore);
      put_in(row + 1, end, RowKind::kUpdateAfter);
      if (rows_.size() >= kRowsOut) DF_RETURN_IF_ERROR(flush(batch, out));
    }
    return {};
  }

  void put_in(int32_t row, int64_t window_end, RowKind kind) {
    rows_.push_back(row);
    ends_.push_back(window_end);
    if (kind != RowKind::kInsert && kinds_.empty()) {
      kinds_.resize(rows_.size() - 1, RowKind::kInsert);
    }
    if (kind != RowKind::kInsert || !kinds_.empty()) kinds_.push_back(kind);
  }

  // Each row of the batch once.
  bool is_whole(const Batch& batch) const {
    if (std::ssize(rows_) != batch.rows) return false;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i] != static_cast<int32_t>(i)) return false;
    }
    return true;
  }

  void add_moments(Batch& batch, std::vector<int64_t> moments) const {
    const Type& type = (*schema_)[batch.columns.size()].type;
    batch.columns.push_back(arrow::MakeArray(
        arrow::ArrayData::Make(arrow_type(type), batch.rows,
                               {nullptr, arrow::Buffer::FromVector(std::move(moments))}, 0)));
  }

  Status flush(const Batch& batch, Collector& out) {
    if (rows_.empty()) return {};
    Batch made = batch;
    if (!is_whole(batch)) {
      DF_ASSIGN_OR_RETURN(made, take(batch, rows_));
    }
    made.schema = schema_;
    std::vector<int64_t> starts(ends_.size());
    std::vector<int64_t> times(ends_.size());
    for (size_t i = 0; i < ends_.size(); ++i) {
      starts[i] = slices_.window_start(ends_[i]);
      // Rows of one window stand together, mostly.
      const bool same = i > 0 && ends_[i] == ends_[i - 1];
      times[i] = same ? times[i - 1] : time_.clock.moment_of(ends_[i] - 1);
    }
    add_moments(made, std::move(starts));
    add_moments(made, std::exchange(ends_, {}));
    add_moments(made, std::move(times));
    made.kinds = nullptr;
    if (!kinds_.empty()) {
      made.kinds = std::make_shared<std::vector<RowKind>>(std::exchange(kinds_, {}));
    }
    rows_.clear();
    return out.emit(std::move(made));
  }

  const Slices slices_;
  const WindowTime time_;
  const SchemaPtr schema_;
  OperatorContext* context_ = nullptr;

  // Of the batch at hand, used again.
  std::vector<Windows> windows_;
  // What leaves next.
  std::vector<int32_t> rows_;
  std::vector<int64_t> ends_;
  std::vector<RowKind> kinds_;  // none: all are insertions
};

}  // namespace

Result<std::unique_ptr<Operator>> make_window_table(const plan::WindowTableSpec& spec,
                                                    const Schema& input, SchemaPtr output) {
  plan::WindowSpec shape;
  shape.kind = spec.kind;
  shape.time_column = spec.time_column;
  shape.size_ms = spec.size_ms;
  shape.slide_ms = spec.slide_ms;
  shape.offset_ms = spec.offset_ms;
  shape.time_zone = spec.time_zone;
  DF_ASSIGN_OR_RETURN(const WindowTime time, window_time_of(shape, input));
  return std::unique_ptr<Operator>(std::make_unique<WindowTable>(shape, time, std::move(output)));
}

}  // namespace dataflow::engine
