#include <algorithm>

#include "key_columns.h"
#include "operators.h"
#include "row_codec.h"
#include "window_time.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;
using state::ValueKind;

constexpr uint8_t kStateVersion = 1;
constexpr size_t kRowsOut = 4096;

// A window's late results may come as changes. What takes a row back says nothing new of its key
// and is a dead letter; a row as it is now counts as any row.
Result<Batch> new_rows(OperatorContext& context, const Batch& batch) {
  if (batch.kinds == nullptr) return batch;
  std::vector<int32_t> kept;
  for (int32_t row = 0; row < batch.rows; ++row) {
    const RowKind kind = batch.kind(row);
    if (kind == RowKind::kInsert || kind == RowKind::kUpdateAfter) {
      kept.push_back(row);
      continue;
    }
    DF_RETURN_IF_ERROR(context.dead_letter(batch, row, DeadReason::kExpression, "",
                                           "a row that is taken back (" +
                                               std::string(row_kind_name(kind)) +
                                               ") cannot be deduplicated"));
  }
  DF_ASSIGN_OR_RETURN(Batch made, take(batch, kept));
  made.kinds = nullptr;
  return made;
}

// The first row of each key to arrive. State: the keys that were there (table "seen"). A key that
// is known is only looked up, so that its time to live counts from its first row.
class FirstArrived final : public Operator {
 public:
  FirstArrived(std::vector<size_t> keys, int64_t ttl_ms)
      : keys_(std::move(keys)), ttl_ms_(ttl_ms) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    DF_ASSIGN_OR_RETURN(seen_, context.table({"seen", kStateVersion, {}, ttl_ms_}));
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& came, Collector& out) override {
    DF_ASSIGN_OR_RETURN(const Batch batch, new_rows(*context_, came));
    DF_RETURN_IF_ERROR(keys_.read(batch));
    new_.clear();
    for (int32_t row = 0; row < batch.rows; ++row) {
      const auto at = static_cast<size_t>(row);
      const uint64_t hash = keys_.hashes()[at];
      if (seen_->find(hash, keys_.keys()[at], 0)) continue;
      seen_->upsert(hash, keys_.keys()[at], 0);
      new_.push_back(row);
    }
    if (new_.empty()) return {};
    if (std::ssize(new_) == batch.rows) return out.emit(batch);
    DF_ASSIGN_OR_RETURN(Batch part, take(batch, new_));
    return out.emit(std::move(part));
  }

 private:
  KeyColumns keys_;
  const int64_t ttl_ms_;
  OperatorContext* context_ = nullptr;
  state::KeyedTable* seen_ = nullptr;
  std::vector<int32_t> new_;
};

struct Keeping {
  WindowTime time;  // `processing`: rows count in the order of their arrival
  bool last = false;
  bool at_end = false;  // in a bounded job: then the rows that were kept leave, once
  int64_t ttl_ms = 0;
};

// The row of each key that is the last to arrive, or the first or last by its event time. State:
// that row (table "rows") with its time. Another one that takes its place is an update: -U with
// the row as it was, and +U. Of two with one time the first to arrive is the first, and the last
// the last.
class KeptRow final : public Operator {
 public:
  KeptRow(std::vector<size_t> keys, Keeping keeping, RowCodec codec)
      : keeping_(keeping), keys_(std::move(keys)), codec_(std::move(codec)) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    DF_ASSIGN_OR_RETURN(
        kept_,
        context.table(
            {"rows", kStateVersion, {ValueKind::kInt64, ValueKind::kBytes}, keeping_.ttl_ms}));
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& came, Collector& out) override {
    DF_ASSIGN_OR_RETURN(const Batch batch, new_rows(*context_, came));
    DF_RETURN_IF_ERROR(keys_.read(batch));
    DF_RETURN_IF_ERROR(codec_.encode(batch));
    if (keeping_.time.processing) {
      for (int32_t row = 0; row < batch.rows; ++row) DF_RETURN_IF_ERROR(add(row, 0));
    } else {
      DF_RETURN_IF_ERROR(for_each_time(keeping_.time, *context_, batch,
                                       [&](int32_t row, int64_t time) { return add(row, time); }));
    }
    return flush(out);
  }

  // What has left is kept no more: a job that is started behind its end has nothing to say.
  Status on_watermark(Watermark watermark, Collector& out) override {
    if (!keeping_.at_end || watermark != kEndOfTime) return {};
    std::vector<RowNumber> all;
    kept_->for_each([&](RowNumber row) { all.push_back(row); });
    for (const RowNumber row : all) {
      made_ += kept_->bytes(1)[row];
      ends_.push_back(made_.size());
      kinds_.push_back(RowKind::kInsert);
      kept_->erase(row);
      if (kinds_.size() == kRowsOut) DF_RETURN_IF_ERROR(flush(out));
    }
    return flush(out);
  }

 private:
  Status add(int32_t row, int64_t time) {
    const auto at = static_cast<size_t>(row);
    const uint64_t hash = keys_.hashes()[at];
    const std::string_view key = keys_.keys()[at];
    const std::string_view bytes = codec_.rows()[at];
    if (const auto known = kept_->find(hash, key, 0)) {
      const int64_t before = kept_->ints(0)[*known];
      if (keeping_.last ? time < before : time >= before) return {};
      std::string& was = kept_->bytes(1)[*known];
      // As in Flink: where nothing expires, the same row again changes nothing.
      if (keeping_.time.processing && keeping_.ttl_ms == 0 && was == bytes) return {};
      put(RowKind::kUpdateBefore, was);
      put(RowKind::kUpdateAfter, bytes);
    } else {
      put(RowKind::kInsert, bytes);
    }
    const RowNumber kept = kept_->upsert(hash, key, 0);
    kept_->ints(0)[kept] = time;
    std::string& now = kept_->bytes(1)[kept];
    const int64_t size_before = std::ssize(now);
    now.assign(bytes);
    kept_->note_bytes(std::ssize(now) - size_before);
    return {};
  }

  // A copy: what was there is about to be replaced.
  void put(RowKind kind, std::string_view row) {
    if (keeping_.at_end) return;
    made_ += row;
    ends_.push_back(made_.size());
    kinds_.push_back(kind);
  }

  Status flush(Collector& out) {
    if (kinds_.empty()) return {};
    std::vector<std::string_view> rows;
    size_t begin = 0;
    for (const size_t end : ends_) {
      rows.push_back(std::string_view(made_).substr(begin, end - begin));
      begin = end;
    }
    Batch batch{codec_.schema(), std::ssize(rows)};
    DF_RETURN_IF_ERROR(codec_.decode(rows, batch.columns));
    const bool all_new = std::ranges::count(kinds_, RowKind::kInsert) == batch.rows;
    if (!all_new) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds_);
    made_.clear();
    ends_.clear();
    kinds_.clear();
    return out.emit(std::move(batch));
  }

  const Keeping keeping_;
  KeyColumns keys_;
  RowCodec codec_;
  OperatorContext* context_ = nullptr;
  state::KeyedTable* kept_ = nullptr;
  // What leaves behind the batch at hand.
  std::string made_;
  std::vector<size_t> ends_;  // of each row, in it
  std::vector<RowKind> kinds_;
};

}  // namespace

Result<std::unique_ptr<Operator>> make_deduplicate(const plan::DeduplicateSpec& spec,
                                                   const SchemaPtr& schema, bool bounded) {
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, *schema));
  if (spec.time_column.empty() && !spec.keep_last) {
    return std::unique_ptr<Operator>(std::make_unique<FirstArrived>(std::move(keys), spec.ttl_ms));
  }
  Keeping keeping;
  keeping.last = spec.keep_last;
  keeping.at_end = bounded;
  keeping.ttl_ms = bounded ? 0 : spec.ttl_ms;
  keeping.time.processing = spec.time_column.empty();
  if (!keeping.time.processing) {
    DF_ASSIGN_OR_RETURN(keeping.time.column, schema->require(spec.time_column));
  }
  return std::unique_ptr<Operator>(
      std::make_unique<KeptRow>(std::move(keys), keeping, RowCodec(schema)));
}

}  // namespace dataflow::engine
