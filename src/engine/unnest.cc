#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "expr/bound.h"
#include "faulty_rows.h"
#include "operators.h"
#include "types/arrow_status.h"

namespace dataflow::engine {
namespace {

constexpr size_t kRowsOut = 8192;

// Each row once for each element of a collection. No state. What a row was leaves with its old
// elements and what it is comes with its new ones, which need not be as many.
class Unnest final : public Operator {
 public:
  Unnest(expr::BoundPtr collection, std::vector<size_t> kept, bool with_place, bool keep_empty,
         SchemaPtr output)
      : collection_(std::move(collection)),
        kept_(std::move(kept)),
        with_place_(with_place),
        keep_empty_(keep_empty),
        schema_(std::move(output)) {}

  Status open(OperatorContext& context) override {
    context_ = &context;
    return {};
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& out) override {
    eval_.now_millis = context_->now_millis();
    eval_.faults.clear();
    DF_ASSIGN_OR_RETURN(const ColumnPtr column, collection_->evaluate(batch, {}, eval_));
    DF_RETURN_IF_ERROR(send_faults(*context_, batch, eval_.faults));
    const std::vector<int32_t> rows = without_faults({}, eval_.faults, batch.rows);
    if (column->type_id() == arrow::Type::NA) return put_empty(batch, rows, out);
    // A map is a list of its keys and values.
    const auto& list = static_cast<const arrow::ListArray&>(*column);
    DF_RETURN_IF_ERROR(set_elements(list));
    for (const int32_t row : rows) {
      const bool none = list.IsNull(row) || list.value_length(row) == 0;
      if (none && keep_empty_) DF_RETURN_IF_ERROR(put(batch, row, kNone, out));
      if (none) continue;
      const int64_t first = list.value_offset(row);
      for (int32_t i = 0; i < list.value_length(row); ++i) {
        places_.push_back(i + 1);
        DF_RETURN_IF_ERROR(put(batch, row, first + i, out));
      }
    }
    return flush(batch, out);
  }

 private:
  static constexpr int64_t kNone = -1;

  Status put_empty(const Batch& batch, const std::vector<int32_t>& rows, Collector& out) {
    if (!keep_empty_) return {};
    elements_.clear();
    for (size_t i = kept_.size(); i < schema_->size() - (with_place_ ? 1 : 0); ++i) {
      DF_ASSIGN_OR_RETURN(ColumnPtr nothing,
                          from_arrow(arrow::MakeArrayOfNull(arrow_type((*schema_)[i].type), 0)));
      elements_.push_back(std::move(nothing));
    }
    for (const int32_t row : rows) DF_RETURN_IF_ERROR(put(batch, row, kNone, out));
    return flush(batch, out);
  }

  // The columns of all elements; where a row of them is NULL, so are its fields.
  Status set_elements(const arrow::ListArray& list) {
    elements_.clear();
    const ColumnPtr& values = list.values();
    if (values->type_id() != arrow::Type::STRUCT) {
      elements_.push_back(values);
      return {};
    }
    DF_ASSIGN_OR_RETURN(elements_,
                        from_arrow(static_cast<const arrow::StructArray&>(*values).Flatten()));
    return {};
  }

  Status put(const Batch& batch, int32_t row, int64_t element, Collector& out) {
    if (element == kNone) places_.push_back(0);
    rows_.push_back(row);
    at_.push_back(element);
    return rows_.size() < kRowsOut ? Status() : flush(batch, out);
  }

  Status flush(const Batch& batch, Collector& out) {
    if (rows_.empty()) return {};
    Batch from{batch.schema, batch.rows, {}, batch.kinds, batch.origins};
    for (const size_t column : kept_) from.columns.push_back(batch.columns[column]);
    DF_ASSIGN_OR_RETURN(Batch made, take(from, rows_));
    made.schema = schema_;
    arrow::Int64Builder builder;
    arrow::Int32Builder places;
    for (size_t i = 0; i < at_.size(); ++i) {
      const bool none = at_[i] == kNone;
      DF_RETURN_IF_ERROR(from_arrow(none ? builder.AppendNull() : builder.Append(at_[i])));
      if (!with_place_) continue;
      DF_RETURN_IF_ERROR(from_arrow(none ? places.AppendNull() : places.Append(places_[i])));
    }
    DF_ASSIGN_OR_RETURN(const ColumnPtr indices, from_arrow(builder.Finish()));
    for (const ColumnPtr& column : elements_) {
      DF_ASSIGN_OR_RETURN(ColumnPtr taken,
                          from_arrow(arrow::compute::Take(
                              *column, *indices, arrow::compute::TakeOptions::NoBoundsCheck())));
      made.columns.push_back(std::move(taken));
    }
    if (with_place_) {
      DF_ASSIGN_OR_RETURN(ColumnPtr column, from_arrow(places.Finish()));
      made.columns.push_back(std::move(column));
    }
    if (made.kinds != nullptr) made.kinds = without_pairs(*made.kinds);
    rows_.clear();
    at_.clear();
    places_.clear();
    return out.emit(std::move(made));
  }

  static std::shared_ptr<const std::vector<RowKind>> without_pairs(std::vector<RowKind> kinds) {
    for (RowKind& kind : kinds) {
      if (kind == RowKind::kUpdateBefore) kind = RowKind::kDelete;
      if (kind == RowKind::kUpdateAfter) kind = RowKind::kInsert;
    }
    return std::make_shared<const std::vector<RowKind>>(std::move(kinds));
  }

  const expr::BoundPtr collection_;
  const std::vector<size_t> kept_;  // columns of the input
  const bool with_place_;
  const bool keep_empty_;
  const SchemaPtr schema_;
  OperatorContext* context_ = nullptr;
  expr::EvalContext eval_;

  std::vector<ColumnPtr> elements_;  // of the batch at hand
  // What leaves next: rows of the batch, elements, and their places.
  std::vector<int32_t> rows_;
  std::vector<int64_t> at_;
  std::vector<int32_t> places_;
};

}  // namespace

Result<std::unique_ptr<Operator>> make_unnest(const plan::UnnestSpec& spec, const Schema& input,
                                              SchemaPtr output) {
  DF_ASSIGN_OR_RETURN(expr::BoundPtr collection, expr::bind(spec.collection, input));
  std::vector<size_t> kept;
  for (const std::string& name : spec.kept) kept.push_back(*input.find(name));
  return std::unique_ptr<Operator>(std::make_unique<Unnest>(std::move(collection), std::move(kept),
                                                            !spec.ordinality.empty(),
                                                            spec.keep_empty, std::move(output)));
}

}  // namespace dataflow::engine
