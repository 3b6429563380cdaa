#include "bridge.h"

#include <arrow/array.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "types/arrow_status.h"

namespace dataflow::plugins {

RequestParts::RequestParts(const engine::ConnectorContext& context, const plan::Options& options,
                           const Schema& schema, const std::vector<std::string>& keys) {
  for (const Field& field : schema.fields()) types_.push_back(field.type.to_string());
  for (size_t i = 0; i < schema.size(); ++i) {
    fields_.push_back({to_abi(schema[i].name), to_abi(types_[i]), schema[i].nullable});
  }
  for (const auto& [name, value] : options) options_.push_back({to_abi(name), to_abi(value)});
  for (const std::string& key : keys) keys_.push_back(to_abi(key));
  request_ = {to_abi(context.job), to_abi(context.node), options_.data(),
              options_.size(),     fields_.data(),       fields_.size(),
              keys_.data(),        keys_.size(),         context.bounded};
}

std::shared_ptr<arrow::Schema> arrow_schema_of(const Schema& schema) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const Field& field : schema.fields()) {
    fields.push_back(arrow::field(field.name, arrow_type(field.type), field.nullable));
  }
  return arrow::schema(std::move(fields));
}

SentRows::SentRows(SchemaPtr schema) : schema_(arrow_schema_of(*schema)) {}

SentRows::~SentRows() { clear(); }

void SentRows::clear() {
  if (columns_.release != nullptr) columns_.release(&columns_);
  columns_ = {};
}

Status SentRows::set(const Batch& batch) {
  clear();
  const auto whole = arrow::RecordBatch::Make(schema_, batch.rows, batch.columns);
  DF_RETURN_IF_ERROR(from_arrow(arrow::ExportRecordBatch(*whole, &columns_)));
  static_assert(sizeof(RowKind) == 1);
  rows_ = {&columns_, batch.rows};
  if (batch.kinds != nullptr) {
    rows_.kinds = reinterpret_cast<const uint8_t*>(batch.kinds->data());
  }
  return {};
}

Result<Batch> take_rows(ArrowArray* columns, const uint8_t* kinds, const SchemaPtr& schema,
                        const std::shared_ptr<arrow::Schema>& arrow_schema) {
  Result<std::shared_ptr<arrow::RecordBatch>> whole =
      from_arrow(arrow::ImportRecordBatch(columns, arrow_schema));
  if (!whole.ok()) return whole.status().with_context("rows that a plug-in made");
  DF_RETURN_IF_ERROR(from_arrow((*whole)->Validate()).with_context("rows that a plug-in made"));
  Batch batch{schema, (*whole)->num_rows(), (*whole)->columns()};
  for (size_t i = 0; i < schema->size(); ++i) {
    if ((*schema)[i].nullable || batch.columns[i]->null_count() == 0) continue;
    return Status::invalid("a plug-in gives NULL in column `" + (*schema)[i].name +
                           "`, which is NOT NULL");
  }
  if (kinds == nullptr) return batch;
  std::vector<RowKind> given(static_cast<size_t>(batch.rows));
  for (size_t i = 0; i < given.size(); ++i) {
    if (kinds[i] > static_cast<uint8_t>(RowKind::kDelete)) {
      return Status::invalid("a plug-in gives a row of kind " + std::to_string(kinds[i]) +
                             ", which there is not");
    }
    given[i] = static_cast<RowKind>(kinds[i]);
  }
  batch.kinds = std::make_shared<const std::vector<RowKind>>(std::move(given));
  return batch;
}

}  // namespace dataflow::plugins
