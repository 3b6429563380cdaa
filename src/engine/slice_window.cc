#include <arrow/array.h>

#include <algorithm>
#include <map>
#include <optional>

#include "hop_merger.h"
#include "key_columns.h"
#include "key_merger.h"
#include "operators.h"
#include "slice_merger.h"
#include "watermark_state.h"
#include "window_aggregates.h"
#include "window_output.h"
#include "window_slices.h"
#include "window_time.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;

constexpr uint8_t kStateVersion = 2;
// From so many slides in a window on, merging all of its slices anew costs more than keeping parts
// of windows.
constexpr int64_t kManySlides = 6;
// Of a window with more slices its rows are not counted for whoever looks.
constexpr int kSlicesToCount = 64;

// Tumbling, hopping and cumulative windows. State: a row for each (key, slice end). A window fires
// when time reaches its last millisecond, and is dropped `allowed_lateness` later; a slice is
// erased with the last window that holds it. A row that comes between the two changes each of its
// fired windows at once, by itself, so that what leaves does not hang on how rows are cut into
// batches: -U with what left last, and +U. Such a window has left before if, and only if, the key
// had a row in one of its slices, and what left is what these make, merged in the same order.
//
// Where changes are emitted every row changes its windows so, from the first on, and nothing leaves
// when they close.
//
// In processing time all rows of a batch come now, and timers close what is due.
//
// Slices, windows and how far time has come are readings of the windows' clock; watermarks, timers
// and what stands in dead letters are moments.
class SliceWindow final : public Operator {
 public:
  SliceWindow(const plan::WindowSpec& spec, WindowTime time, std::vector<size_t> keys,
              WindowAggregates aggregates, WindowOutput output)
      : slices_(spec),
        lateness_(spec.allowed_lateness_ms),
        late_output_(spec.late_output),
        emit_changes_(spec.emit_changes),
        time_(time),
        keys_(std::move(keys)),
        aggregates_(std::move(aggregates)),
        output_(std::move(output)),
        merger_(aggregates_),
        key_merger_(aggregates_, merger_.table()) {
    if (slices_.cumulative() || slices_.slides() < kManySlides || aggregates_.hold_values()) return;
    if (emit_changes_) return;
    hop_merger_.emplace(aggregates_, slices_, merger_.table(), merger_.key_of());
  }

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  Status on_timer(int64_t moment, Collector& out) override;
  Status on_barrier(CheckpointId id, Collector& out) override;
  size_t index_bytes() const override {
    const size_t mergers = merger_.memory_bytes() + (hop_merger_ ? hop_merger_->memory_bytes() : 0);
    return aggregates_.memory_bytes() + mergers + table_->size() * sizeof(RowNumber);
  }
  std::optional<OpenWindows> open_windows() override;

 private:
  // The slice of some rows, and what is to be done with them.
  struct Cut {
    int64_t start = 1;  // in units of the time column
    int64_t end = 0;
    int64_t slice_end = 0;
    std::vector<int32_t>* rows = nullptr;  // null: they are in no window
  };

  // A window that a late row changes.
  struct Changed {
    WindowBounds bounds;
    std::optional<RowNumber> before;  // what left last; none: the key had nothing there
  };

  // The moment at which the clock shows it for the last time.
  int64_t end_of(int64_t window) const { return time_.clock.moment_of(window - 1) + 1; }
  bool has_fired(int64_t window) const { return window - 1 <= progress_.value().value(); }
  // A row changes at once what the window gives.
  bool is_said(int64_t window) const { return emit_changes_ || has_fired(window); }
  bool is_dropped(int64_t window) const {
    return window - 1 + lateness_ <= progress_.value().value();
  }
  Cut cut_at(int64_t time);
  Status cut_by_time(const Batch& batch);
  Status cut_now(const Batch& batch, Collector& out);
  Status add_rows(std::span<const int32_t> rows);
  void register_made();
  Status add_late(Collector& out);
  Status find_changed(int32_t row);
  Status change_alone(int32_t row, Collector& out);
  Status change_shared(int32_t row, Collector& out);
  void find_slices(uint64_t hash, std::string_view key, WindowBounds bounds);
  Result<RowNumber> merge_slices(WindowBounds bounds);
  // A row of the merger's table where windows share slices, else of state.
  Status emit(RowNumber row, WindowBounds bounds, RowKind kind, Collector& out) {
    state::KeyedTable& table = slices_.shared() ? merger_.table() : *table_;
    return output_.add(aggregates_, table, std::span(&row, 1), bounds, kind, out);
  }
  Status send_away(const Batch& batch, Collector& out);

  Status catch_up(Collector& out);
  Status fire_behind(RowNumber row, Collector& out);
  std::optional<int64_t> next_window() const;
  Status advance(int64_t until, Collector& out);
  Status fire(int64_t window, Collector& out);
  void drop_slices(int64_t fired_window);
  void set_timer();

  const Slices slices_;
  const int64_t lateness_;
  const bool late_output_;
  const bool emit_changes_;
  const WindowTime time_;
  KeyColumns keys_;
  WindowAggregates aggregates_;
  WindowOutput output_;
  SliceMerger merger_;
  std::optional<HopMerger> hop_merger_;  // for hopping windows of many slides
  KeyMerger key_merger_;                 // for one key at a time

  OperatorContext* context_ = nullptr;
  state::KeyedTable* table_ = nullptr;
  WatermarkState progress_;
  std::map<int64_t, std::vector<RowNumber>> rows_of_;  // by slice end
  int64_t fired_until_ = INT64_MIN;  // windows that end at or before it have fired
  int64_t timer_at_ = INT64_MAX;
  // Of cumulative windows: the merger holds what lies between these two.
  int64_t merged_from_ = 0, merged_to_ = 0;

  // Of the batch at hand, used again.
  std::vector<int64_t> ends_;
  std::vector<int32_t> on_time_, late_, dropped_;
  std::vector<uint64_t> hashes_;
  std::vector<std::string_view> key_views_;
  std::vector<int64_t> numbers_;
  std::vector<RowNumber> groups_, made_, of_window_;
  std::vector<Changed> changed_;
};

Status SliceWindow::open(OperatorContext& context) {
  context_ = &context;
  DF_ASSIGN_OR_RETURN(table_, context.table({"windows", kStateVersion, aggregates_.columns()}));
  DF_RETURN_IF_ERROR(aggregates_.open(context, *table_));
  made_.clear();
  table_->for_each([&](RowNumber row) { made_.push_back(row); });
  register_made();
  DF_RETURN_IF_ERROR(progress_.open(context));
  const Watermark known = progress_.value();
  fired_until_ = known == kNoWatermark || known == kEndOfTime ? known.value() : known.value() + 1;
  set_timer();
  return {};
}

SliceWindow::Cut SliceWindow::cut_at(int64_t time) {
  const Slices::Slice slice = slices_.slice_at(time);
  Cut cut{slice.start * time_.units, slice.end * time_.units, slice.end};
  if (!slice.in_window) return cut;
  if (is_dropped(slices_.last_window(slice.end))) {
    cut.rows = &dropped_;
  } else {
    const bool fires_again =
        emit_changes_ || (lateness_ > 0 && has_fired(slices_.first_window(slice.end)));
    cut.rows = fires_again ? &late_ : &on_time_;
    // What is merged already lacks these rows.
    if (slice.end <= merged_to_) merged_from_ = merged_to_ = 0;
    if (hop_merger_) hop_merger_->on_row(slice.end);
  }
  return cut;
}

Status SliceWindow::cut_by_time(const Batch& batch) {
  Cut cut;
  return for_each_time(time_, *context_, batch, [&](int32_t row, int64_t time) -> Status {
    if (time < cut.start || time >= cut.end) cut = cut_at(floor_div(time, time_.units));
    ends_[static_cast<size_t>(row)] = cut.slice_end;
    if (cut.rows != nullptr) cut.rows->push_back(row);
    return {};
  });
}

Status SliceWindow::cut_now(const Batch& batch, Collector& out) {
  const int64_t now = context_->now_millis();
  DF_RETURN_IF_ERROR(advance(time_.clock.passed(now - 1), out));
  // A clock that went back stands still for us.
  const Cut cut = cut_at(std::max(time_.clock.reading(now), progress_.value().value() + 1));
  for (int32_t row = 0; row < batch.rows; ++row) {
    ends_[static_cast<size_t>(row)] = cut.slice_end;
    if (cut.rows != nullptr) cut.rows->push_back(row);
  }
  return {};
}

Status SliceWindow::add_rows(std::span<const int32_t> rows) {
  groups_.resize(rows.size());
  made_.clear();
  if (rows.size() == ends_.size()) {
    table_->upsert_all(keys_.hashes(), keys_.keys(), ends_, groups_, &made_);
  } else {
    hashes_.clear();
    key_views_.clear();
    numbers_.clear();
    for (const int32_t row : rows) {
      hashes_.push_back(keys_.hashes()[static_cast<size_t>(row)]);
      key_views_.push_back(keys_.keys()[static_cast<size_t>(row)]);
      numbers_.push_back(ends_[static_cast<size_t>(row)]);
    }
    table_->upsert_all(hashes_, key_views_, numbers_, groups_, &made_);
  }
  register_made();
  return aggregates_.add(*table_, rows, groups_);
}

void SliceWindow::register_made() {
  if (made_.empty()) return;
  auto at = rows_of_.end();
  for (const RowNumber row : made_) {
    const int64_t end = table_->number(row);
    if (at == rows_of_.end() || at->first != end) at = rows_of_.try_emplace(end).first;
    at->second.push_back(row);
  }
  if (slices_.shared()) merger_.on_made(*table_, made_);
}

// One row at a time: each changes results that have left already, or is the first of its window.
Status SliceWindow::add_late(Collector& out) {
  for (const int32_t row : late_) {
    DF_RETURN_IF_ERROR(slices_.shared() ? change_shared(row, out) : change_alone(row, out));
  }
  return {};
}

// Of windows that share no slices: the row of state is the result.
Status SliceWindow::change_alone(int32_t row, Collector& out) {
  const auto at = static_cast<size_t>(row);
  const WindowBounds bounds{slices_.window_start(ends_[at]), ends_[at]};
  const auto known = table_->find(keys_.hashes()[at], keys_.keys()[at], ends_[at]);
  DF_RETURN_IF_ERROR(output_.keep_together(2, out));
  if (known) DF_RETURN_IF_ERROR(emit(*known, bounds, RowKind::kUpdateBefore, out));
  DF_RETURN_IF_ERROR(add_rows(std::span(&row, 1)));
  return emit(groups_[0], bounds, known ? RowKind::kUpdateAfter : RowKind::kInsert, out);
}

// All that the row changes is merged before it is added, and again with it.
Status SliceWindow::change_shared(int32_t row, Collector& out) {
  const auto at = static_cast<size_t>(row);
  DF_RETURN_IF_ERROR(find_changed(row));
  DF_RETURN_IF_ERROR(add_rows(std::span(&row, 1)));
  for (const Changed& changed : changed_) {
    find_slices(keys_.hashes()[at], keys_.keys()[at], changed.bounds);
    DF_ASSIGN_OR_RETURN(const RowNumber after, merge_slices(changed.bounds));
    DF_RETURN_IF_ERROR(output_.keep_together(2, out));
    if (changed.before) {
      DF_RETURN_IF_ERROR(emit(*changed.before, changed.bounds, RowKind::kUpdateBefore, out));
    }
    DF_RETURN_IF_ERROR(emit(after, changed.bounds,
                            changed.before ? RowKind::kUpdateAfter : RowKind::kInsert, out));
  }
  key_merger_.clear();
  return {};
}

// The windows of a row that have said something and are kept, into changed_.
Status SliceWindow::find_changed(int32_t row) {
  const auto at = static_cast<size_t>(row);
  changed_.clear();
  for (int64_t window = slices_.first_window(ends_[at]);
       window <= slices_.last_window(ends_[at]) && is_said(window);
       window = slices_.window_behind(window)) {
    if (is_dropped(window)) continue;
    Changed& changed = changed_.emplace_back();
    changed.bounds = {slices_.window_start(window), window};
    find_slices(keys_.hashes()[at], keys_.keys()[at], changed.bounds);
    if (of_window_.empty()) continue;
    DF_ASSIGN_OR_RETURN(changed.before, merge_slices(changed.bounds));
  }
  return {};
}

// The slices of a key in the window, by time, into of_window_.
void SliceWindow::find_slices(uint64_t hash, std::string_view key, WindowBounds bounds) {
  of_window_.clear();
  for (auto it = rows_of_.upper_bound(bounds.start_ms);
       it != rows_of_.end() && it->first <= bounds.end_ms; ++it) {
    if (const auto found = table_->find(hash, key, it->first)) of_window_.push_back(*found);
  }
}

// What find_slices() found, as one row of the merger's table.
Result<RowNumber> SliceWindow::merge_slices(WindowBounds bounds) {
  if (!hop_merger_) return key_merger_.merge(*table_, of_window_, std::nullopt);
  const int64_t block_end = slices_.block_of(bounds.end_ms).end_ms;
  const auto behind = std::ranges::partition_point(
      of_window_, [&](RowNumber slice) { return table_->number(slice) <= block_end; });
  return key_merger_.merge(*table_, of_window_, static_cast<size_t>(behind - of_window_.begin()));
}

Status SliceWindow::send_away(const Batch& batch, Collector& out) {
  if (late_output_ && !dropped_.empty()) {
    DF_ASSIGN_OR_RETURN(Batch rows, take(batch, dropped_));
    return out.emit(std::move(rows), 1);
  }
  for (const int32_t row : dropped_) {
    const int64_t slice = ends_[static_cast<size_t>(row)];
    DF_RETURN_IF_ERROR(context_->dead_letter(
        batch, row, DeadReason::kLate, (*batch.schema)[time_.column].name,
        "its window closed before it came: the watermark is " +
            std::to_string(time_.clock.moment_of(progress_.value().value())) +
            ", the window ended at " + std::to_string(end_of(slices_.last_window(slice)))));
  }
  return {};
}

Status SliceWindow::on_batch(size_t /*input*/, const Batch& batch, Collector& out) {
  ends_.resize(static_cast<size_t>(batch.rows));
  on_time_.clear();
  late_.clear();
  dropped_.clear();
  DF_RETURN_IF_ERROR(catch_up(out));
  DF_RETURN_IF_ERROR(time_.processing ? cut_now(batch, out) : cut_by_time(batch));
  DF_RETURN_IF_ERROR(aggregates_.evaluate(*context_, batch));
  for (std::vector<int32_t>* rows : {&on_time_, &late_, &dropped_}) aggregates_.drop_faulty(*rows);
  DF_RETURN_IF_ERROR(keys_.read(batch));
  if (!on_time_.empty()) DF_RETURN_IF_ERROR(add_rows(on_time_));
  DF_RETURN_IF_ERROR(add_late(out));
  DF_RETURN_IF_ERROR(send_away(batch, out));
  set_timer();
  return output_.flush(out);
}

// Once after a restore: see WatermarkState.
Status SliceWindow::catch_up(Collector& out) {
  if (!progress_.is_behind()) return {};
  std::vector<RowNumber> rows;
  table_->for_each([&](RowNumber row) {
    const auto group = state::key_group_of(table_->hash(row));
    if (progress_.of(group) < progress_.value()) rows.push_back(row);
  });
  for (const RowNumber row : rows) {
    if (!emit_changes_) DF_RETURN_IF_ERROR(fire_behind(row, out));
  }
  progress_.has_caught_up();
  drop_slices(fired_until_);
  return output_.flush(out);
}

// The windows whose last slice of this key is that of the row.
Status SliceWindow::fire_behind(RowNumber row, Collector& out) {
  const Watermark before = progress_.of(state::key_group_of(table_->hash(row)));
  const int64_t slice = table_->number(row);
  for (int64_t window = slices_.first_window(slice);
       window <= slices_.last_window(slice) && has_fired(window);
       window = slices_.window_behind(window)) {
    if (window - 1 <= before.value()) continue;
    const WindowBounds bounds{slices_.window_start(window), window};
    if (!slices_.shared()) return emit(row, bounds, RowKind::kInsert, out);
    find_slices(table_->hash(row), table_->key(row), bounds);
    if (of_window_.back() != row) break;  // nor are those behind it
    DF_ASSIGN_OR_RETURN(const RowNumber merged, merge_slices(bounds));
    DF_RETURN_IF_ERROR(emit(merged, bounds, RowKind::kInsert, out));
  }
  key_merger_.clear();
  return {};
}

// The first window that has a slice with rows and has not fired.
std::optional<int64_t> SliceWindow::next_window() const {
  const bool any_fired = fired_until_ != INT64_MIN;
  auto it =
      any_fired ? rows_of_.upper_bound(slices_.slices_over_at(fired_until_)) : rows_of_.begin();
  while (it != rows_of_.end() && slices_.last_window(it->first) <= fired_until_) ++it;
  if (it == rows_of_.end()) return std::nullopt;
  const int64_t first = slices_.first_window(it->first);
  return first > fired_until_ ? first : slices_.window_behind(fired_until_);
}

std::optional<OpenWindows> SliceWindow::open_windows() {
  const std::optional<int64_t> window = next_window();
  if (!window) return std::nullopt;
  const int64_t start = slices_.window_start(*window);
  OpenWindows open{end_of(start), end_of(*window)};
  open.newest_end_ms = end_of(slices_.last_window(rows_of_.rbegin()->first));
  int slices = 0;
  for (auto it = rows_of_.upper_bound(start); it != rows_of_.end() && it->first <= *window; ++it) {
    open.oldest_rows += it->second.size();
    if (++slices <= kSlicesToCount) continue;
    open.oldest_rows = 0;
    break;
  }
  return open;
}

Status SliceWindow::advance(int64_t until, Collector& out) {
  if (!progress_.advance(Watermark(until))) return {};
  while (const std::optional<int64_t> window = next_window()) {
    if (!has_fired(*window)) break;
    if (!emit_changes_) DF_RETURN_IF_ERROR(fire(*window, out));
    fired_until_ = *window;
    drop_slices(*window);
  }
  fired_until_ = until == INT64_MAX ? until : until + 1;
  drop_slices(fired_until_);
  return output_.flush(out);
}

Status SliceWindow::fire(int64_t window, Collector& out) {
  const WindowBounds bounds{slices_.window_start(window), window};
  if (!slices_.shared()) {
    return output_.add(aggregates_, *table_, rows_of_.at(window), bounds, RowKind::kInsert, out);
  }
  if (hop_merger_) {
    DF_RETURN_IF_ERROR(hop_merger_->merge(*table_, rows_of_, window));
    return output_.add(aggregates_, merger_.table(), hop_merger_->groups(), bounds,
                       RowKind::kInsert, out);
  }
  const bool grows =
      slices_.cumulative() && merged_from_ == bounds.start_ms && merged_to_ > merged_from_;
  if (!grows) {
    merger_.begin();
    merged_from_ = merged_to_ = bounds.start_ms;
  }
  for (auto it = rows_of_.upper_bound(merged_to_); it != rows_of_.end() && it->first <= window;
       ++it) {
    DF_RETURN_IF_ERROR(merger_.add(*table_, it->second));
  }
  merged_to_ = window;
  return output_.add(aggregates_, merger_.table(), merger_.groups(), bounds, RowKind::kInsert, out);
}

// Slices whose windows have all fired (up to this one) and are dropped.
void SliceWindow::drop_slices(int64_t fired_window) {
  while (!rows_of_.empty()) {
    const int64_t last = slices_.last_window(rows_of_.begin()->first);
    if (last > fired_window || !is_dropped(last)) return;
    if (hop_merger_) hop_merger_->on_drop(rows_of_.begin()->first);
    for (const RowNumber row : rows_of_.begin()->second) {
      if (slices_.shared()) merger_.on_erase(row);
      aggregates_.erase(*table_, row);
    }
    rows_of_.erase(rows_of_.begin());
  }
}

Status SliceWindow::on_watermark(Watermark watermark, Collector& out) {
  DF_RETURN_IF_ERROR(catch_up(out));
  // In processing time only the end of all input matters.
  if (time_.processing && watermark != kEndOfTime) return {};
  return advance(time_.clock.passed(watermark.value()), out);
}

Status SliceWindow::on_timer(int64_t /*moment*/, Collector& out) {
  timer_at_ = INT64_MAX;
  DF_RETURN_IF_ERROR(catch_up(out));
  DF_RETURN_IF_ERROR(advance(time_.clock.passed(context_->now_millis() - 1), out));
  set_timer();
  return {};
}

void SliceWindow::set_timer() {
  if (!time_.processing) return;
  if (progress_.is_behind()) context_->set_timer(context_->now_millis());
  const std::optional<int64_t> window = next_window();
  if (!window || end_of(*window) == timer_at_) return;
  timer_at_ = end_of(*window);
  context_->set_timer(timer_at_);
}

Status SliceWindow::on_barrier(CheckpointId /*id*/, Collector& out) {
  DF_RETURN_IF_ERROR(catch_up(out));
  progress_.before_barrier(*context_);
  aggregates_.before_barrier();
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_slice_window(const plan::WindowSpec& spec,
                                                    const Schema& input, SchemaPtr output) {
  DF_ASSIGN_OR_RETURN(const WindowTime time, window_time_of(spec, input));
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, input));
  DF_ASSIGN_OR_RETURN(WindowAggregates aggregates,
                      WindowAggregates::bind(spec.aggregates, input, *output, {}));
  DF_ASSIGN_OR_RETURN(WindowOutput rows, WindowOutput::make(spec, input, std::move(output)));
  return std::unique_ptr<Operator>(std::make_unique<SliceWindow>(
      spec, time, std::move(keys), std::move(aggregates), std::move(rows)));
}

}  // namespace dataflow::engine
