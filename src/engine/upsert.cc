#include <algorithm>
#include <utility>

#include "key_columns.h"
#include "operators.h"
#include "row_codec.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;
using state::ValueKind;

constexpr uint8_t kStateVersion = 1;
// Of one batch of what leaves at the end; what is more leaves in parts.
constexpr size_t kMostRows = 8192;
constexpr size_t kMostBytes = size_t{64} << 20;

// The rows that a source says of each key, one after the other, as changes of the key's row. State:
// that row (table "rows"). A deletion names the key alone: what leaves is the row that stood. As in
// Flink, a row that is said again changes nothing, unless rows are forgotten: then those behind
// hear of it, and remember it as long.
//
// Where only final rows leave they do when all input has come, and the state with them: who begins
// again from there finds nothing.
class Upsert final : public Operator {
 public:
  Upsert(std::vector<size_t> keys, int64_t ttl_ms, bool at_end, const SchemaPtr& schema)
      : ttl_ms_(ttl_ms), at_end_(at_end), keys_(std::move(keys)), codec_(schema) {}

  Status open(OperatorContext& context) override {
    DF_ASSIGN_OR_RETURN(table_,
                        context.table({"rows", kStateVersion, {ValueKind::kBytes}, ttl_ms_}));
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    DF_RETURN_IF_ERROR(keys_.read(batch));
    DF_RETURN_IF_ERROR(codec_.encode(batch));
    for (int32_t row = 0; row < batch.rows; ++row) {
      const RowKind kind = batch.kind(row);
      if (kind == RowKind::kInsert || kind == RowKind::kUpdateAfter) {
        put(static_cast<size_t>(row));
      } else {
        remove(static_cast<size_t>(row));
      }
    }
    return at_end_ ? Status() : emit_changes(batch, out);
  }

  Status on_watermark(Watermark watermark, Collector& out) override {
    if (!at_end_ || watermark != kEndOfTime) return {};
    std::vector<RowNumber> all;
    table_->for_each([&](RowNumber row) { all.push_back(row); });
    std::vector<std::string_view> rows;
    size_t bytes = 0, emitted = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      rows.push_back(table_->bytes(kRow)[all[i]]);
      bytes += rows.back().size();
      if (i + 1 < all.size() && rows.size() < kMostRows && bytes < kMostBytes) continue;
      DF_RETURN_IF_ERROR(emit(rows, nullptr, out));
      rows.clear();
      bytes = 0;
      for (; emitted <= i; ++emitted) table_->erase(all[emitted]);
    }
    return {};
  }

 private:
  static constexpr size_t kRow = 0;

  // A row that leaves: one that stood, or one of the batch.
  struct Change {
    RowKind kind;
    bool stood;
    size_t at;  // of those that stood, or of the batch
  };

  void put(size_t row) {
    const std::string_view bytes = codec_.rows()[row];
    if (const auto known = find(row)) {
      // Of a row that may be forgotten it counts that it was said again.
      if (ttl_ms_ == 0 && table_->bytes(kRow)[*known] == bytes) return;
    }
    bool made = false;
    const RowNumber now = table_->upsert(keys_.hashes()[row], keys_.keys()[row], 0, &made);
    std::string& kept = table_->bytes(kRow)[now];
    if (!at_end_ && !made) add_stood(RowKind::kUpdateBefore, kept);
    if (!at_end_) {
      changes_.push_back({made ? RowKind::kInsert : RowKind::kUpdateAfter, false, row});
    }
    const int64_t before = std::ssize(kept);
    kept.assign(bytes);
    table_->note_bytes(std::ssize(kept) - before);
  }

  void remove(size_t row) {
    const auto known = find(row);
    if (!known) return;
    if (!at_end_) add_stood(RowKind::kDelete, table_->bytes(kRow)[*known]);
    table_->erase(*known);
  }

  // A copy: it is about to be replaced.
  void add_stood(RowKind kind, std::string_view row) {
    changes_.push_back({kind, true, stood_ends_.size()});
    stood_ += row;
    stood_ends_.push_back(stood_.size());
  }

  std::string_view stood(size_t at) const {
    const size_t begin = at == 0 ? 0 : stood_ends_[at - 1];
    return std::string_view(stood_).substr(begin, stood_ends_[at] - begin);
  }

  std::optional<RowNumber> find(size_t row) const {
    return table_->find(keys_.hashes()[row], keys_.keys()[row], 0);
  }

  Status emit_changes(const Batch& batch, Collector& out) {
    if (changes_.empty()) return {};
    const bool all_new = std::ranges::all_of(
        changes_, [](const Change& change) { return change.kind == RowKind::kInsert; });
    Status emitted;
    if (all_new && std::ssize(changes_) == batch.rows) {
      Batch same = batch;
      same.kinds = nullptr;
      same.origins = nullptr;
      emitted = out.emit(std::move(same));
    } else {
      std::vector<std::string_view> rows;
      auto kinds = std::make_shared<std::vector<RowKind>>();
      for (const Change& change : changes_) {
        rows.push_back(change.stood ? stood(change.at) : codec_.rows()[change.at]);
        kinds->push_back(change.kind);
      }
      emitted = emit(rows, all_new ? nullptr : std::move(kinds), out);
    }
    changes_.clear();
    stood_.clear();
    stood_ends_.clear();
    return emitted;
  }

  Status emit(std::span<const std::string_view> rows,
              std::shared_ptr<const std::vector<RowKind>> kinds, Collector& out) {
    Batch made{codec_.schema(), std::ssize(rows)};
    DF_RETURN_IF_ERROR(codec_.decode(rows, made.columns));
    made.kinds = std::move(kinds);
    return out.emit(std::move(made));
  }

  const int64_t ttl_ms_;
  const bool at_end_;
  KeyColumns keys_;
  RowCodec codec_;
  state::KeyedTable* table_ = nullptr;
  // Of the batch at hand.
  std::vector<Change> changes_;
  std::string stood_;
  std::vector<size_t> stood_ends_;  // of each row, in it
};

}  // namespace

Result<std::unique_ptr<Operator>> make_upsert(const plan::UpsertSpec& spec, const SchemaPtr& schema,
                                              bool bounded) {
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, *schema));
  // However long a bounded job runs, nothing expires in it.
  return std::unique_ptr<Operator>(std::make_unique<Upsert>(
      std::move(keys), bounded ? 0 : spec.ttl_ms, bounded && !spec.versions, schema));
}

}  // namespace dataflow::engine
