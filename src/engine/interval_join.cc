#include "interval_join.h"

#include <span>

#include "base/floor_div.h"

#include "join_side.h"
#include "operators.h"
#include "pair_condition.h"
#include "plan/analyze.h"
#include "time_lanes.h"
#include "watermark_state.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;

constexpr int64_t kMicrosInMilli = 1000;
// A mark of rows of state: it had a partner.
constexpr int64_t kMatched = 1;

// Rows with equal keys where right_time is within left_time + [lower, upper]. State: the rows that
// may still meet one to come; each goes when the watermark passes the last moment of a partner, and
// leaves then if it had none and its side's rows leave alone. A row of input is held against the
// rows of the other side that are there, then kept unless it is over already. Of semi and anti
// joins a left row is done with at its first partner.
//
// A row behind the watermark is a row like others: it meets what is kept. If it is over and met
// nothing, nobody can tell whether it would have: it leaves alone at once where outer joins let its
// side's rows, and is a dead letter otherwise. What was kept is not late for those behind when it
// leaves: the watermark goes on to them less how far the side reaches.
class IntervalJoin final : public Operator {
 public:
  IntervalJoin(const plan::IntervalJoinSpec& spec, JoinSide left, JoinSide right,
               PairCondition condition, const SchemaPtr& output)
      : shape_(spec.kind),
        reach_(spec),
        held_ms_(reach_.held_ms(spec.kind)),
        schema_(output),
        sides_{std::move(left), std::move(right)},
        condition_(std::move(condition)),
        output_(spec.kind, sides_[kLeft].codec(), sides_[kRight].codec(), output, 0),
        lanes_(reach_.over_ms()) {}

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  bool has_more() const override { return work_ != Work::kNone; }
  Status go_on(Collector& out) override;
  Status on_barrier(CheckpointId id, Collector& out) override;
  size_t index_bytes() const override {
    return lanes_.memory_bytes(sides_[kLeft].table().size() + sides_[kRight].table().size());
  }
  Watermark forwarded(Watermark watermark) const override;

 private:
  bool leaves_at_match() const { return !shape_.pairs; }
  bool is_over(size_t side, int64_t micros) const {
    return lanes_.moment_of(side, micros) <= progress_.value().value();
  }
  bool is_late(int64_t micros) const {
    return floor_div(micros, kMicrosInMilli) <= progress_.value().value();
  }

  enum class Work : uint8_t { kNone, kPairs, kTime };

  void index_rows();
  Status join_rows(Collector& out);
  Status find_pairs(size_t side, Collector& out);
  void add_candidate(size_t side, size_t at, RowNumber other);
  Status match(size_t side, Collector& out);
  Status match_left(size_t side, size_t at, RowNumber other, Collector& out);
  void match_pair(size_t side, size_t at, RowNumber other);
  Status keep_rows(size_t side, Collector& out);
  Status end_unmet(size_t side, const JoinSide::Arrival& arrival, Collector& out);
  void forget_matched();

  Status catch_up(Collector& out);
  Status advance(Collector& out);

  const JoinShape shape_;
  const IntervalReach reach_;
  const int64_t held_ms_;
  const SchemaPtr schema_;
  std::array<JoinSide, 2> sides_;
  PairCondition condition_;
  JoinOutput output_;

  OperatorContext* context_ = nullptr;
  WatermarkState progress_;
  bool caught_up_ = false;  // with what the progress says of the restored rows
  TimeLanes lanes_;
  // At what it broke off, if it did, and where in the pairs.
  Work work_ = Work::kNone;
  size_t side_at_work_ = kLeft;
  size_t next_row_ = 0;      // in rows_
  size_t next_partner_ = 0;  // among those that fit its time

  // Of the batch at hand, used again.
  Batch batch_;
  std::span<const JoinSide::Arrival> rows_;
  std::vector<uint8_t> matched_;  // by position in rows_
  std::vector<TimeLanes::Key> keys_;
  struct Candidate {
    size_t at;  // in rows_
    RowNumber other;
  };
  std::vector<Candidate> candidates_;
  std::array<std::vector<std::string_view>, 2> views_;  // of the candidates, by side
  size_t view_bytes_ = 0;
  struct Gone {
    TimeLanes::Key key;
    RowNumber row;
  };
  std::vector<Gone> gone_;  // left rows of the state that are done with
  std::vector<int32_t> kept_;
  std::vector<int64_t> kept_times_;
  std::vector<size_t> kept_at_;
  std::vector<TimeLanes::Over> over_;
};

Status IntervalJoin::open(OperatorContext& context) {
  context_ = &context;
  for (const size_t side : {kLeft, kRight}) {
    DF_RETURN_IF_ERROR(sides_[side].open(context, side == kLeft ? "left" : "right"));
  }
  index_rows();
  return progress_.open(context);
}

void IntervalJoin::index_rows() {
  for (const size_t side : {kLeft, kRight}) {
    state::KeyedTable& table = sides_[side].table();
    const int64_t* const times = table.ints(JoinSide::kMoment);
    std::vector<RowNumber> rows;
    std::vector<uint64_t> hashes;
    std::vector<std::string_view> keys;
    table.for_each([&](RowNumber row) { rows.push_back(row); });
    std::ranges::sort(rows, [&](RowNumber a, RowNumber b) { return times[a] < times[b]; });
    for (const RowNumber row : rows) {
      hashes.push_back(table.hash(row));
      keys.push_back(table.key(row));
    }
    lanes_.find_keys(hashes, keys, keys_);
    for (size_t i = 0; i < rows.size(); ++i) {
      lanes_.insert(keys_[i], side, {times[rows[i]], rows[i]});
    }
  }
}

Status IntervalJoin::on_batch(size_t input, const Batch& batch, Collector& out) {
  DF_RETURN_IF_ERROR(catch_up(out));
  DF_RETURN_IF_ERROR(sides_[input].read(batch));
  batch_ = batch;
  rows_ = sides_[input].arrivals();
  lanes_.find_keys(sides_[input].hashes(), sides_[input].keys(), keys_);
  lanes_.prefetch(keys_);
  side_at_work_ = input;
  next_row_ = next_partner_ = 0;
  matched_.assign(rows_.size(), 0);
  return join_rows(out);
}

// Of the batch at hand, as far as it goes at once.
Status IntervalJoin::join_rows(Collector& out) {
  work_ = Work::kNone;
  DF_RETURN_IF_ERROR(find_pairs(side_at_work_, out));
  DF_RETURN_IF_ERROR(output_.flush(out));
  if (work_ != Work::kNone) return {};
  forget_matched();
  DF_RETURN_IF_ERROR(keep_rows(side_at_work_, out));
  lanes_.release_unused(keys_);
  batch_ = {};
  return {};
}

Status IntervalJoin::go_on(Collector& out) {
  return work_ == Work::kPairs ? join_rows(out) : advance(out);
}

Status IntervalJoin::find_pairs(size_t side, Collector& out) {
  const size_t other = 1 - side;
  const int64_t from = (side == kLeft ? reach_.lower_ms : -reach_.upper_ms) * kMicrosInMilli;
  const int64_t to = (side == kLeft ? reach_.upper_ms : -reach_.lower_ms) * kMicrosInMilli;
  const int64_t* const marks = sides_[other].table().ints(JoinSide::kMarks);
  size_t looked_at = 0;
  for (; next_row_ < rows_.size(); ++next_row_, next_partner_ = 0) {
    const size_t at = next_row_;
    const auto [row, micros] = rows_[at];
    if (sides_[side].has_null_key(row)) continue;
    const TimeLanes::Key key = keys_[static_cast<size_t>(row)];
    const auto partners = lanes_.between(key, other, micros + from, micros + to);
    while (next_partner_ < partners.size()) {
      const TimeLanes::Entry& partner = partners[next_partner_++];
      if (leaves_at_match()) {
        if (side == kLeft && matched_[at] != 0) break;
        if (side == kRight && (marks[partner.row] & kMatched) != 0) continue;
      }
      add_candidate(side, at, partner.row);
      if (views_[kLeft].size() >= kJoinedRows || view_bytes_ >= kJoinedBytes) {
        looked_at += views_[kLeft].size() + weight_of(view_bytes_);
        DF_RETURN_IF_ERROR(match(side, out));
        if (looked_at >= kLeavesAtOnce) {
          work_ = Work::kPairs;
          return {};
        }
      }
      if (side == kLeft && leaves_at_match() && condition_.always_true()) break;
    }
  }
  return match(side, out);
}

void IntervalJoin::add_candidate(size_t side, size_t at, RowNumber other) {
  candidates_.push_back({at, other});
  views_[side].push_back(sides_[side].bytes(rows_[at].row));
  views_[1 - side].push_back(sides_[1 - side].bytes_of(other));
  view_bytes_ += views_[kLeft].back().size() + views_[kRight].back().size();
}

Status IntervalJoin::match(size_t side, Collector& out) {
  if (candidates_.empty()) return {};
  if (!shape_.pairs && condition_.always_true()) {
    condition_.choose_all(candidates_.size());
  } else {
    DF_RETURN_IF_ERROR(condition_.choose(*context_, sides_[kLeft].codec(), views_[kLeft],
                                         sides_[kRight].codec(), views_[kRight]));
  }
  for (const int32_t i : condition_.chosen()) {
    const auto [at, other] = candidates_[static_cast<size_t>(i)];
    if (leaves_at_match()) {
      DF_RETURN_IF_ERROR(match_left(side, at, other, out));
    } else {
      match_pair(side, at, other);
    }
  }
  if (shape_.pairs && !condition_.chosen().empty()) {
    DF_ASSIGN_OR_RETURN(Batch pairs, condition_.take_chosen(schema_));
    DF_RETURN_IF_ERROR(out.emit(std::move(pairs)));
  }
  candidates_.clear();
  for (std::vector<std::string_view>& views : views_) views.clear();
  view_bytes_ = 0;
  return {};
}

void IntervalJoin::match_pair(size_t side, size_t at, RowNumber other) {
  matched_[at] = 1;
  if (!shape_.alone[1 - side]) return;
  state::KeyedTable& table = sides_[1 - side].table();
  int64_t& marks = table.ints(JoinSide::kMarks)[other];
  if ((marks & kMatched) != 0) return;
  marks |= kMatched;
  table.mark_changed(other);
}

// Of a semi or anti join: the left row of a pair is decided.
Status IntervalJoin::match_left(size_t side, size_t at, RowNumber other, Collector& out) {
  if (side == kLeft) {
    if (matched_[at] != 0) return {};
    matched_[at] = 1;
    if (!shape_.semi) return {};
    return output_.add(sides_[kLeft].bytes(rows_[at].row), {}, RowKind::kInsert, 0, out);
  }
  int64_t& marks = sides_[kLeft].table().ints(JoinSide::kMarks)[other];
  if ((marks & kMatched) != 0) return {};
  marks |= kMatched;
  matched_[at] = 1;
  gone_.push_back({keys_[static_cast<size_t>(rows_[at].row)], other});
  if (!shape_.semi) return {};
  return output_.add(sides_[kLeft].bytes_of(other), {}, RowKind::kInsert, 0, out);
}

void IntervalJoin::forget_matched() {
  state::KeyedTable& table = sides_[kLeft].table();
  const int64_t* const marks = table.ints(JoinSide::kMarks);
  // A key's at once: there may be as many as it has rows.
  std::ranges::sort(gone_, {}, &Gone::key);
  for (size_t i = 0; i < gone_.size(); ++i) {
    if (i > 0 && gone_[i].key == gone_[i - 1].key) continue;
    lanes_.remove_if(gone_[i].key, kLeft,
                     [&](RowNumber row) { return (marks[row] & kMatched) != 0; });
  }
  for (const Gone& gone : gone_) table.erase(gone.row);
  gone_.clear();
}

// Rows that may meet others yet are kept; what is decided leaves, or ends.
Status IntervalJoin::keep_rows(size_t side, Collector& out) {
  JoinSide& from = sides_[side];
  kept_.clear();
  kept_times_.clear();
  kept_at_.clear();
  for (size_t at = 0; at < rows_.size(); ++at) {
    const auto [row, micros] = rows_[at];
    const bool matched = matched_[at] != 0;
    if (from.has_null_key(row) || is_over(side, micros)) {
      if (!matched) DF_RETURN_IF_ERROR(end_unmet(side, rows_[at], out));
      continue;
    }
    if (matched && side == kLeft && leaves_at_match()) continue;
    kept_.push_back(row);
    kept_times_.push_back(micros);
    kept_at_.push_back(at);
  }
  const std::span<const RowNumber> kept = from.keep(kept_, kept_times_);
  int64_t* const marks = from.table().ints(JoinSide::kMarks);
  for (size_t i = 0; i < kept.size(); ++i) {
    if (shape_.alone[side] && matched_[kept_at_[i]] != 0) marks[kept[i]] = kMatched;
    lanes_.insert(keys_[static_cast<size_t>(kept_[i])], side, {kept_times_[i], kept[i]});
  }
  return output_.flush(out);
}

// A row that has met nothing and is not kept. One without a key cannot have had partners; one that
// came when it was over may have had some that are gone. As in Apache Flink's SQL it then stands
// for one without where the join is an outer one, and is nothing to an anti join.
Status IntervalJoin::end_unmet(size_t side, const JoinSide::Arrival& arrival, Collector& out) {
  const JoinSide& from = sides_[side];
  const auto [row, micros] = arrival;
  const bool late = is_late(micros) && is_over(side, micros);
  const bool decided = from.has_null_key(row) || !late || !shape_.anti;
  if (shape_.alone[side] && decided) {
    return output_.add_alone(side, from.bytes(row), RowKind::kInsert, 0, out);
  }
  if (!late) return {};
  return from.send_late(batch_, row,
                        "it met no row that is still kept, and none that is on time can meet it: "
                        "the watermark is " +
                            std::to_string(progress_.value().value()) + ", and its own time " +
                            std::to_string(floor_div(micros, kMicrosInMilli)));
}

// Progress is kept apart from rows: rows of the state may be due by it already.
Status IntervalJoin::catch_up(Collector& out) {
  if (caught_up_) return {};
  caught_up_ = true;
  do {
    DF_RETURN_IF_ERROR(advance(out));
  } while (has_more());
  return {};
}

Status IntervalJoin::on_watermark(Watermark watermark, Collector& out) {
  if (!progress_.advance(watermark) && caught_up_) return {};
  caught_up_ = true;
  return advance(out);
}

// Rows that are over leave alone, or just go, as far as it goes at once.
Status IntervalJoin::advance(Collector& out) {
  work_ = Work::kNone;
  size_t looked_at = 0;
  while (lanes_.take_over(progress_.value().value(), kJoinedRows, over_)) {
    for (const auto [side, row] : over_) {
      if (!shape_.alone[side]) continue;
      if ((sides_[side].table().ints(JoinSide::kMarks)[row] & kMatched) != 0) continue;
      DF_RETURN_IF_ERROR(
          output_.add_alone(side, sides_[side].bytes_of(row), RowKind::kInsert, 0, out));
    }
    DF_RETURN_IF_ERROR(output_.flush(out));
    for (const auto [side, row] : over_) sides_[side].table().erase(row);
    looked_at += over_.size();
    if (looked_at < kLeavesAtOnce) continue;
    work_ = Work::kTime;
    return {};
  }
  return {};
}

Watermark IntervalJoin::forwarded(Watermark watermark) const {
  return held_back(watermark, held_ms_);
}

Status IntervalJoin::on_barrier(CheckpointId /*id*/, Collector& /*out*/) {
  progress_.before_barrier(*context_);
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_interval_join(const plan::IntervalJoinSpec& spec,
                                                     SchemaPtr left, SchemaPtr right,
                                                     const SchemaPtr& output) {
  DF_ASSIGN_OR_RETURN(PairCondition condition,
                      PairCondition::make(spec.condition, plan::pair_schema(*left, *right)));
  DF_ASSIGN_OR_RETURN(JoinSide one,
                      JoinSide::make(spec.left_keys, spec.left_time, std::move(left)));
  DF_ASSIGN_OR_RETURN(JoinSide two,
                      JoinSide::make(spec.right_keys, spec.right_time, std::move(right)));
  return std::unique_ptr<Operator>(std::make_unique<IntervalJoin>(
      spec, std::move(one), std::move(two), std::move(condition), output));
}

}  // namespace dataflow::engine
