#include <algorithm>
#include <optional>

#include "base/hash.h"
#include "group_changes.h"
#include "key_columns.h"
#include "memory_of.h"
#include "operators.h"
#include "plan/analyze.h"
#include "touch_order.h"
#include "window_aggregates.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;
using state::ValueKind;

constexpr uint8_t kStateVersion = 1;
constexpr size_t kRowsOut = 4096;
// Forgotten with one checkpoint: at least so many groups, or a part of those there are.
constexpr size_t kLeastForgotten = 4096;
constexpr size_t kForgottenPart = 64;
// That the one group without keys has left, though there may have been no row.
constexpr const char* kHasLeft = "has-left";

struct Grouping {
  bool has_keys = false;
  bool bounded = false;  // all leaves at the end
  bool takes_updates = false;
  int64_t ttl_ms = 0;
  bool refreshes = false;  // a row that stays what it was leaves again
};

// Aggregates of groups. State (table "groups"): a row for each group with, where rows may be taken
// back, how many it has; where groups are forgotten, when it was touched last; and the aggregates.
// What left last is kept nowhere: it is made of the aggregates before they change.
//
// Of what a batch does to a group only the net effect leaves. A group that loses its last row
// within a batch begins anew with its next one.
class GroupOperator final : public Operator {
 public:
  GroupOperator(Grouping grouping, std::vector<size_t> keys, WindowAggregates aggregates,
                GroupChanges changes)
      : grouping_(grouping),
        keys_(std::move(keys)),
        aggregates_(std::move(aggregates)),
        changes_(std::move(changes)) {}

  static std::vector<ValueKind> leading_columns(const Grouping& grouping) {
    return std::vector<ValueKind>((grouping.takes_updates ? 1 : 0) + (grouping.ttl_ms > 0 ? 1 : 0),
                                  ValueKind::kInt64);
  }

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_watermark(Watermark watermark, Collector& out) override;
  Status on_barrier(CheckpointId id, Collector& out) override;
  size_t index_bytes() const override {
    return aggregates_.memory_bytes() + touches_.memory_bytes() + memory_of(place_);
  }

 private:
  // A group that the batch at hand has rows of.
  struct Touched {
    RowNumber group;
    bool stood = false;    // before the batch
    bool has_any = false;  // its aggregates may hold something
  };

  int64_t& rows_of(RowNumber group) { return table_->ints(0)[group]; }
  int64_t& touched_at(RowNumber group) {
    return table_->ints(grouping_.takes_updates ? 1 : 0)[group];
  }
  bool stands(RowNumber group) { return !grouping_.takes_updates || rows_of(group) > 0; }
  bool is_expired(RowNumber group) {
    return grouping_.ttl_ms > 0 && touched_at(group) <= now_ms_ - grouping_.ttl_ms;
  }

  void find_groups(const Batch& batch);
  void list_touched();
  void begin_anew(RowNumber group);
  Status add_rows(const Batch& batch);
  Status add_counted();
  Status emit(Collector& out);
  void leave_behind();
  Status emit_all(Collector& out);
  RowNumber only_group(bool& made);
  void forget_expired();

  const Grouping grouping_;
  KeyColumns keys_;
  WindowAggregates aggregates_;
  GroupChanges changes_;
  OperatorContext* context_ = nullptr;
  state::KeyedTable* table_ = nullptr;
  TouchOrder touches_;
  int64_t now_ms_ = INT64_MIN;
  bool has_left_ = false;

  // Of the batch at hand, used again.
  std::vector<int32_t> rows_;
  std::vector<uint64_t> some_hashes_;
  std::vector<std::string_view> some_keys_;
  std::vector<int64_t> numbers_;  // zeros
  std::vector<RowNumber> groups_, made_;
  std::vector<int8_t> signs_;
  std::vector<uint32_t> place_;  // by group: in touched_, + 1; 0: it is not
  std::vector<Touched> touched_;
  std::vector<RowNumber> before_, after_;
  std::vector<GroupChanges::Change> list_;
  // Rows that go to the aggregates next.
  std::vector<int32_t> next_rows_;
  std::vector<RowNumber> next_groups_, emptied_;
  std::vector<int8_t> next_signs_;
};

Status GroupOperator::open(OperatorContext& context) {
  context_ = &context;
  DF_ASSIGN_OR_RETURN(table_, context.table({"groups", kStateVersion, aggregates_.columns()}));
  DF_RETURN_IF_ERROR(aggregates_.open(context, *table_));
  std::vector<RowNumber> all;
  size_t end = 0;
  table_->for_each([&](RowNumber group) {
    end = std::max<size_t>(end, group + 1);
    if (grouping_.ttl_ms > 0) all.push_back(group);
  });
  place_.resize(end);
  std::ranges::sort(all, {}, [this](RowNumber group) { return touched_at(group); });
  for (const RowNumber group : all) touches_.touch(group);
  if (!grouping_.has_keys && grouping_.bounded) {
    DF_ASSIGN_OR_RETURN(const auto named, context.named_state());
    has_left_ = named.contains(kHasLeft);
  }
  return {};
}

// The groups of the rows that count.
void GroupOperator::find_groups(const Batch& batch) {
  rows_.clear();
  std::span<const uint64_t> hashes = keys_.hashes();
  std::span<const std::string_view> keys = keys_.keys();
  if (aggregates_.any_faulty()) {
    some_hashes_.clear();
    some_keys_.clear();
  }
  for (int32_t row = 0; row < batch.rows; ++row) {
    if (aggregates_.is_faulty(row)) continue;
    rows_.push_back(row);
    if (!aggregates_.any_faulty()) continue;
    some_hashes_.push_back(hashes[static_cast<size_t>(row)]);
    some_keys_.push_back(keys[static_cast<size_t>(row)]);
  }
  if (aggregates_.any_faulty()) {
    hashes = some_hashes_;
    keys = some_keys_;
  }
  numbers_.resize(rows_.size());
  groups_.resize(rows_.size());
  made_.clear();
  table_->upsert_all(hashes, keys, numbers_, groups_, &made_);
}

void GroupOperator::list_touched() {
  for (const RowNumber group : made_) {
    if (group >= place_.size()) place_.resize(std::max<size_t>(group + 1, 2 * place_.size()));
  }
  touched_.clear();
  for (const RowNumber group : groups_) {
    if (place_[group] != 0) continue;
    touched_.push_back({group, true, true});
    place_[group] = static_cast<uint32_t>(touched_.size());
  }
  for (const RowNumber group : made_) touched_[place_[group] - 1] = {group, false, false};
  for (Touched& touched : touched_) {
    if (!touched.stood || !is_expired(touched.group)) continue;
    begin_anew(touched.group);
    touched = {touched.group, false, false};
  }
}

void GroupOperator::begin_anew(RowNumber group) {
  aggregates_.clear(*table_, group);
  if (grouping_.takes_updates) rows_of(group) = 0;
}

Status GroupOperator::add_rows(const Batch& batch) {
  if (!grouping_.takes_updates) {
    if (batch.kinds != nullptr) {
      const auto taken = std::ranges::find_if(*batch.kinds, [](RowKind kind) {
        return kind == RowKind::kUpdateBefore || kind == RowKind::kDelete;
      });
      if (taken != batch.kinds->end()) {
        return Status::internal("a row is taken back where the plan says that none is");
      }
    }
    return aggregates_.add(*table_, rows_, groups_);
  }
  next_rows_.clear();
  next_groups_.clear();
  next_signs_.clear();
  emptied_.clear();
  for (size_t i = 0; i < rows_.size(); ++i) {
    const RowNumber group = groups_[i];
    const RowKind kind = batch.kind(rows_[i]);
    const bool taken_back = kind == RowKind::kUpdateBefore || kind == RowKind::kDelete;
    int64_t& count = rows_of(group);
    if (taken_back && count == 0) continue;  // of a group that was forgotten
    Touched& touched = touched_[place_[group] - 1];
    if (!taken_back && count == 0 && touched.has_any) DF_RETURN_IF_ERROR(add_counted());
    touched.has_any = true;
    next_rows_.push_back(rows_[i]);
    next_groups_.push_back(group);
    next_signs_.push_back(taken_back ? -1 : 1);
    count += taken_back ? -1 : 1;
    if (count == 0) emptied_.push_back(group);
  }
  return add_counted();
}

// What waits goes to the aggregates. Of a group that has no rows then nothing is left, so that its
// next row is its first one.
Status GroupOperator::add_counted() {
  const bool all_added = std::ranges::find(next_signs_, -1) == next_signs_.end();
  DF_RETURN_IF_ERROR(aggregates_.add(*table_, next_rows_, next_groups_,
                                     all_added ? std::span<const int8_t>() : next_signs_));
  next_rows_.clear();
  next_groups_.clear();
  next_signs_.clear();
  for (const RowNumber group : emptied_) {
    begin_anew(group);
    touched_[place_[group] - 1].has_any = false;
  }
  emptied_.clear();
  return {};
}

Status GroupOperator::emit(Collector& out) {
  list_.clear();
  after_.clear();
  uint32_t before = 0;
  for (const Touched& touched : touched_) {
    GroupChanges::Change change{touched.group, GroupChanges::kNone, GroupChanges::kNone};
    if (touched.stood) change.before = before++;
    if (stands(touched.group)) {
      change.after = static_cast<uint32_t>(after_.size());
      after_.push_back(touched.group);
    }
    list_.push_back(change);
  }
  DF_RETURN_IF_ERROR(changes_.put_after(aggregates_, *table_, after_));
  return changes_.emit(*table_, list_, grouping_.refreshes, out);
}

// Groups without rows go, those with rows are as young as the batch.
void GroupOperator::leave_behind() {
  for (const Touched& touched : touched_) {
    const RowNumber group = touched.group;
    place_[group] = 0;
    if (!stands(group)) {
      touches_.remove(group);
      aggregates_.erase(*table_, group);
    } else if (grouping_.ttl_ms > 0) {
      touched_at(group) = now_ms_;
      touches_.touch(group);
    }
  }
}

Status GroupOperator::on_batch(size_t /*input*/, const Batch& batch, Collector& out) {
  if (grouping_.ttl_ms > 0) now_ms_ = std::max(now_ms_, context_->now_millis());
  DF_RETURN_IF_ERROR(aggregates_.evaluate(*context_, batch));
  DF_RETURN_IF_ERROR(keys_.read(batch));
  find_groups(batch);
  list_touched();
  if (!grouping_.bounded) {
    before_.clear();
    for (const Touched& touched : touched_) {
      if (touched.stood) before_.push_back(touched.group);
    }
    DF_RETURN_IF_ERROR(changes_.put_before(aggregates_, *table_, before_));
  }
  DF_RETURN_IF_ERROR(add_rows(batch));
  if (!grouping_.bounded) DF_RETURN_IF_ERROR(emit(out));
  leave_behind();
  return {};
}

// The group without keys, made if it is not there.
RowNumber GroupOperator::only_group(bool& made) {
  return table_->upsert(hash64(std::string_view()), {}, 0, &made);
}

// What has left is no more: a job that is started behind its end has nothing to say.
Status GroupOperator::emit_all(Collector& out) {
  std::vector<RowNumber> all;
  table_->for_each([&](RowNumber group) { all.push_back(group); });
  for (std::span<const RowNumber> left = all; !left.empty();) {
    const std::span<const RowNumber> some = left.first(std::min(left.size(), kRowsOut));
    left = left.subspan(some.size());
    list_.clear();
    for (const RowNumber group : some) {
      list_.push_back({group, GroupChanges::kNone, static_cast<uint32_t>(list_.size())});
    }
    DF_RETURN_IF_ERROR(changes_.put_before(aggregates_, *table_, {}));
    DF_RETURN_IF_ERROR(changes_.put_after(aggregates_, *table_, some));
    DF_RETURN_IF_ERROR(changes_.emit(*table_, list_, false, out));
    for (const RowNumber group : some) aggregates_.erase(*table_, group);
  }
  return {};
}

Status GroupOperator::on_watermark(Watermark watermark, Collector& out) {
  if (!grouping_.bounded || watermark != kEndOfTime) return {};
  if (!grouping_.has_keys && !has_left_) {
    // Its row leaves once, from the task that has the rows, if there are any.
    const state::KeyGroup group = state::key_group_of(hash64(std::string_view()));
    if (state::task_of_key_group(group, context_->parallelism()) == context_->task()) {
      bool made = false;
      (void)only_group(made);
      has_left_ = true;
      context_->put_named_state(kHasLeft, "1");
    }
  }
  return emit_all(out);
}

// As many as a checkpoint can bear; one that is touched before its turn is begun anew.
void GroupOperator::forget_expired() {
  if (grouping_.ttl_ms == 0) return;
  now_ms_ = std::max(now_ms_, context_->now_millis());
  size_t most = std::max(kLeastForgotten, table_->size() / kForgottenPart);
  while (most-- > 0) {
    const RowNumber group = touches_.oldest();
    if (group == TouchOrder::kNone || !is_expired(group)) return;
    touches_.remove(group);
    aggregates_.erase(*table_, group);
  }
}

Status GroupOperator::on_barrier(CheckpointId /*id*/, Collector& /*out*/) {
  forget_expired();
  aggregates_.before_barrier();
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_group(const plan::Plan& plan, const plan::Node& node) {
  const auto& spec = std::get<plan::GroupSpec>(node.spec);
  const SchemaPtr input = schema_of(plan, node.inputs.at(0));
  Grouping grouping;
  grouping.has_keys = !spec.keys.empty();
  grouping.bounded = plan.job.bounded;
  grouping.takes_updates = origin_of_updates(plan, node.inputs[0]) != nullptr;
  grouping.ttl_ms = grouping.bounded ? 0 : spec.ttl_ms;
  // As in Flink, so that those behind remember it as long; but a key that is all of its row stays.
  grouping.refreshes = grouping.ttl_ms > 0 && !spec.aggregates.empty();
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, *input));
  DF_ASSIGN_OR_RETURN(
      WindowAggregates aggregates,
      WindowAggregates::bind(spec.aggregates, *input, *node.schema,
                             GroupOperator::leading_columns(grouping), grouping.takes_updates));
  return std::unique_ptr<Operator>(
      std::make_unique<GroupOperator>(grouping, std::move(keys), std::move(aggregates),
                                      GroupChanges(node.schema, spec.keys.size())));
}

}  // namespace dataflow::engine
