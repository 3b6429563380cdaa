#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "join_index.h"
#include "join_output.h"
#include "join_rows.h"
#include "join_side.h"
#include "operators.h"
#include "pair_condition.h"
#include "plan/analyze.h"

namespace dataflow::engine {
namespace {

using Row = JoinRows::Row;
using Key = JoinIndex::Key;
constexpr Row kNone = JoinIndex::kNone;

// What a join keeps, by its kind, its condition, and whether rows expire.
struct Keeping {
  Keeping(const plan::JoinSpec& spec, JoinInputs inputs)
      : shape(spec.kind),
        bounded(inputs.bounded),
        // How long a bounded job takes says nothing of its rows.
        ttl_ms{bounded ? 0 : spec.left_ttl_ms, bounded ? 0 : spec.right_ttl_ms},
        // Without condition all rows of a key have the same partners. Where rows expire that is so
        // only of those that are looked for at one time: a row remembers how many it had.
        by_key(spec.condition == nullptr && ttl_ms[kLeft] == 0 && ttl_ms[kRight] == 0),
        forgets_met(!shape.pairs && !inputs.bring_updates) {}

  bool asks_for_partners(size_t side) const {
    return shape.alone[side] || (shape.semi && side == kLeft);
  }
  bool counts_partners(size_t side) const { return !by_key && asks_for_partners(side); }

  const JoinShape shape;
  const bool bounded;
  const int64_t ttl_ms[2];
  const bool by_key;
  // Where nothing is taken back, to semi and anti joins a left row is done with at its first
  // partner.
  const bool forgets_met;
};

// Rows of both inputs with equal keys, for as long as they stand. State: the rows of both sides
// (tables "left" and "right"). A row of input is held against those of the other side that are
// there: what it brings, or takes with it, leaves at once, as +I and -D. With a row's first partner
// goes the row that stood alone for it (of an outer or anti join) or comes (of a semi join), and
// with its last one the other way round. Within a batch each row sees what those before it did.
//
// In a bounded job inputs only add; what stands alone leaves at the end.
class RegularJoin final : public Operator {
 public:
  RegularJoin(const plan::JoinSpec& spec, const Keeping& keeping, JoinRows left, JoinRows right,
              PairCondition condition, const SchemaPtr& output)
      : keeping_(keeping),
        sides_{std::move(left), std::move(right)},
        condition_(std::move(condition)),
        output_(spec.kind, sides_[kLeft].codec(), sides_[kRight].codec(), output, 0) {}

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  bool has_more() const override { return work_ != Work::kNone; }
  Status go_on(Collector& out) override;
  size_t index_bytes() const override { return index_.memory_bytes(); }

 private:
  enum class Work : uint8_t { kNone, kRows, kEnd };

  // The row of the batch that is at work.
  struct Current {
    bool entered = false;
    bool adds = false;
    bool has_key = false;
    bool ignored = false;  // it is taken back, and was never there
    bool turns = false;    // its key has its side's first row, or has lost the last
    std::optional<Row> own;
    // How many partners it has: what state says of a row that is taken back, or else what was
    // found.
    std::optional<int64_t> known_partners;
    int64_t met = 0;
    Row other = kNone;  // where the other side is looked at
  };
  // The row of the other side that it meets, as far as that has left.
  struct Meeting {
    bool entered = false;
    bool turns = false;  // it gets its first partner, or loses the last
    int64_t done = 0;
  };
  struct Candidate {
    size_t at;  // in the batch
    Row other;
  };

  bool has_room() const { return emitted_ < kLeavesAtOnce; }

  Status index_rows();
  Status join_rows(Collector& out);
  Status join_by_condition(Collector& out);
  Status gather();
  void gather_from_row();
  Status take_chosen(Collector& out);

  void enter_row();
  void add_own();
  void take_back_own();
  Status leave_row(Collector& out);
  Row first_other();
  Row first_there(size_t side, Row row);

  Status meet(Row other, Collector& out);
  bool count_partner(Row other);
  void forget_met();
  Status emit(size_t side, std::string_view row, std::string_view other, RowKind kind,
              Collector& out);
  Status emit_at_end(Collector& out);
  bool leaves_at_end(size_t side, Row row);

  const Keeping keeping_;
  std::array<JoinRows, 2> sides_;
  PairCondition condition_;
  JoinOutput output_;
  OperatorContext* context_ = nullptr;
  JoinIndex index_;

  Work work_ = Work::kNone;
  size_t emitted_ = 0;  // in this call; and rows that were only looked at
  // The batch at hand.
  size_t side_ = kLeft;
  size_t row_count_ = 0;
  std::shared_ptr<const std::vector<RowKind>> kinds_;
  std::vector<Key> keys_;
  std::span<const JoinRows::Added> added_;  // all at once, if it only adds
  size_t row_ = 0;
  Current current_;
  Meeting meeting_;
  std::vector<Row> met_;  // left rows that are done with
  // With a condition: candidates of rows up to gather_row_, of that itself as far as gather_other_.
  size_t gather_row_ = 0;
  Row gather_other_ = kNone;
  bool gather_begun_ = false;  // that row
  std::vector<Candidate> candidates_;
  std::array<std::vector<std::string_view>, 2> views_;  // of the candidates, by side
  size_t view_bytes_ = 0;
  size_t next_chosen_ = 0;
  size_t chosen_count_ = 0;
  // At the end of a bounded job.
  size_t end_side_ = kLeft;
  Row end_row_ = 0;
  int64_t end_done_ = 0;
};

Status RegularJoin::open(OperatorContext& context) {
  context_ = &context;
  for (const size_t side : {kLeft, kRight}) {
    DF_RETURN_IF_ERROR(sides_[side].open(context, side == kLeft ? "left" : "right"));
  }
  return index_rows();
}

Status RegularJoin::index_rows() {
  std::vector<Row> rows;
  std::vector<uint64_t> hashes;
  std::vector<std::string_view> keys;
  for (const size_t side : {kLeft, kRight}) {
    const state::KeyedTable& table = sides_[side].table();
    rows.clear();
    table.for_each([&](Row row) { rows.push_back(row); });
    for (size_t from = 0; from < rows.size(); from += kJoinedRows) {
      const auto part = std::span(rows).subspan(from, std::min(kJoinedRows, rows.size() - from));
      hashes.clear();
      keys.clear();
      for (const Row row : part) {
        hashes.push_back(table.hash(row));
        keys.push_back(table.key(row));
      }
      index_.find_keys(hashes, keys, keys_);
      for (size_t i = 0; i < part.size(); ++i) {
        index_.link(keys_[i], side, part[i]);
        index_.total(keys_[i], side) += sides_[side].times(part[i]);
      }
    }
  }
  keys_.clear();
  return {};
}

Status RegularJoin::on_batch(size_t input, const Batch& batch, Collector& out) {
  JoinRows& own = sides_[input];
  DF_RETURN_IF_ERROR(own.read(batch));
  side_ = input;
  row_count_ = static_cast<size_t>(batch.rows);
  kinds_ = batch.kinds;
  index_.find_keys(own.hashes(), own.keys(), keys_);
  index_.prefetch(keys_);
  added_ = {};
  if (kinds_ == nullptr) {
    added_ = own.add_all();
    for (size_t row = 0; row < row_count_; ++row) {
      if (added_[row].is_new) index_.link(keys_[row], side_, added_[row].row);
    }
  }
  row_ = gather_row_ = 0;
  current_ = {};
  meeting_ = {};
  gather_begun_ = false;
  candidates_.clear();
  next_chosen_ = chosen_count_ = 0;
  work_ = Work::kRows;
  return go_on(out);
}

Status RegularJoin::go_on(Collector& out) {
  emitted_ = 0;
  if (work_ == Work::kEnd) return emit_at_end(out);
  DF_RETURN_IF_ERROR(condition_.always_true() ? join_rows(out) : join_by_condition(out));
  DF_RETURN_IF_ERROR(output_.flush(out));
  if (row_ < row_count_) return {};
  work_ = Work::kNone;
  forget_met();
  index_.release_unused(keys_);
  return {};
}

Status RegularJoin::join_rows(Collector& out) {
  for (; row_ < row_count_ && has_room(); ++row_) {
    if (!current_.entered) {
      enter_row();
      current_.other = first_other();
    }
    while (current_.other != kNone) {
      if (!has_room()) return {};
      DF_RETURN_IF_ERROR(meet(current_.other, out));
      if (meeting_.entered) return {};
      current_.other = first_there(1 - side_, index_.next(1 - side_, current_.other));
    }
    DF_RETURN_IF_ERROR(leave_row(out));
  }
  return {};
}

// Candidates are gathered of many rows, and the condition is asked about all of them at once; then
// rows are gone through in their order, each with its pairs.
Status RegularJoin::join_by_condition(Collector& out) {
  while (row_ < row_count_ && has_room()) {
    if (next_chosen_ == chosen_count_ && row_ == gather_row_) DF_RETURN_IF_ERROR(gather());
    DF_RETURN_IF_ERROR(take_chosen(out));
  }
  return {};
}

Status RegularJoin::gather() {
  candidates_.clear();
  for (std::vector<std::string_view>& views : views_) views.clear();
  view_bytes_ = 0;
  next_chosen_ = chosen_count_ = 0;
  while (gather_row_ < row_count_) {
    gather_from_row();
    if (gather_other_ != kNone) break;
    ++gather_row_;
    gather_begun_ = false;
  }
  emitted_ += candidates_.size() + weight_of(view_bytes_);
  if (candidates_.empty()) return {};
  DF_RETURN_IF_ERROR(condition_.choose(*context_, sides_[kLeft].codec(), views_[kLeft],
                                       sides_[kRight].codec(), views_[kRight]));
  chosen_count_ = condition_.chosen().size();
  return {};
}

// As many as fit; gather_other_ is then where it goes on.
void RegularJoin::gather_from_row() {
  const size_t other = 1 - side_;
  if (!gather_begun_) {
    gather_begun_ = true;
    const bool has_key = !sides_[side_].has_null_key(gather_row_);
    gather_other_ = has_key ? first_there(other, index_.first(keys_[gather_row_], other)) : kNone;
  }
  while (gather_other_ != kNone && candidates_.size() < kJoinedRows && view_bytes_ < kJoinedBytes) {
    candidates_.push_back({gather_row_, gather_other_});
    views_[side_].push_back(sides_[side_].bytes(gather_row_));
    views_[other].push_back(sides_[other].bytes_of(gather_other_));
    view_bytes_ += views_[kLeft].back().size() + views_[kRight].back().size();
    gather_other_ = first_there(other, index_.next(other, gather_other_));
  }
}

Status RegularJoin::take_chosen(Collector& out) {
  while (row_ < row_count_ && has_room()) {
    if (!current_.entered) enter_row();
    for (; next_chosen_ < chosen_count_; ++next_chosen_) {
      const Candidate& pair = candidates_[static_cast<size_t>(condition_.chosen()[next_chosen_])];
      if (pair.at != row_) break;
      DF_RETURN_IF_ERROR(meet(pair.other, out));
      if (meeting_.entered) return {};
    }
    if (row_ == gather_row_) return {};  // it may have more
    DF_RETURN_IF_ERROR(leave_row(out));
    ++row_;
  }
  return {};
}

// The row itself: what it changes on its own side.
void RegularJoin::enter_row() {
  const RowKind kind = kinds_ == nullptr ? RowKind::kInsert : (*kinds_)[row_];
  current_ = {};
  current_.entered = true;
  current_.adds = kind == RowKind::kInsert || kind == RowKind::kUpdateAfter;
  current_.has_key = !sides_[side_].has_null_key(row_);
  if (!current_.has_key) return;
  if (current_.adds) {
    add_own();
  } else {
    take_back_own();
  }
  if (!keeping_.by_key || current_.ignored) return;
  int64_t& total = index_.total(keys_[row_], side_);
  total += current_.adds ? 1 : -1;
  current_.turns = total == (current_.adds ? 1 : 0);
}

void RegularJoin::add_own() {
  if (!added_.empty()) {
    current_.own = added_[row_].row;
    return;
  }
  const JoinRows::Added added = sides_[side_].add(row_);
  current_.own = added.row;
  if (added.is_new) index_.link(keys_[row_], side_, added.row);
}

// A row that is not there has expired, and what it brought may stand yet: as in Apache Flink it
// takes with it what it would bring. Where none expire it never was there.
void RegularJoin::take_back_own() {
  JoinRows& own = sides_[side_];
  const std::optional<Row> row = own.find(row_);
  if (!row) {
    current_.ignored = !own.expires();
    return;
  }
  if (own.counts_partners()) current_.known_partners = own.partners(*row);
  if (own.take_back(*row)) index_.unlink(side_, *row);
}

// The first row of the other side that is of concern to the current one, without a condition.
Row RegularJoin::first_other() {
  if (!current_.has_key || current_.ignored) return kNone;
  if (keeping_.by_key && !keeping_.shape.pairs) {
    // To the rows of a key on the left it matters only whether there is one on the right.
    if (side_ == kLeft) current_.met = index_.total(keys_[row_], kRight);
    if (side_ == kLeft || !current_.turns) return kNone;
  }
  return first_there(1 - side_, index_.first(keys_[row_], 1 - side_));
}

// That row, or the next behind it that has not expired.
Row RegularJoin::first_there(size_t side, Row row) {
  if (!sides_[side].expires()) return row;
  while (row != kNone && !sides_[side].table().is_there(row)) {
    const Row next = index_.next(side, row);
    index_.unlink(side, row);
    row = next;
  }
  return row;
}

// What the current row's partner brings, or takes back: meeting_ is entered if that broke off.
Status RegularJoin::meet(Row other, Collector& out) {
  if (current_.ignored) return {};
  const size_t other_side = 1 - side_;
  const JoinShape& shape = keeping_.shape;
  const int64_t times = sides_[other_side].times(other);
  if (!meeting_.entered) {
    meeting_.entered = true;
    ++emitted_;
    if (shape.pairs || !keeping_.by_key) current_.met += times;
    meeting_.turns = keeping_.by_key ? current_.turns : count_partner(other);
    if (meeting_.turns && keeping_.forgets_met) met_.push_back(other);
  }
  const bool is_seen =
      shape.semi ? other_side == kLeft : shape.alone[other_side] && !keeping_.bounded;
  const int64_t alone = meeting_.turns && is_seen ? times : 0;
  const int64_t pairs = shape.pairs ? times : 0;
  // The row that stood alone goes before the first pair comes, and comes when the last is gone.
  const int64_t before = current_.adds ? alone : 0;
  const bool appears = shape.semi == current_.adds;
  const std::string_view row = sides_[side_].bytes(row_);
  const std::string_view beside = sides_[other_side].bytes_of(other);
  for (; meeting_.done < alone + pairs; ++meeting_.done) {
    if (!has_room()) return {};
    const bool is_pair = meeting_.done >= before && meeting_.done < before + pairs;
    if (is_pair) {
      const RowKind kind = current_.adds ? RowKind::kInsert : RowKind::kDelete;
      DF_RETURN_IF_ERROR(emit(side_, row, beside, kind, out));
    } else {
      const RowKind kind = appears ? RowKind::kInsert : RowKind::kDelete;
      DF_RETURN_IF_ERROR(emit(other_side, beside, {}, kind, out));
    }
  }
  meeting_ = {};
  return {};
}

// True if that is its first partner, or was its last.
bool RegularJoin::count_partner(Row other) {
  const JoinRows& side = sides_[1 - side_];
  if (!side.counts_partners()) return false;
  const int64_t before = side.partners(other);
  // One that expired when its partners were counted may be taken back all the same.
  if (!current_.adds && before == 0) return false;
  const int64_t after = before + (current_.adds ? 1 : -1);
  side.set_partners(other, after);
  return before == 0 || after == 0;
}

// Behind the batch: until then a row of it may be among them, and come once more.
void RegularJoin::forget_met() {
  for (const Row row : met_) {
    if (!index_.is_linked(kLeft, row)) continue;
    index_.unlink(kLeft, row);
    sides_[kLeft].forget(row);
  }
  met_.clear();
}

// Whether the row itself stands, or stood, alone.
Status RegularJoin::leave_row(Collector& out) {
  const Current row = std::exchange(current_, {});
  if (row.ignored) return {};
  const JoinRows& own = sides_[side_];
  if (row.adds && row.own && own.counts_partners()) own.set_partners(*row.own, row.met);
  const JoinShape& shape = keeping_.shape;
  const bool has_partner = row.known_partners.value_or(row.met) > 0;
  if (has_partner && row.own && keeping_.forgets_met && side_ == kLeft) met_.push_back(*row.own);
  const bool leaves_now = !keeping_.bounded || !row.has_key;
  const bool leaves = has_partner ? shape.semi && side_ == kLeft : shape.alone[side_] && leaves_now;
  if (!leaves) return {};
  const RowKind kind = row.adds ? RowKind::kInsert : RowKind::kDelete;
  return emit(side_, own.bytes(row_), {}, kind, out);
}

Status RegularJoin::emit(size_t side, std::string_view row, std::string_view other, RowKind kind,
                         Collector& out) {
  emitted_ += weight_of(row.size() + other.size());
  return side == kLeft ? output_.add(row, other, kind, 0, out)
                       : output_.add(other, row, kind, 0, out);
}

Status RegularJoin::on_watermark(Watermark watermark, Collector& out) {
  const JoinShape& shape = keeping_.shape;
  if (!keeping_.bounded || watermark != kEndOfTime ||
      !(shape.alone[kLeft] || shape.alone[kRight])) {
    return {};
  }
  work_ = Work::kEnd;
  end_side_ = kLeft;
  end_row_ = 0;
  end_done_ = 0;
  return go_on(out);
}

bool RegularJoin::leaves_at_end(size_t side, Row row) {
  if (!index_.is_linked(side, row)) return false;
  if (!keeping_.by_key) return sides_[side].partners(row) == 0;
  return index_.total(index_.key_of(side, row), 1 - side) == 0;
}

// Nothing comes any more: what stands alone leaves. Then all is done with; after a restore this
// task may be told again that it has come to its end.
Status RegularJoin::emit_at_end(Collector& out) {
  for (; end_side_ <= kRight; ++end_side_, end_row_ = 0) {
    if (!keeping_.shape.alone[end_side_]) continue;
    for (; end_row_ < index_.end(end_side_); ++end_row_, end_done_ = 0) {
      if (!leaves_at_end(end_side_, end_row_)) continue;
      const std::string_view bytes = sides_[end_side_].bytes_of(end_row_);
      for (; end_done_ < sides_[end_side_].times(end_row_); ++end_done_) {
        if (!has_room()) return output_.flush(out);
        DF_RETURN_IF_ERROR(emit(end_side_, bytes, {}, RowKind::kInsert, out));
      }
    }
  }
  DF_RETURN_IF_ERROR(output_.flush(out));
  for (const size_t side : {kLeft, kRight}) {
    for (Row row = 0; row < index_.end(side); ++row) {
      if (index_.is_linked(side, row)) sides_[side].table().erase(row);
    }
  }
  index_.clear();
  work_ = Work::kNone;
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_regular_join(const plan::JoinSpec& spec, SchemaPtr left,
                                                    SchemaPtr right, const SchemaPtr& output,
                                                    JoinInputs inputs) {
  const Keeping keeping(spec, inputs);
  DF_ASSIGN_OR_RETURN(PairCondition condition,
                      PairCondition::make(spec.condition, plan::pair_schema(*left, *right)));
  const auto side_of = [&](size_t side, const std::vector<std::string>& keys, SchemaPtr schema) {
    JoinRowsSpec rows{keys, std::move(schema), spec.nulls_match};
    rows.only_keys = side == kRight && !keeping.shape.pairs && spec.condition == nullptr;
    rows.counts_partners = keeping.counts_partners(side);
    rows.ttl_ms = keeping.ttl_ms[side];
    return JoinRows::make(std::move(rows));
  };
  DF_ASSIGN_OR_RETURN(JoinRows one, side_of(kLeft, spec.left_keys, std::move(left)));
  DF_ASSIGN_OR_RETURN(JoinRows two, side_of(kRight, spec.right_keys, std::move(right)));
  return std::unique_ptr<Operator>(std::make_unique<RegularJoin>(
      spec, keeping, std::move(one), std::move(two), std::move(condition), output));
}

}  // namespace dataflow::engine
