#include "sql_rows.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace dataflow::http {
namespace {

// An encoder of JSON writes objects: one of a single column, whose value stands between these.
constexpr std::string_view kBefore = "{\"v\":";
constexpr std::string_view kBehind = "}";

// As Flink writes them, but decimals with all their digits: "NaN" is a text, 1.50 stays 1.50.
format::EncoderOptions json_options() {
  format::EncoderOptions options;
  options.flink = true;
  options.plain_decimals = true;
  return options;
}

std::string_view value_in(std::string_view object) {
  object.remove_prefix(kBefore.size());
  object.remove_suffix(kBehind.size());
  return object;
}

SchemaPtr single(const Type& type) {
  return std::make_shared<const Schema>(std::vector<Field>{{"v", type, true}});
}

}  // namespace

SchemaPtr schema_of(const OutputColumns& columns) {
  std::vector<Field> fields;
  for (const sql::OutputColumn& column : columns) {
    fields.push_back({column.name, column.type, column.nullable});
  }
  return std::make_shared<const Schema>(std::move(fields));
}

RowText::RowText(const OutputColumns& columns) : schema_(schema_of(columns)) {
  of_columns_.resize(columns.size());
}

Status RowText::encode(size_t column, const Batch& batch, format::EncodedRows& out) {
  const SchemaPtr schema = single((*schema_)[column].type);
  if (of_columns_[column] == nullptr) {
    DF_ASSIGN_OR_RETURN(of_columns_[column], format::make_encoder("json", schema, json_options()));
  }
  Batch one;
  one.schema = schema;
  one.rows = batch.rows;
  one.columns = {batch.columns[column]};
  std::vector<RowFault> faults;
  DF_RETURN_IF_ERROR(of_columns_[column]->encode(one, out, faults));
  if (faults.empty()) return {};
  return Status::unsupported("column `" + (*schema_)[column].name + "`: " + faults[0].reason +
                             "; CAST it to STRING");
}

Status RowText::append_json(const Batch& batch, size_t from, std::string& out) {
  std::vector<format::EncodedRows> values(schema_->size());
  for (size_t i = from; i < values.size(); ++i) DF_RETURN_IF_ERROR(encode(i, batch, values[i]));
  for (size_t row = 0; row < static_cast<size_t>(batch.rows); ++row) {
    out += row == 0 ? "[" : ",[";
    for (size_t i = from; i < values.size(); ++i) {
      if (i > from) out += ',';
      out += value_in(values[i][row]);
    }
    out += ']';
  }
  return {};
}

Status RowText::append_json_row(const Batch& batch, int64_t row, size_t from, std::string& out) {
  return append_json(slice(batch, row, 1), from, out);
}

Status RowText::append_csv(const Batch& batch, std::string& out) {
  if (csv_ == nullptr) {
    std::vector<Field> fields = schema_->fields();
    for (Field& field : fields) {
      const bool text = field.type.is_nested() || field.type.id() == TypeId::kNull;
      if (text) field.type = Type::string();
    }
    csv_schema_ = std::make_shared<const Schema>(std::move(fields));
    DF_ASSIGN_OR_RETURN(csv_, format::make_encoder("csv", csv_schema_, {}));
  }
  Batch plain = batch;
  plain.schema = csv_schema_;
  for (size_t i = 0; i < schema_->size(); ++i) {
    if ((*csv_schema_)[i].type == (*schema_)[i].type) continue;
    format::EncodedRows values;
    DF_RETURN_IF_ERROR(encode(i, batch, values));
    std::vector<Value> texts;
    for (size_t row = 0; row < values.size(); ++row) {
      const std::string_view value = value_in(values[row]);
      texts.push_back(value == "null" ? Value::null(Type::string())
                                      : Value::string(std::string(value)));
    }
    DF_ASSIGN_OR_RETURN(plain.columns[i], column_of(Type::string(), texts));
  }
  format::EncodedRows lines;
  std::vector<RowFault> faults;
  DF_RETURN_IF_ERROR(csv_->encode(plain, lines, faults));
  for (size_t row = 0; row < lines.size(); ++row) {
    out += lines[row];
    out += "\r\n";
  }
  return {};
}

std::string RowText::csv_header() const {
  std::string out;
  for (const Field& field : schema_->fields()) {
    if (!out.empty()) out += ',';
    if (field.name.find_first_of(",\"\r\n") == std::string::npos && !field.name.empty()) {
      out += field.name;
      continue;
    }
    out += '"';
    for (const char c : field.name) out.append(c == '"' ? 2 : 1, c);
    out += '"';
  }
  return out + "\r\n";
}

}  // namespace dataflow::http
