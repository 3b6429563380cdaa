#include "key_encoder.h"

#include <arrow/array.h>

#include <charconv>

#include "options.h"

namespace dataflow::connect {
namespace {

template <class Array>
void append_integers(const arrow::Array& column, format::EncodedRows& out) {
  const auto& values = static_cast<const Array&>(column);
  char digits[24];
  for (int64_t row = 0; row < values.length(); ++row) {
    if (!values.IsNull(row)) {
      const auto end = std::to_chars(digits, digits + sizeof digits, values.Value(row));
      out.bytes.append(digits, static_cast<size_t>(end.ptr - digits));
    }
    out.ends.push_back(out.bytes.size());
  }
}

}  // namespace

Result<KeyEncoder> KeyEncoder::make(const plan::SinkSpec& spec, const Schema& schema,
                                    const std::string& where) {
  KeyEncoder encoder;
  std::vector<Field> fields;
  for (const std::string& name : spec.key_columns) {
    Result<size_t> column = schema.require(name);
    if (!column.ok()) return column.status().with_context(where + ": the key");
    encoder.columns_.push_back(*column);
    fields.push_back(schema[*column]);
  }
  if (fields.empty()) return encoder;
  encoder.schema_ = std::make_shared<const Schema>(fields);
  std::string name = spec.key_format;
  if (name.empty()) name = fields.size() == 1 ? "raw" : spec.format;
  if (name == "raw") {
    if (fields.size() == 1) return encoder;
    return Status::invalid(where + ": key format `raw` takes one key column, and there are " +
                           std::to_string(fields.size()));
  }
  DF_ASSIGN_OR_RETURN(
      const format::EncoderOptions options,
      in_place(format::encoder_options(name, spec.key_format_options), where + ": the key"));
  Result<std::unique_ptr<format::Encoder>> made =
      format::make_encoder(name, encoder.schema_, options);
  if (!made.ok()) return made.status().with_context(where + ": the key");
  encoder.encoder_ = std::move(*made);
  return encoder;
}

Status KeyEncoder::encode(const Batch& batch, std::vector<RowFault>& faults) {
  keys_.clear();
  nulls_.clear();
  if (columns_.empty()) return {};
  if (encoder_ == nullptr) return encode_raw(batch);
  Batch keys;
  keys.schema = schema_;
  keys.rows = batch.rows;
  for (const size_t column : columns_) keys.columns.push_back(batch.columns[column]);
  return encoder_->encode(keys, keys_, faults);
}

// Bytes and strings as they are; everything else as people write it.
Status KeyEncoder::encode_raw(const Batch& batch) {
  const Type& type = (*schema_)[0].type;
  const arrow::Array& column = *batch.columns[columns_[0]];
  nulls_.resize(static_cast<size_t>(batch.rows));
  for (int64_t row = 0; row < batch.rows; ++row) {
    nulls_[static_cast<size_t>(row)] = column.IsNull(row);
  }
  switch (type.id()) {
    case TypeId::kInt32: append_integers<arrow::Int32Array>(column, keys_); return {};
    case TypeId::kInt64: append_integers<arrow::Int64Array>(column, keys_); return {};
    case TypeId::kString:
    case TypeId::kJson:
    case TypeId::kBytes: {
      const auto& values = static_cast<const arrow::BinaryArray&>(column);
      for (int64_t row = 0; row < batch.rows; ++row) {
        if (!values.IsNull(row)) keys_.bytes.append(values.GetView(row));
        keys_.ends.push_back(keys_.bytes.size());
      }
      return {};
    }
    default: break;
  }
  for (int64_t row = 0; row < batch.rows; ++row) {
    if (!column.IsNull(row)) keys_.bytes.append(value_at(type, column, row).to_string());
    keys_.ends.push_back(keys_.bytes.size());
  }
  return {};
}

std::optional<std::string_view> KeyEncoder::at(size_t row) const {
  if (columns_.empty() || (!nulls_.empty() && nulls_[row])) return std::nullopt;
  return keys_[row];
}

}  // namespace dataflow::connect
