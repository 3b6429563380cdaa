#include <algorithm>

#include "key_columns.h"
#include "key_merger.h"
#include "operators.h"
#include "window_aggregates.h"
#include "window_output.h"
#include "window_slices.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;
using state::ValueKind;

constexpr uint8_t kStateVersion = 1;

// Windows of so many rows of a key, in the order of arrival, with or without event time. State: how
// many rows a key has had (table "counts"), and a row for each (key, slice end), both counted in
// rows. A window fires with its last row; one that is not full when the input ends never does, as
// in Flink.
//
// A window's slices are complete when it fires, and no later row changes them: so a batch is added
// whole before what it filled is fired.
class CountWindow final : public Operator {
 public:
  CountWindow(const plan::WindowSpec& spec, std::vector<size_t> keys, WindowAggregates aggregates,
              WindowOutput output)
      : slices_(spec),
        size_(spec.count),
        slide_(spec.count_slide > 0 ? spec.count_slide : spec.count),
        keys_(std::move(keys)),
        aggregates_(std::move(aggregates)),
        output_(std::move(output)),
        merged_({"merged", 1, aggregates_.columns()}),
        merger_(aggregates_, merged_) {}

  Status open(OperatorContext& context) override;
  Status on_batch(size_t input, const Batch& batch, Collector& out) override;
  Status on_barrier(CheckpointId id, Collector& out) override;
  size_t index_bytes() const override {
    return aggregates_.memory_bytes() + merged_.memory_bytes();
  }

 private:
  // A window that a row filled.
  struct Full {
    size_t at = 0;    // of the batch's rows that count
    int64_t end = 0;  // the window's
  };

  void count_rows(const Batch& batch);
  Status fire_whole(Collector& out);
  Status fire_merged(const Full& full, Collector& out);
  void forget_counts();

  const Slices slices_;
  const int64_t size_;
  const int64_t slide_;
  KeyColumns keys_;
  WindowAggregates aggregates_;
  WindowOutput output_;
  state::KeyedTable merged_;  // no state
  KeyMerger merger_;

  OperatorContext* context_ = nullptr;
  state::KeyedTable* table_ = nullptr;
  state::KeyedTable* counts_ = nullptr;

  // Of the batch at hand, used again.
  std::vector<int32_t> counted_;
  std::vector<uint64_t> hashes_;
  std::vector<std::string_view> key_views_;
  std::vector<int64_t> numbers_;
  std::vector<RowNumber> counters_, groups_, of_window_;
  std::vector<Full> full_;
};

Status CountWindow::open(OperatorContext& context) {
  context_ = &context;
  DF_ASSIGN_OR_RETURN(table_, context.table({"windows", kStateVersion, aggregates_.columns()}));
  DF_ASSIGN_OR_RETURN(counts_, context.table({"counts", kStateVersion, {ValueKind::kInt64}}));
  return aggregates_.open(context, *table_);
}

// Which slice each row is in, and which windows are full with it.
void CountWindow::count_rows(const Batch& batch) {
  counted_.clear();
  hashes_.clear();
  key_views_.clear();
  for (int32_t row = 0; row < batch.rows; ++row) {
    if (aggregates_.is_faulty(row)) continue;
    counted_.push_back(row);
    hashes_.push_back(keys_.hashes()[static_cast<size_t>(row)]);
    key_views_.push_back(keys_.keys()[static_cast<size_t>(row)]);
  }
  numbers_.assign(counted_.size(), 0);
  counters_.resize(counted_.size());
  counts_->upsert_all(hashes_, key_views_, numbers_, counters_, nullptr);
  full_.clear();
  int64_t* counts = counts_->ints(0);
  for (size_t i = 0; i < counters_.size(); ++i) {
    const int64_t before = counts[counters_[i]]++;
    numbers_[i] = slices_.slice_at(before).end;
    const int64_t past_first = before + 1 - size_;
    if (past_first >= 0 && past_first % slide_ == 0) full_.push_back({i, before + 1});
  }
}

// Windows that are one slice each.
Status CountWindow::fire_whole(Collector& out) {
  of_window_.clear();
  for (const Full& full : full_) of_window_.push_back(groups_[full.at]);
  DF_RETURN_IF_ERROR(
      output_.add(aggregates_, *table_, of_window_, WindowBounds{}, RowKind::kInsert, out));
  for (const RowNumber row : of_window_) aggregates_.erase(*table_, row);
  return {};
}

Status CountWindow::fire_merged(const Full& full, Collector& out) {
  of_window_.clear();
  int64_t at = full.end - size_;
  while (at < full.end) {
    at = slices_.slice_at(at).end;
    if (const auto row = table_->find(hashes_[full.at], key_views_[full.at], at)) {
      of_window_.push_back(*row);
    }
  }
  DF_ASSIGN_OR_RETURN(const RowNumber merged, merger_.merge(*table_, of_window_, std::nullopt));
  DF_RETURN_IF_ERROR(output_.add(aggregates_, merged_, std::span(&merged, 1), WindowBounds{},
                                 RowKind::kInsert, out));
  merger_.clear();
  for (const RowNumber row : of_window_) {
    if (slices_.last_window(table_->number(row)) > full.end) continue;
    aggregates_.erase(*table_, row);
  }
  return {};
}

// Of a key whose rows are all in windows that have left nothing is remembered.
void CountWindow::forget_counts() {
  for (const RowNumber counter : counters_) {
    int64_t& count = counts_->ints(0)[counter];
    if (count == 0 || count % size_ != 0) continue;
    count = 0;
    counts_->erase(counter);
  }
}

Status CountWindow::on_batch(size_t /*input*/, const Batch& batch, Collector& out) {
  DF_RETURN_IF_ERROR(aggregates_.evaluate(*context_, batch));
  DF_RETURN_IF_ERROR(keys_.read(batch));
  count_rows(batch);
  groups_.resize(counted_.size());
  table_->upsert_all(hashes_, key_views_, numbers_, groups_, nullptr);
  DF_RETURN_IF_ERROR(aggregates_.add(*table_, counted_, groups_));
  if (slices_.shared()) {
    for (const Full& full : full_) DF_RETURN_IF_ERROR(fire_merged(full, out));
  } else {
    DF_RETURN_IF_ERROR(fire_whole(out));
    forget_counts();
  }
  return output_.flush(out);
}

Status CountWindow::on_barrier(CheckpointId /*id*/, Collector& /*out*/) {
  aggregates_.before_barrier();
  return {};
}

}  // namespace

Result<std::unique_ptr<Operator>> make_count_window(const plan::WindowSpec& spec,
                                                    const Schema& input, SchemaPtr output) {
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, input));
  DF_ASSIGN_OR_RETURN(WindowAggregates aggregates,
                      WindowAggregates::bind(spec.aggregates, input, *output, {}));
  DF_ASSIGN_OR_RETURN(WindowOutput rows, WindowOutput::make(spec, input, std::move(output)));
  return std::unique_ptr<Operator>(
      std::make_unique<CountWindow>(spec, std::move(keys), std::move(aggregates), std::move(rows)));
}

}  // namespace dataflow::engine
