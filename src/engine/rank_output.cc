#include "rank_output.h"

#include <arrow/array.h>
#include <arrow/buffer.h>

namespace dataflow::engine {
namespace {

// Of one batch; what is more leaves in parts.
constexpr size_t kMostRows = 8192;
constexpr size_t kMostBytes = size_t{64} << 20;

}  // namespace

Status RankOutput::add(RowKind kind, std::string_view row, size_t place, Collector& out) {
  rows_.push_back(row);
  kinds_.push_back(kind);
  if (numbered()) places_.push_back(static_cast<int64_t>(place));
  bytes_ += row.size();
  all_new_ &= kind == RowKind::kInsert;
  if (kind == RowKind::kUpdateBefore) return {};
  // Room for a pair.
  return rows_.size() + 1 < kMostRows && bytes_ < kMostBytes ? Status() : flush(out);
}

Status RankOutput::flush(Collector& out) {
  if (rows_.empty()) return {};
  Batch batch{schema_, std::ssize(rows_)};
  DF_RETURN_IF_ERROR(codec_.decode(rows_, batch.columns));
  if (numbered()) {
    batch.columns.push_back(arrow::MakeArray(
        arrow::ArrayData::Make(arrow_type(Type::int64()), batch.rows,
                               {nullptr, arrow::Buffer::FromVector(std::move(places_))}, 0)));
  }
  if (!all_new_) batch.kinds = std::make_shared<std::vector<RowKind>>(std::move(kinds_));
  rows_.clear();
  kinds_.clear();
  places_.clear();
  bytes_ = 0;
  all_new_ = true;
  return out.emit(std::move(batch));
}

}  // namespace dataflow::engine
