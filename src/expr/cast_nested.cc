// Casts of arrays, maps and rows: value by value into another one, or to text as Flink prints them.
#include <arrow/array/array_nested.h>
#include <arrow/type.h>

#include <algorithm>

#include "cast.h"
#include "gather.h"

namespace dataflow::expr {

namespace {

// The columns inside of a nested column, and whose rows their values are.
class Inside {
 public:
  explicit Inside(const ColumnPtr& column) : column_(column) {
    if (column->type_id() == arrow::Type::STRUCT) {
      const auto& row = static_cast<const arrow::StructArray&>(*column);
      for (int i = 0; i < row.num_fields(); ++i) children_.push_back(row.field(i));
      return;
    }
    const Lists lists(Input{column, false});
    offsets_ = static_cast<const arrow::ListArray&>(*column).raw_value_offsets();
    children_.push_back(lists.elements());
    if (lists.values() != nullptr) children_.push_back(lists.values());
  }

  const std::vector<ColumnPtr>& children() const { return children_; }

  // The values that stand in selected rows that are not NULL.
  Selection selected(const Selection& rows) const {
    const int64_t length = column_->length();
    if (offsets_ == nullptr && column_->null_count() == 0) return rows;
    Selection chosen;
    chosen.all = false;
    for_each_row(rows, length, [&](int64_t row) {
      if (column_->IsNull(row)) return;
      const int64_t begin = offsets_ == nullptr ? row : offsets_[row];
      const int64_t end = offsets_ == nullptr ? row + 1 : offsets_[row + 1];
      for (int64_t at = begin; at < end; ++at) chosen.rows.push_back(static_cast<int32_t>(at));
    });
    return chosen;
  }

  int64_t row_of(int64_t value) const {
    if (offsets_ == nullptr) return value;
    const int32_t* end = offsets_ + column_->length() + 1;
    return std::upper_bound(offsets_, end, static_cast<int32_t>(value)) - offsets_ - 1;
  }

 private:
  ColumnPtr column_;
  const int32_t* offsets_ = nullptr;
  std::vector<ColumnPtr> children_;
};

// One value's cast, over a batch that has the values as its only column.
Result<ColumnPtr> evaluate_inside(const Node& node, const ColumnPtr& values,
                                  const Selection& selection, EvalContext& context) {
  static const SchemaPtr kNoNames = std::make_shared<const Schema>();
  Batch batch;
  batch.schema = kNoNames;
  batch.rows = values->length();
  batch.columns = {values};
  return node.evaluate(batch, selection, context);
}

// Keys that could not be cast belong to rows that failed, and a column of keys may have no NULL.
ColumnPtr without_nulls(const ColumnPtr& keys) {
  if (keys->null_count() == 0) return keys;
  auto data = keys->data()->Copy();
  data->buffers[0] = nullptr;
  data->null_count = 0;
  return arrow::MakeArray(data);
}

class NestedCast : public Node {
 public:
  // `inner`: a cast for each child.
  NestedCast(Type type, NodePtr argument, Nodes inner, RowFunctionTraits traits)
      : Node(std::move(type), argument->nullable() || traits.faults_are_null, {argument}),
        inner_(std::move(inner)),
        faults_are_null_(traits.faults_are_null) {}

  bool is_constant() const override {
    return Node::is_constant() &&
           std::all_of(inner_.begin(), inner_.end(),
                       [](const NodePtr& node) { return node->is_deterministic(); });
  }

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    if (batch.rows == 0) return all_null(layout(), 0);  // has no offsets, perhaps
    std::vector<Input> inputs(1);
    DF_ASSIGN_OR_RETURN(inputs[0].column, arguments()[0]->evaluate(batch, selection, context));
    const ColumnPtr& column = inputs[0].column;
    DF_ASSIGN_OR_RETURN(Nulls nulls, Nulls::of(inputs, batch.rows));
    const Inside inside(column);
    const Selection chosen = inside.selected(selection);
    EvalContext within;
    within.now_millis = context.now_millis;
    within.time_zone = context.time_zone;
    std::vector<ColumnPtr> children;
    for (size_t i = 0; i < inner_.size(); ++i) {
      DF_ASSIGN_OR_RETURN(ColumnPtr child,
                          evaluate_inside(*inner_[i], inside.children()[i], chosen, within));
      note_nulls(i, *child, chosen, within);
      children.push_back(std::move(child));
    }
    for (RowFault& fault : within.faults) {
      fault.row = inside.row_of(fault.row);
      DF_RETURN_IF_ERROR(nulls.set_null(fault.row));
      if (!faults_are_null_) context.faults.push_back(std::move(fault));
    }
    return put_together(*column, std::move(children), selection, nulls);
  }

 protected:
  virtual Result<ColumnPtr> put_together(const arrow::Array& column,
                                         std::vector<ColumnPtr> children, const Selection&,
                                         const Nulls& nulls) const {
    const int64_t rows = column.length();
    if (type().id() == TypeId::kRow) return make_nested(layout(), rows, {nulls.bits()}, children);
    if (type().id() == TypeId::kMap) {
      const int64_t entries = children[0]->length();
      children[0] = without_nulls(children[0]);
      children = {make_nested(layout()->field(0)->type(), entries, {nullptr}, children)};
    }
    const auto& list = static_cast<const arrow::ListArray&>(column);
    BufferPtr offsets = arrow::SliceBuffer(list.value_offsets(), list.offset() * 4);
    return make_nested(layout(), rows, {nulls.bits(), std::move(offsets)}, children);
  }

 private:
  // NULL where the type has none is a fault.
  void note_nulls(size_t field, const arrow::Array& child, const Selection& chosen,
                  EvalContext& within) const {
    if (!type().is_nested() || type().fields()[field].nullable || child.null_count() == 0) return;
    for_each_row(chosen, child.length(), [&](int64_t at) {
      if (child.IsNull(at)) {
        within.faults.push_back({at, "", "a NULL inside of a value of " + type().to_string()});
      }
    });
  }

  Nodes inner_;
  bool faults_are_null_;
};

// [1, 2], {a=1, b=2}, (1, a): each child is a column of texts.
class NestedText final : public NestedCast {
 public:
  using NestedCast::NestedCast;

 private:
  Result<ColumnPtr> put_together(const arrow::Array& column, std::vector<ColumnPtr> children,
                                 const Selection& selection, const Nulls& nulls) const override {
    TextWriter out;
    DF_RETURN_IF_ERROR(out.open(column.length()));
    std::vector<Values<std::string_view>> texts;
    for (const ColumnPtr& child : children) texts.emplace_back(Input{child, false});
    const auto append = [&](size_t child, int64_t at) {
      out.bytes().append(children[child]->IsNull(at) ? "NULL" : texts[child][at]);
    };
    const bool row_type = column.type_id() == arrow::Type::STRUCT;
    const bool map = column.type_id() == arrow::Type::MAP;
    const int32_t* offsets =
        row_type ? nullptr : static_cast<const arrow::ListArray&>(column).raw_value_offsets();
    for_each_row(selection, column.length(), [&](int64_t row) {
      if (nulls.is_null(row) || out.too_large()) return;
      out.begin_row(row);
      out.bytes().append(row_type ? "(" : map ? "{" : "[");
      for (size_t i = 0; row_type && i < children.size(); ++i) {
        if (i > 0) out.bytes().append(", ");
        append(i, row);
      }
      for (int64_t at = row_type ? 0 : offsets[row]; !row_type && at < offsets[row + 1]; ++at) {
        if (at > offsets[row]) out.bytes().append(", ");
        append(0, at);
        if (!map) continue;
        out.bytes().append("=");
        append(1, at);
      }
      out.bytes().append(row_type ? ")" : map ? "}" : "]");
    });
    return out.finish(layout(), column.length(), nulls);
  }
};

}  // namespace

Result<NodePtr> cast_nested(const NodePtr& argument, const Type& to, const CallSite& site,
                            RowFunctionTraits traits) {
  const Type& from = argument->type();
  const bool text = to.id() == TypeId::kString;
  if (!from.is_nested() || (!text && to.id() != from.id())) return NodePtr();
  if (!text && to.fields().size() != from.fields().size()) return NodePtr();
  Nodes inner;
  for (size_t i = 0; i < from.fields().size(); ++i) {
    const Type& inner_to = text ? to : to.fields()[i].type;
    // NULLs come from a failed row as well, so a cast must expect them everywhere.
    NodePtr value = make_column(0, {"", from.fields()[i].type, true});
    DF_ASSIGN_OR_RETURN(value, bind_cast(std::move(value), inner_to, site, false));
    inner.push_back(std::move(value));
  }
  if (text) return folded(std::make_shared<NestedText>(to, argument, std::move(inner), traits));
  return folded(std::make_shared<NestedCast>(to, argument, std::move(inner), traits));
}

}  // namespace dataflow::expr
