#include "nexmark_columns.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <limits>
#include <vector>

#include "base/edit_distance.h"
#include "options.h"
#include "types/arrow_status.h"

namespace dataflow::connect {
namespace {

using Events = std::vector<NexmarkEvent>;
using Column = std::shared_ptr<arrow::ArrayData>;

// Makes a field for all events; what stands where an event is of another kind means nothing.
using MakeField = Result<Column> (*)(const NexmarkModel&, const Events&, NexmarkKind, const Type&);

template <int64_t (NexmarkModel::*kOf)(const NexmarkEvent&) const>
Result<Column> numbers(const NexmarkModel& model, const Events& events, NexmarkKind kind,
                       const Type& type) {
  std::vector<int64_t> values(events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind == kind) values[i] = (model.*kOf)(events[i]);
  }
  return arrow::ArrayData::Make(arrow_type(type), static_cast<int64_t>(events.size()),
                                {nullptr, arrow::Buffer::FromVector(std::move(values))}, 0);
}

template <void (NexmarkModel::*kOf)(const NexmarkEvent&, std::string&) const>
Result<Column> texts(const NexmarkModel& model, const Events& events, NexmarkKind kind,
                     const Type& type) {
  std::vector<int32_t> ends(events.size() + 1);
  std::string text;
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].kind == kind) (model.*kOf)(events[i], text);
    ends[i + 1] = static_cast<int32_t>(text.size());
  }
  if (text.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return Status::too_large("nexmark: a batch of more than 2 GiB of text; ask for smaller events");
  }
  return arrow::ArrayData::Make(arrow_type(type), static_cast<int64_t>(events.size()),
                                {nullptr, arrow::Buffer::FromVector(std::move(ends)),
                                 arrow::Buffer::FromString(std::move(text))},
                                0);
}

struct KnownField {
  const char* name;
  Type type;
  MakeField make;
};
struct KnownRow {
  const char* name;
  NexmarkKind kind;
  std::vector<KnownField> fields;
};

const std::vector<KnownRow>& known_rows() {
  using Model = NexmarkModel;
  const Type number = Type::int64(), text = Type::string(), time = Type::timestamp(3);
  static const std::vector<KnownRow> kRows = {
      {"person",
       NexmarkKind::kPerson,
       {{"id", number, numbers<&Model::person_id>},
        {"name", text, texts<&Model::person_name>},
        {"emailAddress", text, texts<&Model::email>},
        {"creditCard", text, texts<&Model::credit_card>},
        {"city", text, texts<&Model::city>},
        {"state", text, texts<&Model::state>},
        {"dateTime", time, numbers<&Model::time>},
        {"extra", text, texts<&Model::person_extra>}}},
      {"auction",
       NexmarkKind::kAuction,
       {{"id", number, numbers<&Model::auction_id>},
        {"itemName", text, texts<&Model::item_name>},
        {"description", text, texts<&Model::description>},
        {"initialBid", number, numbers<&Model::initial_bid>},
        {"reserve", number, numbers<&Model::reserve>},
        {"dateTime", time, numbers<&Model::time>},
        {"expires", time, numbers<&Model::expires>},
        {"seller", number, numbers<&Model::seller>},
        {"category", number, numbers<&Model::category>},
        {"extra", text, texts<&Model::auction_extra>}}},
      {"bid",
       NexmarkKind::kBid,
       {{"auction", number, numbers<&Model::bid_auction>},
        {"bidder", number, numbers<&Model::bidder>},
        {"price", number, numbers<&Model::price>},
        {"channel", text, texts<&Model::channel>},
        {"url", text, texts<&Model::url>},
        {"dateTime", time, numbers<&Model::time>},
        {"extra", text, texts<&Model::bid_extra>}}}};
  return kRows;
}

template <class Known>
const Known* find(const std::vector<Known>& known, const std::string& name) {
  for (const Known& one : known) {
    if (name == one.name) return &one;
  }
  return nullptr;
}

// "; did you mean …?", or what there is.
template <class Known>
std::string hint(const std::vector<Known>& known, const std::string& name,
                 std::vector<std::string> names) {
  for (const Known& one : known) names.emplace_back(one.name);
  const std::string near = suggestion(name, names);
  return near.empty() ? "; there is " + any_of_words(names) : near;
}

// A column of the table, as it is made.
struct MadeColumn {
  Type type;
  const KnownRow* row = nullptr;  // null: event_type
  std::vector<MakeField> fields;  // as the type's
};

Result<MadeColumn> made_row(const KnownRow& row, const Field& column, const std::string& where) {
  const std::string at = where + ": column `" + column.name + "`: ";
  if (column.type.id() != TypeId::kRow) {
    return Status::invalid(at + "this is " + column.type.to_string() + " and has to be a ROW");
  }
  if (!column.nullable) {
    return Status::invalid(at + "it is NULL in all events of other kinds; leave away NOT NULL");
  }
  MadeColumn made{column.type, &row, {}};
  for (const Field& field : column.type.fields()) {
    const KnownField* known = find(row.fields, field.name);
    if (known == nullptr) {
      return Status::invalid(at + "it has no field `" + field.name + "`" +
                             hint(row.fields, field.name, {}));
    }
    if (!(field.type == known->type)) {
      return Status::invalid(at + "field `" + field.name + "` is " + known->type.to_string() +
                             ", not " + field.type.to_string());
    }
    made.fields.push_back(known->make);
  }
  return made;
}

Result<MadeColumn> made_column(const Field& column, const std::string& where) {
  if (const KnownRow* row = find(known_rows(), column.name)) return made_row(*row, column, where);
  if (column.name != "event_type") {
    return Status::invalid(where + ": there is no column `" + column.name + "`" +
                           hint(known_rows(), column.name, {"event_type"}));
  }
  if (column.type.id() == TypeId::kInt32) return MadeColumn{column.type, nullptr, {}};
  return Status::invalid(where + ": column `event_type` is INT, not " + column.type.to_string());
}

class NexmarkRows final : public RowMaker {
 public:
  NexmarkRows(const NexmarkRules& rules, std::vector<MadeColumn> columns)
      : model_(rules), columns_(std::move(columns)) {}

  Result<std::vector<ColumnPtr>> make(int64_t first, int64_t stride, int64_t rows,
                                      int64_t) const override {
    Events events;
    events.reserve(static_cast<size_t>(rows));
    for (int64_t i = 0; i < rows; ++i) events.push_back(model_.event(first + i * stride));
    std::vector<ColumnPtr> made;
    for (const MadeColumn& column : columns_) {
      DF_ASSIGN_OR_RETURN(Column data, column.row == nullptr ? kinds(events) : row(column, events));
      made.push_back(arrow::MakeArray(std::move(data)));
    }
    return made;
  }

 private:
  static Result<Column> kinds(const Events& events) {
    std::vector<int32_t> values;
    values.reserve(events.size());
    for (const NexmarkEvent& event : events) values.push_back(static_cast<int32_t>(event.kind));
    return arrow::ArrayData::Make(arrow::int32(), static_cast<int64_t>(events.size()),
                                  {nullptr, arrow::Buffer::FromVector(std::move(values))}, 0);
  }

  Result<Column> row(const MadeColumn& column, const Events& events) const {
    const auto rows = static_cast<int64_t>(events.size());
    DF_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> valid,
                        from_arrow(arrow::AllocateEmptyBitmap(rows)));
    int64_t count = 0;
    for (int64_t i = 0; i < rows; ++i) {
      if (events[static_cast<size_t>(i)].kind != column.row->kind) continue;
      arrow::bit_util::SetBit(valid->mutable_data(), i);
      ++count;
    }
    Column made = arrow::ArrayData::Make(arrow_type(column.type), rows, {valid}, rows - count);
    for (size_t i = 0; i < column.fields.size(); ++i) {
      const Type& type = column.type.fields()[i].type;
      DF_ASSIGN_OR_RETURN(Column field, column.fields[i](model_, events, column.row->kind, type));
      made->child_data.push_back(std::move(field));
    }
    return made;
  }

  const NexmarkModel model_;
  const std::vector<MadeColumn> columns_;
};

}  // namespace

Result<std::shared_ptr<const RowMaker>> make_nexmark_rows(const NexmarkRules& rules,
                                                          const plan::SourceSpec& spec,
                                                          const std::string& where) {
  std::vector<MadeColumn> columns;
  for (const Field& field : spec.schema->fields()) {
    DF_ASSIGN_OR_RETURN(MadeColumn column, made_column(field, where));
    if (plan::is_read(spec, field.name)) columns.push_back(std::move(column));
  }
  return std::shared_ptr<const RowMaker>(
      std::make_shared<const NexmarkRows>(rules, std::move(columns)));
}

}  // namespace dataflow::connect
