#include <algorithm>
#include <utility>

#include "join_output.h"
#include "operators.h"
#include "pair_condition.h"
#include "plan/analyze.h"
#include "timed_rows.h"
#include "version_index.h"
#include "waiting_rows.h"
#include "watermark_state.h"

namespace dataflow::engine {
namespace {

using plan::JoinKind;
using state::RowNumber;
using state::ValueKind;

constexpr uint8_t kStateVersion = 1;
constexpr size_t kLeft = 0;

// Each left row with the right row of its keys that stood at the left row's time, or, in processing
// time, that stands when it leaves.
//
// State: left rows that wait (table "left", a number for each), until the watermark reaches their
// time or, in processing time, the right side has caught up with what there was when this run
// began, or has ended; and what the right side's rows were (table
// "right", by the time from which on they stand, in processing time only what stands). A right row
// that is taken back (-D) ends its key's row at its own time: it is kept without its columns. What
// a row was (-U) ends it as well; but if the next that is said of the key is what it is (+U), the
// row stood until then. This holds however far apart the two come. As in Apache Flink a right row
// that is late is one like others, and of a key the last row to stand is kept, also where nothing
// stands from then on. Rows whose key has a NULL match nothing.
class TemporalJoin final : public Operator {
 public:
  struct Shape {
    JoinKind kind = JoinKind::kInner;
    bool processing = false;
    bool strictly_before = false;
  };

  TemporalJoin(Shape shape, TimedRows left, TimedRows right, PairCondition condition,
               SchemaPtr output)
      : shape_(shape),
        left_(std::move(left)),
        right_(std::move(right)),
        condition_(std::move(condition)),
        output_(shape.kind, left_.codec(), right_.codec(), std::move(output), 0) {}

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  Status on_caught_up(size_t input, Collector& out) override;
  // Rows that wait for the right side have any time.
  Watermark forwarded(Watermark watermark) const override {
    return shape_.processing && !right_is_there_ ? kNoWatermark : watermark;
  }
  bool has_more() const override { return has_more_; }
  Status go_on(Collector& out) override { return advance(out); }
  Status on_barrier(CheckpointId id, Collector& out) override;
  size_t index_bytes() const override {
    return waiting_.memory_bytes() + versions_.memory_bytes(right_table_->size());
  }

 private:
  static constexpr size_t kStands = 0;  // of the right side: one of these
  static constexpr int64_t kNone = 0;   // from then on no row does
  static constexpr int64_t kStanding = 1;
  static constexpr int64_t kTakenBack = 2;  // the last that was said of the key
  static constexpr size_t kRow = 1;

  void index_rows();
  Status keep_left(const Batch& batch);
  Status join_at_once(Collector& out);
  void keep_right(const Batch& batch);
  void keep_newest(const Batch& batch);
  void take_back(int32_t row, int64_t micros);
  void settle(RowNumber& taken_back, bool stands);
  void set_right(RowNumber version, bool stands, int32_t row);
  std::string_view right_at(uint64_t hash, std::string_view key, int64_t micros) const;

  // Up to when left rows leave.
  Watermark due() const {
    if (!shape_.processing) return progress_.value();
    return right_is_there_ ? kEndOfTime : kNoWatermark;
  }
  Status catch_up(Collector& out);
  Status advance(Collector& out);
  void forget_replaced();
  void add_pair(std::string_view left, std::string_view right);
  Status join_pairs(Collector& out);
  Status drop_untrue();

  const Shape shape_;
  TimedRows left_, right_;
  PairCondition condition_;
  JoinOutput output_;

  OperatorContext* context_ = nullptr;
  state::KeyedTable* right_table_ = nullptr;
  WatermarkState progress_;
  bool caught_up_ = false;       // with what the progress says of the restored rows
  bool right_is_there_ = false;  // in processing time: as of when this run began
  bool has_more_ = false;
  WaitingRows waiting_;
  VersionIndex versions_;

  // Used again.
  struct Pair {
    std::string_view left, right;  // no right one: none stood
  };
  std::vector<Pair> pairs_;  // in the order in which they leave
  size_t pair_bytes_ = 0;
  std::vector<size_t> candidates_;  // of them, for the condition
  std::vector<std::string_view> left_views_, right_views_;
  std::vector<RowNumber> gone_;
  std::vector<TimedRows::Arrival> kept_;
};

Status TemporalJoin::open(OperatorContext& context) {
  context_ = &context;
  DF_RETURN_IF_ERROR(waiting_.open(context, "left"));
  DF_ASSIGN_OR_RETURN(
      right_table_,
      context.table({"right", kStateVersion, {ValueKind::kInt64, ValueKind::kBytes}}));
  index_rows();
  return progress_.open(context);
}

void TemporalJoin::index_rows() {
  if (shape_.processing) return;
  std::vector<RowNumber> rows;
  right_table_->for_each([&](RowNumber row) { rows.push_back(row); });
  std::ranges::sort(rows, {}, [&](RowNumber row) { return right_table_->number(row); });
  for (const RowNumber row : rows) {
    versions_.put(right_table_->hash(row), right_table_->key(row), right_table_->number(row), row);
    if (right_table_->ints(kStands)[row] != kTakenBack) continue;
    versions_.taken_back(right_table_->hash(row), right_table_->key(row)) = row;
  }
}

Status TemporalJoin::on_batch(size_t input, const Batch& batch, Collector& out) {
  DF_RETURN_IF_ERROR(catch_up(out));
  if (input == kLeft) {
    DF_RETURN_IF_ERROR(left_.read(*context_, batch));
    return right_is_there_ ? join_at_once(out) : keep_left(batch);
  }
  DF_RETURN_IF_ERROR(right_.read(*context_, batch));
  if (shape_.processing) {
    keep_newest(batch);
  } else {
    keep_right(batch);
  }
  return {};
}

Status TemporalJoin::keep_left(const Batch& batch) {
  kept_.clear();
  for (const TimedRows::Arrival& arrival : left_.arrivals()) {
    if (!shape_.processing && TimedRows::is_late(arrival.micros, progress_.value())) {
      DF_RETURN_IF_ERROR(left_.send_late(*context_, batch, arrival, progress_.value()));
      continue;
    }
    if (shape_.kind == JoinKind::kInner && left_.has_null_key(arrival.row)) continue;
    kept_.push_back(arrival);
  }
  waiting_.keep(left_, kept_);
  return {};
}

Status TemporalJoin::join_at_once(Collector& out) {
  for (const auto& [row, micros] : left_.arrivals()) {
    std::string_view right;
    if (!left_.has_null_key(row)) right = right_at(left_.hash(row), left_.key(row), micros);
    add_pair(left_.bytes(row), right);
    if (pairs_.size() >= kJoinedRows || pair_bytes_ >= kJoinedBytes) {
      DF_RETURN_IF_ERROR(join_pairs(out));
    }
  }
  return join_pairs(out);
}

// What was taken back last stood until something else did, or ended.
void TemporalJoin::settle(RowNumber& taken_back, bool stands) {
  const RowNumber version = std::exchange(taken_back, VersionIndex::kNone);
  if (version == VersionIndex::kNone) return;
  right_table_->mark_changed(version);
  right_table_->ints(kStands)[version] = stands ? kStanding : kNone;
  if (stands) return;
  std::string& bytes = right_table_->bytes(kRow)[version];
  right_table_->note_bytes(-std::ssize(bytes));
  bytes.clear();
}

// One that is not known any more says nothing.
void TemporalJoin::take_back(int32_t row, int64_t micros) {
  RowNumber& last = versions_.taken_back(right_.hash(row), right_.key(row));
  if (last != VersionIndex::kNone && right_table_->number(last) == micros) return;
  settle(last, false);
  const auto version = right_table_->find(right_.hash(row), right_.key(row), micros);
  if (!version || right_table_->ints(kStands)[*version] != kStanding) return;
  right_table_->mark_changed(*version);
  right_table_->ints(kStands)[*version] = kTakenBack;
  last = *version;
}

void TemporalJoin::keep_right(const Batch& batch) {
  for (const auto& [row, micros] : right_.arrivals()) {
    if (right_.has_null_key(row)) continue;
    const RowKind kind = batch.kind(row);
    if (kind == RowKind::kUpdateBefore) {
      take_back(row, micros);
      continue;
    }
    settle(versions_.taken_back(right_.hash(row), right_.key(row)), kind == RowKind::kUpdateAfter);
    const RowNumber version = right_table_->upsert(right_.hash(row), right_.key(row), micros);
    set_right(version, kind != RowKind::kDelete, row);
    versions_.put(right_.hash(row), right_.key(row), micros, version);
  }
}

void TemporalJoin::keep_newest(const Batch& batch) {
  for (const auto& [row, micros] : right_.arrivals()) {
    if (right_.has_null_key(row)) continue;
    const RowKind kind = batch.kind(row);
    if (kind == RowKind::kInsert || kind == RowKind::kUpdateAfter) {
      set_right(right_table_->upsert(right_.hash(row), right_.key(row), 0), true, row);
    } else if (const auto known = right_table_->find(right_.hash(row), right_.key(row), 0)) {
      right_table_->erase(*known);
    }
  }
}

void TemporalJoin::set_right(RowNumber version, bool stands, int32_t row) {
  right_table_->ints(kStands)[version] = stands ? kStanding : kNone;
  std::string& bytes = right_table_->bytes(kRow)[version];
  const int64_t before = std::ssize(bytes);
  bytes = stands ? right_.bytes(row) : std::string_view();
  right_table_->note_bytes(std::ssize(bytes) - before);
}

// Stays where it is until right rows come or go; a default view if none stood.
std::string_view TemporalJoin::right_at(uint64_t hash, std::string_view key, int64_t micros) const {
  const auto version = shape_.processing
                           ? right_table_->find(hash, key, 0)
                           : versions_.find(hash, key, micros, shape_.strictly_before);
  if (!version || right_table_->ints(kStands)[*version] != kStanding) return {};
  return right_table_->bytes(kRow)[*version];
}

// Progress is kept apart from rows: rows of the state may be due by it already.
Status TemporalJoin::catch_up(Collector& out) {
  if (caught_up_) return {};
  caught_up_ = true;
  do {
    DF_RETURN_IF_ERROR(advance(out));
  } while (has_more());
  return {};
}

Status TemporalJoin::on_watermark(Watermark watermark, Collector& out) {
  // It is the left side's, which may be at its end before the right side is there.
  if (shape_.processing) return {};
  if (!progress_.advance(watermark) && caught_up_) return {};
  caught_up_ = true;
  return advance(out);
}

Status TemporalJoin::on_caught_up(size_t input, Collector& out) {
  if (!shape_.processing || input == kLeft) return {};
  right_is_there_ = true;
  return advance(out);
}

// Left rows leave whose time has come, as far as it goes at once; then old versions can go.
Status TemporalJoin::advance(Collector& out) {
  has_more_ = false;
  size_t looked_at = 0;
  while (waiting_.is_due(due())) {
    if (looked_at >= kLeavesAtOnce) {
      has_more_ = true;
      return {};
    }
    gone_.clear();
    while (waiting_.is_due(due()) && pairs_.size() < kJoinedRows && pair_bytes_ < kJoinedBytes) {
      const RowNumber row = waiting_.take();
      gone_.push_back(row);
      add_pair(waiting_.bytes(row),
               right_at(waiting_.hash(row), waiting_.key(row), waiting_.micros(row)));
    }
    looked_at += gone_.size() + weight_of(pair_bytes_);
    DF_RETURN_IF_ERROR(join_pairs(out));
    for (const RowNumber row : gone_) waiting_.erase(row);
  }
  forget_replaced();
  return {};
}

void TemporalJoin::forget_replaced() {
  if (shape_.processing) return;
  versions_.take_replaced(progress_.value(), gone_);
  for (const RowNumber version : gone_) right_table_->erase(version);
}

void TemporalJoin::add_pair(std::string_view left, std::string_view right) {
  pairs_.push_back({left, right});
  pair_bytes_ += left.size() + right.size();
}

Status TemporalJoin::join_pairs(Collector& out) {
  DF_RETURN_IF_ERROR(drop_untrue());
  for (const auto& [left, right] : pairs_) {
    if (right.data() == nullptr && shape_.kind == JoinKind::kInner) continue;
    DF_RETURN_IF_ERROR(output_.add(left, right, RowKind::kInsert, 0, out));
  }
  DF_RETURN_IF_ERROR(output_.flush(out));
  pairs_.clear();
  pair_bytes_ = 0;
  return {};
}

// Pairs for which the condition is not true lose their right row.
Status TemporalJoin::drop_untrue() {
  if (condition_.always_true()) return {};
  candidates_.clear();
  left_views_.clear();
  right_views_.clear();
  for (size_t i = 0; i < pairs_.size(); ++i) {
    if (pairs_[i].right.data() == nullptr) continue;
    candidates_.push_back(i);
    left_views_.push_back(pairs_[i].left);
    right_views_.push_back(pairs_[i].right);
  }
  if (candidates_.empty()) return {};
  DF_RETURN_IF_ERROR(
      condition_.choose(*context_, left_.codec(), left_views_, right_.codec(), right_views_));
  for (const size_t at : candidates_) pairs_[at].right = {};
  for (const int32_t chosen : condition_.chosen()) {
    const auto i = static_cast<size_t>(chosen);
    pairs_[candidates_[i]].right = right_views_[i];
  }
  return {};
}

Status TemporalJoin::on_barrier(CheckpointId /*id*/, Collector& /*out*/) {
  progress_.before_barrier(*context_);
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_temporal_join(const plan::TemporalJoinSpec& spec,
                                                     const SchemaPtr& left, const SchemaPtr& right,
                                                     SchemaPtr output) {
  const bool processing = spec.time == plan::TimeKind::kProcessing;
  DF_ASSIGN_OR_RETURN(PairCondition condition,
                      PairCondition::make(spec.condition, plan::pair_schema(*left, *right)));
  DF_ASSIGN_OR_RETURN(TimedRows one,
                      TimedRows::make(spec.left_keys, processing ? "" : spec.left_time, left));
  DF_ASSIGN_OR_RETURN(TimedRows two,
                      TimedRows::make(spec.right_keys, processing ? "" : spec.right_time, right));
  const TemporalJoin::Shape shape{spec.kind, processing, spec.strictly_before};
  return std::unique_ptr<Operator>(std::make_unique<TemporalJoin>(
      shape, std::move(one), std::move(two), std::move(condition), std::move(output)));
}

}  // namespace dataflow::engine
