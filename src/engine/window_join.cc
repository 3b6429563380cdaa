#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/floor_div.h"
#include "join_output.h"
#include "join_side.h"
#include "operators.h"
#include "watermark_state.h"
#include "window_rows.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;

constexpr int64_t kMicrosInMilli = 1000;
// Marks of rows of state.
constexpr int64_t kFired = 1;    // its window has left, and it with it
constexpr int64_t kNullKey = 2;  // it meets none

// Rows of both sides with equal keys in the same tumbling window. State: the rows themselves, with
// their window's end. When time reaches a window's last millisecond its rows are sorted by key and
// merged; nothing is looked up until then. It is dropped `allowed_lateness` later; a row that comes
// between the two brings what it adds at once, and takes back what it refutes. So what follows is
// told of a watermark `allowed_lateness` later: the window is not behind it before it is dropped.
class WindowJoin final : public Operator {
 public:
  WindowJoin(const plan::WindowJoinSpec& spec, JoinSide left, JoinSide right, SchemaPtr output)
      : shape_(spec.kind),
        size_(spec.size_ms),
        lateness_(spec.allowed_lateness_ms),
        sides_{std::move(left), std::move(right)},
        output_(spec.kind, sides_[kLeft].codec(), sides_[kRight].codec(), std::move(output),
                spec.size_ms) {}

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  bool has_more() const override { return firing_.has_value(); }
  Status go_on(Collector& out) override { return advance(out); }
  Status on_barrier(CheckpointId id, Collector& out) override;
  Watermark forwarded(Watermark watermark) const override {
    return held_back(watermark, lateness_);
  }
  size_t index_bytes() const override {
    return (sides_[kLeft].table().size() + sides_[kRight].table().size()) *
           sizeof(WindowRows::Entry);
  }
  std::optional<OpenWindows> open_windows() override {
    const auto oldest = windows_.upper_bound(fired_until_);
    if (oldest == windows_.end()) return std::nullopt;
    const auto& [end, rows] = *oldest;
    return OpenWindows{end - size_, end, rows[kLeft].size() + rows[kRight].size(),
                       windows_.rbegin()->first};
  }

 private:
  using Window = std::array<WindowRows, 2>;  // by side
  // A window that is leaving, as far as it has.
  struct Firing {
    int64_t end;
    KeyRuns left, right;
    size_t next_pair = 0;  // of the key at hand
  };

  bool has_fired(int64_t window) const { return window - 1 <= progress_.value().value(); }
  bool is_dropped(int64_t window) const {
    return window - 1 + lateness_ <= progress_.value().value();
  }
  WindowKey key_of(size_t side, RowNumber row) const {
    const state::KeyedTable& table = sides_[side].table();
    return {table.hash(row), table.key(row)};
  }

  Status sort_out(size_t side, const Batch& batch);
  Status take_rows(size_t side, Collector& out);
  Status take_late(size_t side, RowNumber row, Collector& out);
  Status add_late(size_t side, std::string_view row, std::span<const RowNumber> own,
                  std::span<const RowNumber> others, int64_t window, Collector& out);
  Status add_alone(size_t side, std::span<const RowNumber> rows, RowKind kind, int64_t window,
                   Collector& out);

  Status catch_up(Collector& out);
  Status advance(Collector& out);
  void begin_firing(int64_t window, Window& rows);
  Status fire(Firing& firing, Collector& out);
  Status fire_key(std::span<const RowNumber> left, std::span<const RowNumber> right, Firing& firing,
                  Collector& out);
  void finish_firing();
  void mark_fired(Window& window);
  void drop(Window& window);

  const JoinShape shape_;
  const int64_t size_;
  const int64_t lateness_;
  std::array<JoinSide, 2> sides_;
  JoinOutput output_;

  OperatorContext* context_ = nullptr;
  WatermarkState progress_;
  bool caught_up_ = false;             // with what the progress says of the restored rows
  std::map<int64_t, Window> windows_;  // by end
  int64_t fired_until_ = INT64_MIN;    // windows that end at or before it have fired

  std::optional<Firing> firing_;
  size_t emitted_ = 0;  // in this call

  // Of the batch at hand, used again.
  std::vector<int32_t> rows_;
  std::vector<int64_t> windows_of_;
  std::vector<RowNumber> late_, own_, others_;
};

Status WindowJoin::open(OperatorContext& context) {
  context_ = &context;
  for (const size_t side : {kLeft, kRight}) {
    DF_RETURN_IF_ERROR(sides_[side].open(context, side == kLeft ? "left" : "right"));
    const state::KeyedTable& table = sides_[side].table();
    const int64_t* windows = sides_[side].table().ints(JoinSide::kMoment);
    table.for_each([&](RowNumber row) { windows_[windows[row]][side].add(table.hash(row), row); });
  }
  return progress_.open(context);
}

// Which rows of the batch are kept, and in which windows. Those that meet none and leave nothing
// end here.
Status WindowJoin::sort_out(size_t side, const Batch& batch) {
  JoinSide& from = sides_[side];
  DF_RETURN_IF_ERROR(from.read(batch));
  rows_.clear();
  windows_of_.clear();
  for (const auto [row, micros] : from.arrivals()) {
    const int64_t window = (floor_div(micros, size_ * kMicrosInMilli) + 1) * size_;
    if (is_dropped(window)) {
      DF_RETURN_IF_ERROR(from.send_late(batch, row,
                                        "its window closed before it came: the watermark is " +
                                            std::to_string(progress_.value().value()) +
                                            ", the window ended at " + std::to_string(window)));
      continue;
    }
    if (from.has_null_key(row) && !shape_.alone[side]) continue;
    rows_.push_back(row);
    windows_of_.push_back(window);
  }
  return {};
}

Status WindowJoin::on_batch(size_t input, const Batch& batch, Collector& out) {
  DF_RETURN_IF_ERROR(catch_up(out));
  DF_RETURN_IF_ERROR(sort_out(input, batch));
  return take_rows(input, out);
}

Status WindowJoin::take_rows(size_t side, Collector& out) {
  JoinSide& from = sides_[side];
  const std::span<const RowNumber> kept = from.keep(rows_, windows_of_);
  int64_t* const marks = from.table().ints(JoinSide::kMarks);
  late_.clear();
  auto at = windows_.end();
  for (size_t i = 0; i < kept.size(); ++i) {
    const int64_t window = windows_of_[i];
    const bool late = has_fired(window);
    marks[kept[i]] = (from.has_null_key(rows_[i]) ? kNullKey : 0) | (late ? kFired : 0);
    if (late) {
      late_.push_back(kept[i]);
      continue;
    }
    if (at == windows_.end() || at->first != window) at = windows_.try_emplace(window).first;
    at->second[side].add(from.hashes()[static_cast<size_t>(rows_[i])], kept[i]);
  }
  // One after the other, and each sees those before it: what leaves does not hang on the batch.
  for (const RowNumber row : late_) DF_RETURN_IF_ERROR(take_late(side, row, out));
  return output_.flush(out);
}

Status WindowJoin::take_late(size_t side, RowNumber row, Collector& out) {
  const size_t other = 1 - side;
  const int64_t end = sides_[side].table().ints(JoinSide::kMoment)[row];
  Window& window = windows_[end];
  const WindowKey key = key_of(side, row);
  own_.clear();
  others_.clear();
  if ((sides_[side].table().ints(JoinSide::kMarks)[row] & kNullKey) == 0) {
    window[side].find(sides_[side].table(), key, own_);
    window[other].find(sides_[other].table(), key, others_);
  }
  DF_RETURN_IF_ERROR(add_late(side, sides_[side].bytes_of(row), own_, others_, end, out));
  window[side].add_to_sorted(key.hash, row);
  return {};
}

// What a row changes in a window that has left: `own` of its key were there on its side, and
// `others` on the other.
Status WindowJoin::add_late(size_t side, std::string_view row, std::span<const RowNumber> own,
                            std::span<const RowNumber> others, int64_t window, Collector& out) {
  const bool first = own.empty() && !others.empty();
  if (others.empty() && shape_.alone[side]) {
    return output_.add_alone(side, row, RowKind::kInsert, window, out);
  }
  if (first && shape_.alone[1 - side]) {
    DF_RETURN_IF_ERROR(add_alone(1 - side, others, RowKind::kDelete, window, out));
  }
  if (shape_.semi && side == kLeft && !others.empty()) {
    return output_.add_alone(side, row, RowKind::kInsert, window, out);
  }
  if (shape_.semi && side == kRight && first) {
    return add_alone(kLeft, others, RowKind::kInsert, window, out);
  }
  if (!shape_.pairs) return {};
  for (const RowNumber other : others) {
    const std::string_view beside = sides_[1 - side].bytes_of(other);
    DF_RETURN_IF_ERROR(output_.add(side == kLeft ? row : beside, side == kLeft ? beside : row,
                                   RowKind::kInsert, window, out));
  }
  return {};
}

Status WindowJoin::add_alone(size_t side, std::span<const RowNumber> rows, RowKind kind,
                             int64_t window, Collector& out) {
  for (const RowNumber row : rows) {
    emitted_ += weight_of(sides_[side].bytes_of(row).size());
    DF_RETURN_IF_ERROR(output_.add_alone(side, sides_[side].bytes_of(row), kind, window, out));
  }
  return {};
}

// Progress is kept apart from rows: rows of the state may be due by it already.
Status WindowJoin::catch_up(Collector& out) {
  if (caught_up_) return {};
  caught_up_ = true;
  do {
    DF_RETURN_IF_ERROR(advance(out));
  } while (has_more());
  return {};
}

Status WindowJoin::on_watermark(Watermark watermark, Collector& out) {
  if (!progress_.advance(watermark) && caught_up_) return {};
  caught_up_ = true;
  return advance(out);
}

// Windows leave whole or in parts: after many rows it breaks off, and has_more().
Status WindowJoin::advance(Collector& out) {
  emitted_ = 0;
  while (true) {
    if (!firing_) {
      const auto it = windows_.upper_bound(fired_until_);
      if (it == windows_.end() || !has_fired(it->first)) break;
      begin_firing(it->first, it->second);
    }
    DF_RETURN_IF_ERROR(fire(*firing_, out));
    DF_RETURN_IF_ERROR(output_.flush(out));
    if (!firing_->left.at_end() || !firing_->right.at_end()) return {};
    finish_firing();
  }
  const int64_t until = progress_.value().value();
  fired_until_ = until == INT64_MIN || until == INT64_MAX ? until : until + 1;
  while (!windows_.empty() && is_dropped(windows_.begin()->first)) {
    drop(windows_.begin()->second);
    windows_.erase(windows_.begin());
  }
  return {};
}

void WindowJoin::begin_firing(int64_t end, Window& window) {
  for (const size_t side : {kLeft, kRight}) window[side].sort(sides_[side].table());
  firing_.emplace(Firing{end, KeyRuns(window[kLeft], sides_[kLeft].table()),
                         KeyRuns(window[kRight], sides_[kRight].table())});
}

Status WindowJoin::fire(Firing& firing, Collector& out) {
  KeyRuns& left = firing.left;
  KeyRuns& right = firing.right;
  while (!left.at_end() || !right.at_end()) {
    if (emitted_ >= kLeavesAtOnce) return {};
    const std::strong_ordering order = left.compare(right);
    DF_RETURN_IF_ERROR(fire_key(order <= 0 ? left.rows() : std::span<const RowNumber>(),
                                order >= 0 ? right.rows() : std::span<const RowNumber>(), firing,
                                out));
    if (firing.next_pair > 0) return {};
    if (order <= 0) left.next();
    if (order >= 0) right.next();
  }
  return {};
}

void WindowJoin::finish_firing() {
  const auto it = windows_.find(firing_->end);
  firing_.reset();
  fired_until_ = it->first;
  if (!is_dropped(it->first)) return mark_fired(it->second);
  drop(it->second);
  windows_.erase(it);
}

// All rows of one key in a window. Its pairs may be too many for once: next_pair is then not 0.
Status WindowJoin::fire_key(std::span<const RowNumber> left, std::span<const RowNumber> right,
                            Firing& firing, Collector& out) {
  const int64_t window = firing.end;
  const size_t any = left.empty() ? kRight : kLeft;
  const RowNumber first = left.empty() ? right.front() : left.front();
  const int64_t marks = sides_[any].table().ints(JoinSide::kMarks)[first];
  if ((marks & kFired) != 0) return {};
  const bool meet = !left.empty() && !right.empty() && (marks & kNullKey) == 0;
  if (!meet) {
    if (shape_.alone[kLeft]) {
      DF_RETURN_IF_ERROR(add_alone(kLeft, left, RowKind::kInsert, window, out));
    }
    if (!shape_.alone[kRight]) return {};
    return add_alone(kRight, right, RowKind::kInsert, window, out);
  }
  if (shape_.semi) return add_alone(kLeft, left, RowKind::kInsert, window, out);
  if (!shape_.pairs) return {};
  const size_t pairs = left.size() * right.size();
  for (; firing.next_pair < pairs && emitted_ < kLeavesAtOnce; ++firing.next_pair) {
    const std::string_view row = sides_[kLeft].bytes_of(left[firing.next_pair / right.size()]);
    const std::string_view other = sides_[kRight].bytes_of(right[firing.next_pair % right.size()]);
    emitted_ += weight_of(row.size() + other.size());
    DF_RETURN_IF_ERROR(output_.add(row, other, RowKind::kInsert, window, out));
  }
  if (firing.next_pair == pairs) firing.next_pair = 0;
  return {};
}

void WindowJoin::mark_fired(Window& window) {
  for (const size_t side : {kLeft, kRight}) {
    state::KeyedTable& table = sides_[side].table();
    int64_t* const marks = table.ints(JoinSide::kMarks);
    window[side].for_each([&](RowNumber row) {
      if ((marks[row] & kFired) != 0) return;
      marks[row] |= kFired;
      table.mark_changed(row);
    });
  }
}

void WindowJoin::drop(Window& window) {
  for (const size_t side : {kLeft, kRight}) {
    window[side].for_each([&](RowNumber row) { sides_[side].table().erase(row); });
  }
}

Status WindowJoin::on_barrier(CheckpointId /*id*/, Collector& /*out*/) {
  progress_.before_barrier(*context_);
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_window_join(const plan::WindowJoinSpec& spec, SchemaPtr left,
                                                   SchemaPtr right, SchemaPtr output) {
  DF_ASSIGN_OR_RETURN(JoinSide one,
                      JoinSide::make(spec.left_keys, spec.left_time, std::move(left)));
  DF_ASSIGN_OR_RETURN(JoinSide two,
                      JoinSide::make(spec.right_keys, spec.right_time, std::move(right)));
  return std::unique_ptr<Operator>(
      std::make_unique<WindowJoin>(spec, std::move(one), std::move(two), std::move(output)));
}

}  // namespace dataflow::engine
