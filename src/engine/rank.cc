#include "key_columns.h"
#include "operators.h"
#include "order_key.h"
#include "plan/analyze.h"
#include "rank_at_end.h"
#include "rank_changes.h"
#include "window_time.h"

namespace dataflow::engine {
namespace {

// The rows at some places of each partition as rows come and go: what one batch changes among them
// leaves behind it. Where rows only come, no more are kept of a partition than may be shown; where
// they also go, all.
class ChangingRank final : public Operator {
 public:
  ChangingRank(RankRows::Keeping keeping, RankPlaces places, std::vector<size_t> keys,
               std::vector<OrderKeyColumn> order, SchemaPtr input, SchemaPtr output)
      : expires_(keeping.ttl_ms > 0),
        keys_(std::move(keys)),
        orders_(std::move(order)),
        codec_(input),
        rows_(keeping),
        output_(std::move(input), std::move(output)),
        changes_(rows_, places, output_) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    return rows_.open(context);
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    DF_RETURN_IF_ERROR(keys_.read(batch));
    DF_RETURN_IF_ERROR(codec_.encode(batch));
    orders_.read(batch);
    const int64_t now_ms = expires_ ? context_->now_millis() : 0;
    rows_.find_partitions(keys_.hashes(), keys_.keys(), {}, now_ms, partitions_);
    changes_.begin();
    for (int64_t row = 0; row < batch.rows; ++row) change(batch.kind(row), row, now_ms);
    DF_RETURN_IF_ERROR(changes_.emit(out));
    rows_.release_empty(partitions_);
    return {};
  }

  Status on_barrier(CheckpointId /*id*/, Collector& /*out*/) override {
    if (expires_) rows_.sweep(context_->now_millis());
    return {};
  }

  size_t index_bytes() const override { return rows_.index_bytes() + changes_.memory_bytes(); }

 private:
  void change(RowKind kind, int64_t row, int64_t now_ms) {
    const auto at = static_cast<size_t>(row);
    const RankRows::Partition partition = partitions_[at];
    const RankRows::Came came{keys_.hashes()[at], keys_.keys()[at], 0, orders_.keys()[at],
                              codec_.rows()[at]};
    if (kind == RowKind::kInsert || kind == RowKind::kUpdateAfter) {
      const auto added = rows_.add(partition, came);
      if (!added) return;
      changes_.on_added(partition, *added);
    } else {
      const auto taken = rows_.take_out(partition, came);
      if (!taken) return;  // it may have expired
      changes_.on_taken(partition, *taken);
    }
    rows_.touch(partition, now_ms);
  }

  const bool expires_;
  KeyColumns keys_;
  OrderKeys orders_;
  RowCodec codec_;
  RankRows rows_;
  RankOutput output_;
  RankChanges changes_;
  OperatorContext* context_ = nullptr;
  std::vector<RankRows::Partition> partitions_;  // by row of the batch at hand
};

}  // namespace

Result<std::unique_ptr<Operator>> make_rank(const plan::Plan& plan, const plan::Node& node,
                                            const plan::RankSpec& spec) {
  const SchemaPtr input = schema_of(plan, node.inputs[0]);
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, *input));
  DF_ASSIGN_OR_RETURN(std::vector<OrderKeyColumn> order, order_key_columns(spec.order, *input));
  RankPlaces places{static_cast<size_t>(spec.first)};
  if (spec.last > 0) places.last = static_cast<size_t>(spec.last);
  RankRows::Keeping keeping;
  keeping.shown = places.last;
  keeping.by_window = spec.by_window;
  const bool at_end = spec.by_window || plan.job.bounded;
  if (!at_end) keeping.ttl_ms = spec.ttl_ms;
  const bool only_adds = plan::origin_of_updates(plan, node.inputs[0]) == nullptr;
  if (only_adds) keeping.best = static_cast<size_t>(spec.last);
  if (at_end) {
    keeping.shown = 0;
    std::optional<WindowTime> time;
    if (spec.by_window) {
      time.emplace();
      DF_ASSIGN_OR_RETURN(time->column, input->require(node.event_time.value_or("")));
      time->units = (*input)[time->column].type.units_per_milli();
    }
    return make_rank_at_end(keeping, places, time, std::move(keys), std::move(order), input,
                            node.schema);
  }
  return std::unique_ptr<Operator>(std::make_unique<ChangingRank>(
      keeping, places, std::move(keys), std::move(order), input, node.schema));
}

}  // namespace dataflow::engine
