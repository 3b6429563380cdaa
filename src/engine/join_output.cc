#include "join_output.h"

#include <arrow/array.h>
#include <arrow/buffer.h>

namespace dataflow::engine {

void JoinOutput::put_windows(Batch& batch) const {
  for (const int64_t behind_end : {window_ms_, int64_t{0}, int64_t{1}}) {
    std::vector<int64_t> moments(ends_.size());
    for (size_t i = 0; i < ends_.size(); ++i) moments[i] = ends_[i] - behind_end;
    batch.columns.push_back(arrow::MakeArray(
        arrow::ArrayData::Make(arrow_type(Type::timestamp(3)), batch.rows,
                               {nullptr, arrow::Buffer::FromVector(std::move(moments))}, 0)));
  }
}

Status JoinOutput::flush(Collector& out) {
  if (left_rows_.empty()) return {};
  Batch batch{schema_, static_cast<int64_t>(left_rows_.size())};
  if (window_ms_ > 0) put_windows(batch);
  DF_RETURN_IF_ERROR(left_.decode(left_rows_, batch.columns));
  if (!only_left_) DF_RETURN_IF_ERROR(right_.decode(right_rows_, batch.columns));
  if (!kinds_.empty()) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds_);
  left_rows_.clear();
  right_rows_.clear();
  ends_.clear();
  kinds_.clear();
  bytes_ = 0;
  return out.emit(std::move(batch));
}

}  // namespace dataflow::engine
