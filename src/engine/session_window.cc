#include <arrow/array.h>

#include <algorithm>

#include "key_columns.h"
#include "operators.h"
#include "session_index.h"
#include "watermark_state.h"
#include "window_aggregates.h"
#include "window_output.h"
#include "window_time.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;
using state::ValueKind;

constexpr uint8_t kStateVersion = 1;
constexpr RowNumber kNone = SessionIndex::kNone;
constexpr size_t kSessionsInCache = 20'000;

// Columns of the state in front of the aggregates.
constexpr size_t kStart = 0;
constexpr size_t kEnd = 1;
constexpr size_t kEmitted = 2;  // 1: what left last is what the row says now

// Sessions. A row at t opens [t, t + gap); sessions that meet or touch are one, as in Flink. State:
// a row for each session of a key, under a number that it keeps for life. Rows are taken strictly
// in their order, so that what leaves does not hang on how they are cut into batches.
//
// A session fires when time reaches its last millisecond, and is dropped `allowed_lateness` later.
// What it is in between is (key, start, end): a late row inside updates it (-U, +U); one that makes
// it longer or joins it to another makes it vanish (-D), and what came of it is inserted when it is
// over, which may be at once. What is taken back is what left last: no row waits for a session that
// has left. Where changes are emitted a session does so from its first row on.
//
// Sessions and how far time has come are readings of the windows' clock, as in slice_window.cc.
class SessionWindow final : public Operator {
 public:
  SessionWindow(const plan::WindowSpec& spec, WindowTime time, std::vector<size_t> keys,
                WindowAggregates aggregates, WindowOutput output)
      : gap_(spec.gap_ms),
        lateness_(spec.allowed_lateness_ms),
        late_output_(spec.late_output),
        emit_changes_(spec.emit_changes),
        time_(time),
        keys_(std::move(keys)),
        aggregates_(std::move(aggregates)),
        output_(std::move(output)) {}

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  Status on_timer(int64_t moment, Collector& out) override;
  Status on_barrier(CheckpointId id, Collector& out) override;
  size_t index_bytes() const override { return aggregates_.memory_bytes() + index_.memory_bytes(); }
  std::optional<OpenWindows> open_windows() override {
    const RowNumber session = index_.next_due();
    if (session == kNone) return std::nullopt;
    return OpenWindows{end_of(table_->ints(kStart)[session]), end_of(table_->ints(kEnd)[session]),
                       1};
  }

 private:
  int64_t end_of(int64_t reading) const { return time_.clock.moment_of(reading - 1) + 1; }
  bool has_fired(int64_t end) const { return end - 1 <= progress_.value().value(); }
  bool is_dropped(int64_t end) const { return end - 1 + lateness_ <= progress_.value().value(); }

  void index_sessions();
  void prefetch_sessions() const;
  Status take_rows(const Batch& batch, Collector& out);
  Status take_row(int32_t row, int64_t time, Collector& out);
  RowNumber make_session(int32_t row, RowNumber before, int64_t start, int64_t end);
  Status join(RowNumber into, RowNumber from, Collector& out);
  Status take_back(RowNumber session, Collector& out);
  Status grow(RowNumber session, int64_t start, int64_t end, Collector& out);
  Status put_row(int32_t row, RowNumber session, Collector& out);
  Status add_waiting();
  Status emit(RowNumber session, RowKind kind, Collector& out);
  Status send_away(const Batch& batch, Collector& out);
  Status catch_up(Collector& out);
  Status advance(int64_t until, Collector& out);
  Status advance_to_now(Collector& out) {
    return advance(time_.clock.passed(context_->now_millis() - 1), out);
  }
  Status close_due(int64_t until, Collector& out);
  Status fire(std::span<const RowNumber> sessions, Collector& out);
  void erase(RowNumber session);
  void set_timer();

  const int64_t gap_;
  const int64_t lateness_;
  const bool late_output_;
  const bool emit_changes_;
  const WindowTime time_;
  KeyColumns keys_;
  WindowAggregates aggregates_;
  WindowOutput output_;

  OperatorContext* context_ = nullptr;
  state::KeyedTable* table_ = nullptr;
  WatermarkState progress_;
  SessionIndex index_;
  int64_t next_number_ = 0;
  int64_t timer_at_ = INT64_MAX;

  // Of the batch at hand, used again.
  std::vector<RowNumber> key_of_row_;
  std::vector<int32_t> dropped_;
  // Rows that are not in their sessions' aggregates yet. A session that has been emitted has none.
  std::vector<int32_t> waiting_;
  std::vector<RowNumber> waiting_for_;
  std::vector<RowNumber> firing_;
  std::vector<WindowBounds> bounds_;
};

Status SessionWindow::open(OperatorContext& context) {
  context_ = &context;
  DF_ASSIGN_OR_RETURN(table_, context.table({"sessions", kStateVersion, aggregates_.columns()}));
  DF_RETURN_IF_ERROR(aggregates_.open(context, *table_));
  index_sessions();
  DF_RETURN_IF_ERROR(progress_.open(context));
  set_timer();
  return {};
}

void SessionWindow::index_sessions() {
  std::vector<RowNumber> sessions;
  table_->for_each([&](RowNumber row) {
    sessions.push_back(row);
    next_number_ = std::max(next_number_, table_->number(row) + 1);
  });
  const int64_t* ends = table_->ints(kEnd);
  // Each is put in front of the earlier ones of its key.
  std::ranges::sort(sessions, [&](RowNumber a, RowNumber b) { return ends[a] < ends[b]; });
  std::vector<uint64_t> hashes;
  std::vector<std::string_view> keys;
  for (const RowNumber row : sessions) {
    hashes.push_back(table_->hash(row));
    keys.push_back(table_->key(row));
  }
  index_.find_keys(hashes, keys, key_of_row_);
  for (size_t i = 0; i < sessions.size(); ++i) {
    const RowNumber row = sessions[i];
    index_.insert(key_of_row_[i], kNone, row);
    index_.look_at(row, ends[row] + (table_->ints(kEmitted)[row] != 0 ? lateness_ : 0));
  }
  index_.drop_unused();
}

// Before the rows are taken one after the other: so that their cache misses overlap.
void SessionWindow::prefetch_sessions() const {
  if (table_->size() < kSessionsInCache) return;
  for (const RowNumber key : key_of_row_) index_.prefetch_first(key);
  const int64_t* starts = table_->ints(kStart);
  const int64_t* ends = table_->ints(kEnd);
  for (const RowNumber key : key_of_row_) {
    const RowNumber session = index_.first(key);
    if (session == kNone) continue;
    index_.prefetch(session);
    __builtin_prefetch(&starts[session]);
    __builtin_prefetch(&ends[session]);
  }
}

Status SessionWindow::take_rows(const Batch& batch, Collector& out) {
  if (time_.processing) {
    const int64_t now =
        std::max(time_.clock.reading(context_->now_millis()), progress_.value().value() + 1);
    for (int32_t row = 0; row < batch.rows; ++row) {
      if (aggregates_.is_faulty(row)) continue;
      DF_RETURN_IF_ERROR(take_row(row, now, out));
    }
    return {};
  }
  return for_each_time(time_, *context_, batch, [&](int32_t row, int64_t time) -> Status {
    if (aggregates_.is_faulty(row)) return {};
    return take_row(row, time_.units == 1 ? time : floor_div(time, time_.units), out);
  });
}

Status SessionWindow::take_row(int32_t row, int64_t time, Collector& out) {
  const int64_t* starts = table_->ints(kStart);
  const int64_t* ends = table_->ints(kEnd);
  RowNumber before = kNone;
  RowNumber session = index_.first(key_of_row_[static_cast<size_t>(row)]);
  while (session != kNone && starts[session] > time + gap_) {
    before = session;
    session = index_.next(session);
  }
  if (session == kNone || ends[session] < time) {
    if (is_dropped(time + gap_)) {
      dropped_.push_back(row);
      return {};
    }
    return put_row(row, make_session(row, before, time, time + gap_), out);
  }
  // It can meet two: no session is shorter than the gap, and two are more than nothing apart.
  const RowNumber earlier = index_.next(session);
  if (earlier != kNone && ends[earlier] >= time) DF_RETURN_IF_ERROR(join(session, earlier, out));
  if (time < table_->ints(kStart)[session] || time + gap_ > table_->ints(kEnd)[session]) {
    DF_RETURN_IF_ERROR(grow(session, time, time + gap_, out));
  }
  return put_row(row, session, out);
}

RowNumber SessionWindow::make_session(int32_t row, RowNumber before, int64_t start, int64_t end) {
  const auto at = static_cast<size_t>(row);
  const RowNumber session = table_->upsert(keys_.hashes()[at], keys_.keys()[at], next_number_++);
  table_->ints(kStart)[session] = start;
  table_->ints(kEnd)[session] = end;
  index_.insert(key_of_row_[at], before, session);
  index_.look_at(session, end);
  return session;
}

// `from` is the next earlier one.
Status SessionWindow::join(RowNumber into, RowNumber from, Collector& out) {
  DF_RETURN_IF_ERROR(add_waiting());
  DF_RETURN_IF_ERROR(take_back(from, out));
  DF_RETURN_IF_ERROR(grow(into, table_->ints(kStart)[from], table_->ints(kEnd)[from], out));
  DF_RETURN_IF_ERROR(aggregates_.merge(*table_, std::span(&into, 1), *table_, std::span(&from, 1)));
  erase(from);
  return {};
}

// What left of it is no more.
Status SessionWindow::take_back(RowNumber session, Collector& out) {
  if (table_->ints(kEmitted)[session] == 0) return {};
  DF_RETURN_IF_ERROR(emit(session, RowKind::kDelete, out));
  table_->ints(kEmitted)[session] = 0;
  return {};
}

Status SessionWindow::grow(RowNumber session, int64_t start, int64_t end, Collector& out) {
  if (table_->ints(kEmitted)[session] != 0) DF_RETURN_IF_ERROR(take_back(session, out));
  int64_t& known_start = table_->ints(kStart)[session];
  int64_t& known_end = table_->ints(kEnd)[session];
  known_start = std::min(known_start, start);
  known_end = std::max(known_end, end);
  if (index_.moment_of(session) > known_end) index_.look_at(session, known_end);
  return {};
}

// A session that is over leaves with each row anew.
Status SessionWindow::put_row(int32_t row, RowNumber session, Collector& out) {
  if (!emit_changes_ && !has_fired(table_->ints(kEnd)[session])) {
    waiting_.push_back(row);
    waiting_for_.push_back(session);
    return {};
  }
  DF_RETURN_IF_ERROR(add_waiting());
  const bool known = table_->ints(kEmitted)[session] != 0;
  DF_RETURN_IF_ERROR(output_.keep_together(2, out));
  if (known) DF_RETURN_IF_ERROR(emit(session, RowKind::kUpdateBefore, out));
  DF_RETURN_IF_ERROR(aggregates_.add(*table_, std::span(&row, 1), std::span(&session, 1)));
  table_->mark_changed(session);
  table_->ints(kEmitted)[session] = 1;
  index_.look_at(session, table_->ints(kEnd)[session] + lateness_);
  return emit(session, known ? RowKind::kUpdateAfter : RowKind::kInsert, out);
}

Status SessionWindow::add_waiting() {
  if (waiting_.empty()) return {};
  DF_RETURN_IF_ERROR(aggregates_.add(*table_, waiting_, waiting_for_));
  for (const RowNumber session : waiting_for_) table_->mark_changed(session);
  waiting_.clear();
  waiting_for_.clear();
  return {};
}

Status SessionWindow::emit(RowNumber session, RowKind kind, Collector& out) {
  const WindowBounds bounds{table_->ints(kStart)[session], table_->ints(kEnd)[session]};
  return output_.add(aggregates_, *table_, std::span(&session, 1), std::span(&bounds, 1), kind,
                     out);
}

Status SessionWindow::send_away(const Batch& batch, Collector& out) {
  if (late_output_ && !dropped_.empty()) {
    DF_ASSIGN_OR_RETURN(Batch rows, take(batch, dropped_));
    return out.emit(std::move(rows), 1);
  }
  for (const int32_t row : dropped_) {
    DF_RETURN_IF_ERROR(context_->dead_letter(
        batch, row, DeadReason::kLate, (*batch.schema)[time_.column].name,
        "its session closed before it came: the watermark is " +
            std::to_string(time_.clock.moment_of(progress_.value().value()))));
  }
  return {};
}

Status SessionWindow::on_batch(size_t /*input*/, const Batch& batch, Collector& out) {
  DF_RETURN_IF_ERROR(catch_up(out));
  if (time_.processing) DF_RETURN_IF_ERROR(advance_to_now(out));
  DF_RETURN_IF_ERROR(aggregates_.evaluate(*context_, batch));
  DF_RETURN_IF_ERROR(keys_.read(batch));
  index_.find_keys(keys_.hashes(), keys_.keys(), key_of_row_);
  prefetch_sessions();
  dropped_.clear();
  DF_RETURN_IF_ERROR(take_rows(batch, out));
  DF_RETURN_IF_ERROR(add_waiting());
  index_.drop_unused();
  DF_RETURN_IF_ERROR(send_away(batch, out));
  set_timer();
  return output_.flush(out);
}

// Once after a restore: see WatermarkState. Those that left already are not due a second time.
Status SessionWindow::catch_up(Collector& out) {
  if (!progress_.is_behind()) return {};
  progress_.has_caught_up();
  return close_due(progress_.value().value(), out);
}

Status SessionWindow::advance(int64_t until, Collector& out) {
  return progress_.advance(Watermark(until)) ? close_due(until, out) : Status();
}

Status SessionWindow::close_due(int64_t until, Collector& out) {
  firing_.clear();
  while (true) {
    const RowNumber session = index_.take_due(until == INT64_MAX ? until : until + 1);
    if (session == kNone) break;
    const int64_t end = table_->ints(kEnd)[session];
    const bool emitted = table_->ints(kEmitted)[session] != 0;
    if (!has_fired(end)) {
      index_.look_at(session, end);  // it has grown since
    } else if (!emitted) {
      firing_.push_back(session);
    } else if (is_dropped(end)) {
      erase(session);
    } else {
      index_.look_at(session, end + lateness_);
    }
  }
  DF_RETURN_IF_ERROR(fire(firing_, out));
  return output_.flush(out);
}

Status SessionWindow::fire(std::span<const RowNumber> sessions, Collector& out) {
  bounds_.clear();
  for (const RowNumber session : sessions) {
    bounds_.push_back({table_->ints(kStart)[session], table_->ints(kEnd)[session]});
  }
  DF_RETURN_IF_ERROR(output_.add(aggregates_, *table_, sessions, bounds_, RowKind::kInsert, out));
  for (const RowNumber session : sessions) {
    const int64_t end = table_->ints(kEnd)[session];
    if (is_dropped(end)) {
      erase(session);
      continue;
    }
    table_->ints(kEmitted)[session] = 1;
    table_->mark_changed(session);
    index_.look_at(session, end + lateness_);
  }
  return {};
}

void SessionWindow::erase(RowNumber session) {
  index_.remove(session);
  aggregates_.erase(*table_, session);
}

Status SessionWindow::on_watermark(Watermark watermark, Collector& out) {
  DF_RETURN_IF_ERROR(catch_up(out));
  // In processing time only the end of all input matters.
  if (time_.processing && watermark != kEndOfTime) return {};
  return advance(time_.clock.passed(watermark.value()), out);
}

Status SessionWindow::on_timer(int64_t /*moment*/, Collector& out) {
  timer_at_ = INT64_MAX;
  DF_RETURN_IF_ERROR(catch_up(out));
  DF_RETURN_IF_ERROR(advance_to_now(out));
  set_timer();
  return {};
}

void SessionWindow::set_timer() {
  if (!time_.processing) return;
  const std::optional<int64_t> moment = index_.next_moment();
  if (!moment || end_of(*moment) >= timer_at_) return;
  timer_at_ = end_of(*moment);
  context_->set_timer(timer_at_);
}

Status SessionWindow::on_barrier(CheckpointId /*id*/, Collector& out) {
  DF_RETURN_IF_ERROR(catch_up(out));
  progress_.before_barrier(*context_);
  aggregates_.before_barrier();
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_session_window(const plan::WindowSpec& spec,
                                                      const Schema& input, SchemaPtr output) {
  DF_ASSIGN_OR_RETURN(const WindowTime time, window_time_of(spec, input));
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, input));
  DF_ASSIGN_OR_RETURN(
      WindowAggregates aggregates,
      WindowAggregates::bind(spec.aggregates, input, *output,
                             {ValueKind::kInt64, ValueKind::kInt64, ValueKind::kInt64}));
  DF_ASSIGN_OR_RETURN(WindowOutput rows, WindowOutput::make(spec, input, std::move(output)));
  return std::unique_ptr<Operator>(std::make_unique<SessionWindow>(
      spec, time, std::move(keys), std::move(aggregates), std::move(rows)));
}

}  // namespace dataflow::engine
