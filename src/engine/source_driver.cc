#include "source_driver.h"

#include <arrow/array.h>

#include <algorithm>
#include <atomic>

#include "faulty_rows.h"
#include "row_text.h"
#include "split_state.h"

namespace dataflow::engine {
namespace {

// Such a row has only its key: no time, and nothing to compute a column of.
bool is_deletion(const Batch& batch, int64_t row) { return batch.kind(row) == RowKind::kDelete; }

}  // namespace

struct SourceDriver::Reading {
  Split split;
  size_t place = 0;  // in readings_
  std::unique_ptr<SplitReader> reader;
  std::shared_ptr<std::atomic<bool>> ready = std::make_shared<std::atomic<bool>>(true);
  int64_t max_time = kNoWatermark.value();  // the greatest that was seen
  Watermark watermark = kNoWatermark;
  bool ended = false;
  bool idle = false;                  // long enough: holds nobody back
  std::optional<int64_t> idle_since;  // at its end since then
  bool changed = false;               // since the last collect()
  bool caught_up = false;             // it was at its end since this run began
  int64_t stretch = -1;               // of offsets, in which the last row lay
  uint64_t rows = 0;
  uint64_t dead_rows = 0;
};

SourceDriver::SourceDriver(Source& source, SourceDriverOptions options, std::function<void()> wake)
    : source_(source),
      options_(std::move(options)),
      stretch_(source.offsets_per_batch() > 0 ? source.offsets_per_batch() : options_.batch_rows),
      wake_(std::make_shared<std::function<void()>>(std::move(wake))) {}

SourceDriver::~SourceDriver() = default;

Status SourceDriver::add_split(const Split& split, const std::string* saved) {
  auto reading = std::make_unique<Reading>();
  reading->split = split;
  if (saved != nullptr) {
    DF_ASSIGN_OR_RETURN(const SplitState state, decode_split_state(*saved));
    reading->split.position = state.position;
    reading->max_time = state.max_time;
    reading->watermark = Watermark(state.watermark);
    reading->stretch = state.stretch;
    reading->rows = state.rows;
  } else {
    reading->changed = true;  // the start is kept, so that "latest" is meant once
  }
  DF_ASSIGN_OR_RETURN(reading->reader, source_.open(reading->split));
  reading->place = readings_.size();
  readings_.push_back(std::move(reading));
  return {};
}

Status SourceDriver::open() {
  DF_ASSIGN_OR_RETURN(decoder_, source_.make_decoder());
  // The computed columns stand last.
  std::vector<Field> fields = options_.schema->fields();
  fields.resize(fields.size() - options_.computed.size());
  given_ = std::make_shared<const Schema>(std::move(fields));
  if (*source_.schema() != *given_) {
    chosen_.emplace();
    for (const Field& field : given_->fields()) {
      DF_ASSIGN_OR_RETURN(const size_t column, source_.schema()->require(field.name));
      chosen_->push_back(column);
    }
  }
  for (const plan::NamedExpression& column : options_.computed) {
    DF_ASSIGN_OR_RETURN(expr::BoundPtr bound, expr::bind(column.expression, *given_));
    computed_.push_back(std::move(bound));
  }
  if (options_.watermark) {
    DF_ASSIGN_OR_RETURN(time_column_, options_.schema->require(options_.watermark->column));
    time_units_ = (*options_.schema)[*time_column_].type.units_per_milli();
  }
  publish();
  return {};
}

SourceDriver::Reading* SourceDriver::furthest_behind() {
  Reading* chosen = nullptr;
  for (const std::unique_ptr<Reading>& reading : readings_) {
    if (reading->ended || !reading->ready->load(std::memory_order_acquire)) continue;
    if (chosen == nullptr || reading->watermark < chosen->watermark) chosen = reading.get();
  }
  return chosen;
}

Status SourceDriver::begin(Chain& chain) {
  if (begun_) return {};
  begun_ = true;
  DF_RETURN_IF_ERROR(send_progress(chain));
  for (const std::unique_ptr<Reading>& reading : readings_) {
    reading->caught_up = reading->reader->lag() <= 0;
  }
  tell_caught_up(chain);
  return {};
}

Result<SourceDriver::Step> SourceDriver::step(Chain& chain) {
  while (Reading* reading = furthest_behind()) {
    Chunk chunk;
    DF_ASSIGN_OR_RETURN(const Polled polled, reading->reader->poll(chunk));
    if (polled == Polled::kMore) return read_chunk(*reading, chunk, chain);
    reading->caught_up = true;
    // At its end: what it knows of time need not wait for a round row number.
    DF_RETURN_IF_ERROR(advance(*reading, chain));
    if (polled == Polled::kEnd) {
      reading->ended = true;
      reading->changed = true;
    } else {
      wait_for(*reading);
    }
  }
  DF_RETURN_IF_ERROR(send_progress(chain));
  tell_caught_up(chain);
  publish();
  return is_over() ? Step::kEnded : Step::kIdle;
}

void SourceDriver::tell_caught_up(Chain& chain) {
  if (told_caught_up_ || source_.bounded() || options_.bounded) return;
  if (!std::ranges::all_of(readings_, [](const auto& one) { return one->caught_up; })) return;
  told_caught_up_ = true;
  chain.send_caught_up();
}

bool SourceDriver::is_over() const {
  return (source_.bounded() || options_.bounded) &&
         std::ranges::all_of(readings_, [](const auto& reading) { return reading->ended; });
}

void SourceDriver::wait_for(Reading& reading) {
  reading.ready->store(false, std::memory_order_release);
  reading.reader->wake_when_ready([ready = reading.ready, wake = wake_] {
    if (!ready->exchange(true, std::memory_order_acq_rel)) (*wake)();
  });
}

void SourceDriver::choose_columns(Batch& batch) const {
  if (!chosen_) return;
  std::vector<ColumnPtr> columns;
  for (const size_t column : *chosen_) columns.push_back(std::move(batch.columns[column]));
  batch.columns = std::move(columns);
  batch.schema = given_;
}

Result<SourceDriver::Step> SourceDriver::read_chunk(Reading& reading, const Chunk& chunk,
                                                    Chain& chain) {
  reading.idle = false;
  reading.idle_since.reset();
  reading.changed = true;
  // Those behind must count on this split again before its rows come.
  if (sent_idle_) DF_RETURN_IF_ERROR(send_progress(chain));
  faults_.clear();
  rows_ = {};
  DF_RETURN_IF_ERROR(decoder_->decode(reading.split, chunk, rows_, faults_)
                         .with_context("source " + options_.node + ", " + reading.split.id));
  choose_columns(rows_.batch);
  reading.dead_rows += faults_.size();
  for (SourceFault& fault : faults_) {
    DF_RETURN_IF_ERROR(chain.dead_row({options_.node, DeadReason::kDecode, std::move(fault.field),
                                       std::move(fault.reason), options_.node, reading.split.id,
                                       fault.offset, std::move(fault.payload)}));
  }
  reading.rows += static_cast<uint64_t>(rows_.batch.rows) + faults_.size();
  DF_RETURN_IF_ERROR(compute(reading, rows_, chain));
  DF_RETURN_IF_ERROR(send_rows(reading, rows_, chain));
  // A source without end never says that it has nothing for now. Who sees this position sees what
  // it knows of time, too: a checkpoint behind it has the windows that these rows close.
  if (reading.reader->lag() <= 0) {
    DF_RETURN_IF_ERROR(advance(reading, chain));
    reading.caught_up = true;
    tell_caught_up(chain);
  }
  publish(reading);
  return Step::kWorked;
}

Status SourceDriver::compute(Reading& reading, DecodedRows& rows, Chain& chain) {
  if (computed_.empty() || rows.batch.rows == 0) return {};
  eval_.now_millis = chain.now_millis();
  eval_.faults.clear();
  Batch made = rows.batch;
  made.schema = options_.schema;
  for (const expr::BoundPtr& column : computed_) {
    DF_ASSIGN_OR_RETURN(ColumnPtr values, column->evaluate(rows.batch, {}, eval_));
    made.columns.push_back(std::move(values));
  }
  std::erase_if(eval_.faults, [&](const RowFault& fault) { return is_deletion(made, fault.row); });
  for (RowFault& fault : eval_.faults) {
    DeadRow dead{options_.node,
                 DeadReason::kExpression,
                 std::move(fault.field),
                 std::move(fault.reason),
                 options_.node,
                 reading.split.id,
                 rows.offsets[static_cast<size_t>(fault.row)]};
    dead.row = row_text(rows.batch, fault.row);
    ++reading.dead_rows;
    DF_RETURN_IF_ERROR(chain.dead_row(std::move(dead)));
  }
  if (!eval_.faults.empty()) {
    const std::vector<int32_t> good = without_faults({}, eval_.faults, made.rows);
    std::vector<int64_t> kept;
    for (const int32_t row : good) kept.push_back(rows.offsets[static_cast<size_t>(row)]);
    rows.offsets = std::move(kept);
    DF_ASSIGN_OR_RETURN(made, take(made, good));
  }
  rows.batch = std::move(made);
  return {};
}

Status SourceDriver::send_rows(Reading& reading, DecodedRows& rows, Chain& chain) {
  DF_RETURN_IF_ERROR(check_times(reading, rows.batch, rows.offsets, chain));
  int64_t from = 0;
  while (from < rows.batch.rows) {
    const int64_t stretch = rows.offsets[static_cast<size_t>(from)] / stretch_;
    int64_t to = from + 1;
    while (to < rows.batch.rows && rows.offsets[static_cast<size_t>(to)] / stretch_ == stretch) {
      ++to;
    }
    Batch part = slice(rows.batch, from, to - from);
    auto origins = std::make_shared<RowOrigins>();
    origins->runs.push_back({0, options_.node, reading.split.id});
    origins->offsets.assign(rows.offsets.begin() + from, rows.offsets.begin() + to);
    part.origins = std::move(origins);
    if (stretch != reading.stretch) {
      reading.stretch = stretch;
      DF_RETURN_IF_ERROR(advance(reading, chain));
    }
    if (time_column_) {
      const auto* times = part.columns[*time_column_]->data()->GetValues<int64_t>(1);
      for (int64_t i = 0; i < part.rows; ++i) {
        if (is_deletion(part, i)) continue;
        reading.max_time = std::max(reading.max_time, millis(times[i]));
      }
    }
    DF_RETURN_IF_ERROR(chain.batch(0, part));
    from = to;
  }
  return {};
}

Status SourceDriver::check_times(Reading& reading, Batch& batch, std::vector<int64_t>& offsets,
                                 Chain& chain) {
  if (!time_column_ || batch.rows == 0) return {};
  const arrow::Array& column = *batch.columns[*time_column_];
  const auto* times = column.data()->GetValues<int64_t>(1);
  int64_t limit = INT64_MAX;
  if (!options_.bounded && options_.watermark->max_future_skew_ms > 0) {
    limit = chain.now_millis() + options_.watermark->max_future_skew_ms;
  }
  std::vector<int32_t> good;
  bool all_good = true;
  for (int64_t row = 0; row < batch.rows; ++row) {
    const bool null = column.IsNull(row);
    if (is_deletion(batch, row) || (!null && millis(times[row]) <= limit)) {
      if (!all_good) good.push_back(static_cast<int32_t>(row));
      continue;
    }
    if (all_good) {
      all_good = false;
      for (int32_t i = 0; i < row; ++i) good.push_back(i);
    }
    std::string words = null ? "the event time is NULL"
                             : "the event time is more than " +
                                   std::to_string(options_.watermark->max_future_skew_ms) +
                                   " ms in the future (max_future_skew)";
    DeadRow dead{
        options_.node, DeadReason::kTime, options_.watermark->column,       std::move(words),
        options_.node, reading.split.id,  offsets[static_cast<size_t>(row)]};
    dead.row = row_text(batch, row);
    ++reading.dead_rows;
    DF_RETURN_IF_ERROR(chain.dead_row(std::move(dead)));
  }
  if (all_good) return {};
  std::vector<int64_t> kept;
  for (const int32_t row : good) kept.push_back(offsets[static_cast<size_t>(row)]);
  offsets = std::move(kept);
  DF_ASSIGN_OR_RETURN(batch, take(batch, good));
  return {};
}

Status SourceDriver::advance(Reading& reading, Chain& chain) {
  if (!time_column_ || options_.bounded || reading.max_time == kNoWatermark.value()) return {};
  // Times at the beginning of all time have none before them.
  int64_t behind = 0;
  if (__builtin_sub_overflow(reading.max_time, options_.watermark->delay_ms, &behind)) return {};
  const Watermark next(behind);
  if (next <= reading.watermark) return {};
  reading.watermark = next;
  return send_progress(chain);
}

// The least watermark of the splits that count, and whether any does.
Status SourceDriver::send_progress(Chain& chain) {
  if (!time_column_ || options_.bounded) return {};
  const int64_t now = chain.now_millis();
  const int64_t timeout = options_.watermark->idle_timeout_ms;
  Watermark least = kEndOfTime;
  bool any = false;
  next_idle_.reset();
  for (const std::unique_ptr<Reading>& reading : readings_) {
    if (reading->ended) continue;
    if (!reading->ready->load(std::memory_order_acquire) && timeout > 0) {
      if (!reading->idle_since) reading->idle_since = now;
      const int64_t moment = *reading->idle_since + timeout;
      reading->idle = now >= moment;
      if (!reading->idle) next_idle_ = std::min(next_idle_.value_or(INT64_MAX), moment);
    }
    if (reading->idle) continue;
    any = true;
    least = std::min(least, reading->watermark);
  }
  // The end of time follows at once. Idle until then, a task behind could hold
  // nobody back any more before it has fired what others count as fired.
  if (is_over()) return {};
  if (any == sent_idle_) {
    sent_idle_ = !any;
    chain.send_idle(sent_idle_);
  }
  if (!any || least <= sent_) return {};
  sent_ = least;
  return chain.watermark(least);
}

void SourceDriver::collect(TaskPart& part) {
  for (const std::unique_ptr<Reading>& reading : readings_) {
    if (!reading->changed) continue;
    reading->changed = false;
    part.named.push_back(
        {options_.node, std::string(kSplitPrefix) + reading->split.id,
         encode_split_state({reading->reader->position(), reading->max_time,
                             reading->watermark.value(), reading->stretch, reading->rows})});
  }
}

SplitStats SourceDriver::stats_of(const Reading& reading) const {
  return {options_.node,    reading.split.id, reading.reader->position(), reading.watermark.value(),
          reading.idle,     reading.ended,    reading.reader->lag(),      reading.rows,
          reading.dead_rows};
}

void SourceDriver::publish() {
  std::vector<SplitStats> stats;
  for (const std::unique_ptr<Reading>& reading : readings_) stats.push_back(stats_of(*reading));
  const std::lock_guard lock(stats_mutex_);
  stats_ = std::move(stats);
}

// Of the one that was read: there may be thousands of others.
void SourceDriver::publish(const Reading& reading) {
  SplitStats stats = stats_of(reading);
  const std::lock_guard lock(stats_mutex_);
  stats_[reading.place] = std::move(stats);
}

std::vector<SplitStats> SourceDriver::stats() const {
  const std::lock_guard lock(stats_mutex_);
  return stats_;
}

}  // namespace dataflow::engine
