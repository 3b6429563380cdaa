#include <algorithm>
#include <numeric>

#include "operators.h"
#include "over_functions.h"
#include "over_operators.h"
#include "rows_behind.h"
#include "timed_rows.h"
#include "waiting_rows.h"
#include "watermark_state.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;

constexpr uint8_t kStateVersion = 1;
// Rows that are looked at together, and those of the last one's time.
constexpr size_t kAtOnce = 8192;

// Each row with aggregates over those before it in the order of event time. State: rows that wait
// (table "waiting") until the watermark reaches their time; rows that left and are looked back at
// (table "behind"); of each partition what was counted and added up from its beginning (table
// "groups"), which stays for ever, as in Apache Flink. All rows of one time leave together, since
// no more will come but late ones, which are dead letters.
//
// In processing time rows have the clock's time when they come, and leave at once. Of frames of
// rows each has a place of its own then; else those that come together have one.
class StreamOver final : public Operator {
 public:
  // `alone`: no two rows stand at one place.
  StreamOver(TimedRows input, bool processing, bool alone, std::unique_ptr<OverFunctions> functions)
      : input_(std::move(input)),
        processing_(processing),
        alone_(alone),
        functions_(std::move(functions)),
        behind_(functions_->rows_back(), functions_->millis_back()) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    DF_RETURN_IF_ERROR(waiting_.open(context, "waiting"));
    if (behind_.keeps_any()) DF_RETURN_IF_ERROR(behind_.open(context, "behind"));
    if (functions_->has_groups()) {
      DF_ASSIGN_OR_RETURN(groups_,
                          context.table({"groups", kStateVersion, functions_->group_columns()}));
    }
    DF_RETURN_IF_ERROR(functions_->open(context, groups_));
    return progress_.open(context);
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    DF_RETURN_IF_ERROR(catch_up(out));
    DF_RETURN_IF_ERROR(input_.read(*context_, batch));
    if (processing_) return take_now(out);
    kept_.clear();
    for (const TimedRows::Arrival& arrival : input_.arrivals()) {
      if (TimedRows::is_late(arrival.micros, progress_.value())) {
        DF_RETURN_IF_ERROR(input_.send_late(*context_, batch, arrival, progress_.value()));
      } else {
        kept_.push_back(arrival);
      }
    }
    waiting_.keep(input_, kept_);
    return {};
  }

  Status on_watermark(Watermark watermark, Collector& out) override {
    if (processing_) return catch_up(out);
    if (!progress_.advance(watermark) && caught_up_) return {};
    caught_up_ = true;
    return advance(out);
  }

  Status on_barrier(CheckpointId /*id*/, Collector& /*out*/) override {
    progress_.before_barrier(*context_);
    functions_->before_barrier();
    return {};
  }

  size_t index_bytes() const override {
    return waiting_.memory_bytes() + behind_.memory_bytes() + functions_->memory_bytes();
  }

 private:
  Status take_now(Collector& out) {
    // A clock that went back stands still for us.
    const int64_t now = std::max(context_->now_millis(), progress_.value().value());
    kept_ = input_.arrivals();
    for (TimedRows::Arrival& arrival : kept_) arrival.micros = now * 1000;
    waiting_.keep(input_, kept_);
    progress_.advance(Watermark(now));
    return advance(out);
  }

  // Progress is kept apart from rows: rows of the state may be due by it already.
  Status catch_up(Collector& out) {
    if (caught_up_) return {};
    caught_up_ = true;
    return advance(out);
  }

  Status advance(Collector& out) {
    const Watermark watermark = progress_.value();
    while (waiting_.is_due(watermark)) {
      due_.clear();
      int64_t micros = 0;
      while (waiting_.is_due(watermark) &&
             (due_.size() < kAtOnce || waiting_.next_micros() == micros)) {
        micros = waiting_.next_micros();
        due_.push_back(waiting_.take());
      }
      // What these leave behind is looked back at by those that are due with them, too.
      passed_ = waiting_.is_due(watermark)
                    ? Watermark(TimedRows::millis_of(waiting_.next_micros()) - 1)
                    : watermark;
      DF_RETURN_IF_ERROR(leave(out));
    }
    behind_.expire(watermark);
    return {};
  }

  bool same_partition(RowNumber a, RowNumber b) const {
    return waiting_.hash(a) == waiting_.hash(b) && waiting_.key(a) == waiting_.key(b);
  }

  int64_t place_of(const OverRows& rows, int64_t micros) const {
    return alone_ ? std::ssize(rows.places) : micros;
  }

  // The rows that are due, by partition and time, each behind what it looks back at.
  Status gather(OverRows& rows) {
    std::ranges::stable_sort(due_, [&](RowNumber a, RowNumber b) {
      const uint64_t x = waiting_.hash(a);
      const uint64_t y = waiting_.hash(b);
      return x != y ? x < y : waiting_.key(a) < waiting_.key(b);
    });
    views_.clear();
    for (size_t i = 0; i < due_.size();) {
      OverPart part{views_.size(), 0, 0, std::nullopt};
      const uint64_t hash = waiting_.hash(due_[i]);
      const std::string_view key = waiting_.key(due_[i]);
      for (const auto& [micros, row] : behind_.of(hash, key)) {
        views_.push_back(behind_.bytes(row));
        rows.places.push_back(place_of(rows, micros));
        rows.rows.push_back(row);
      }
      part.fresh = views_.size();
      const size_t first = i;
      for (; i < due_.size() && same_partition(due_[first], due_[i]); ++i) {
        views_.push_back(waiting_.bytes(due_[i]));
        rows.places.push_back(place_of(rows, waiting_.micros(due_[i])));
        rows.rows.push_back(due_[i]);
      }
      part.end = views_.size();
      if (groups_ != nullptr) part.group = groups_->upsert(hash, key, 0);
      rows.parts.push_back(part);
    }
    rows.batch = {input_.codec().schema(), std::ssize(views_)};
    return input_.codec().decode(views_, rows.batch.columns);
  }

  Status leave(Collector& out) {
    OverRows rows;
    DF_RETURN_IF_ERROR(gather(rows));
    DF_RETURN_IF_ERROR(functions_->emit(rows, out));
    if (behind_.keeps_any()) {
      for (const OverPart& part : rows.parts) keep_behind(rows, part);
    }
    for (const RowNumber row : due_) waiting_.erase(row);
    return {};
  }

  void keep_behind(const OverRows& rows, const OverPart& part) {
    if (part.fresh == part.end) return;
    for (size_t i = part.fresh; i < part.end; ++i) {
      const RowNumber row = rows.rows[i];
      behind_.add(waiting_.hash(row), waiting_.key(row), waiting_.micros(row), waiting_.bytes(row));
    }
    const RowNumber any = rows.rows[part.fresh];
    behind_.trim(waiting_.hash(any), waiting_.key(any), passed_);
  }

  TimedRows input_;
  const bool processing_;
  const bool alone_;
  const std::unique_ptr<OverFunctions> functions_;
  OperatorContext* context_ = nullptr;
  WaitingRows waiting_;
  RowsBehind behind_;
  state::KeyedTable* groups_ = nullptr;
  WatermarkState progress_;
  Watermark passed_ = kNoWatermark;  // no row at or before it is still to leave
  bool caught_up_ = false;           // with what the progress says of the restored rows

  // Used again.
  std::vector<TimedRows::Arrival> kept_;
  std::vector<RowNumber> due_;
  std::vector<std::string_view> views_;
};

}  // namespace

Result<std::unique_ptr<Operator>> make_stream_over(const plan::OverSpec& spec,
                                                   const SchemaPtr& input, SchemaPtr output) {
  const bool processing = spec.time == plan::TimeKind::kProcessing;
  const bool alone = processing && spec.unit == plan::FrameUnit::kRows;
  const std::string time = processing ? "" : spec.order.front().column;
  DF_ASSIGN_OR_RETURN(TimedRows rows, TimedRows::make(spec.keys, time, input));
  DF_ASSIGN_OR_RETURN(auto functions, OverFunctions::make(spec, *input, std::move(output), true));
  return std::unique_ptr<Operator>(
      std::make_unique<StreamOver>(std::move(rows), processing, alone, std::move(functions)));
}

Result<std::unique_ptr<Operator>> make_over(const plan::OverSpec& spec, bool bounded,
                                            const SchemaPtr& input, SchemaPtr output) {
  return bounded ? make_bounded_over(spec, input, std::move(output))
                 : make_stream_over(spec, input, std::move(output));
}

}  // namespace dataflow::engine
