#include "metadata_columns.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <algorithm>

#include "options.h"
#include "types/arrow_status.h"

namespace dataflow::connect {
namespace {

using plan::Metadata;

std::string metadata_name(Metadata what) {
  switch (what) {
    case Metadata::kOffset: return "offset";
    case Metadata::kPartition: return "partition";
    case Metadata::kTimestamp: return "timestamp";
    case Metadata::kKey: return "key";
    case Metadata::kHeaders: return "headers";
    case Metadata::kFile: return "file";
  }
  return "metadata";
}

bool is_text(const Type& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kBytes;
}

// The types that can hold it; empty if `type` is one of them.
std::string wanted_type(Metadata what, const Type& type) {
  const TypeId id = type.id();
  switch (what) {
    case Metadata::kOffset: return id == TypeId::kInt64 ? "" : "BIGINT";
    case Metadata::kPartition:
      return id == TypeId::kInt32 || id == TypeId::kInt64 ? "" : "INT or BIGINT";
    case Metadata::kTimestamp:
      return type.is_timestamp() || id == TypeId::kInt64
                 ? ""
                 : "TIMESTAMP_LTZ(3), TIMESTAMP(3) or BIGINT";
    case Metadata::kKey: return is_text(type) ? "" : "BYTES or STRING";
    case Metadata::kFile: return id == TypeId::kString ? "" : "STRING";
    case Metadata::kHeaders:
      if (id == TypeId::kMap && type.fields()[0].type.id() == TypeId::kString &&
          is_text(type.fields()[1].type)) {
        return "";
      }
      return "MAP<STRING, BYTES> or MAP<STRING, STRING>";
  }
  return "";
}

arrow::Status append_text(arrow::ArrayBuilder& builder, std::optional<std::string_view> text) {
  auto& bytes = static_cast<arrow::BinaryBuilder&>(builder);
  return text ? bytes.Append(*text) : bytes.AppendNull();
}

arrow::Status append_headers(arrow::ArrayBuilder& builder, const std::vector<RecordHeader>* list) {
  auto& map = static_cast<arrow::MapBuilder&>(builder);
  ARROW_RETURN_NOT_OK(map.Append());
  if (list == nullptr) return arrow::Status::OK();
  for (const RecordHeader& header : *list) {
    ARROW_RETURN_NOT_OK(append_text(*map.key_builder(), header.key));
    ARROW_RETURN_NOT_OK(append_text(*map.item_builder(), header.value));
  }
  return arrow::Status::OK();
}

arrow::Status append_time(arrow::ArrayBuilder& builder, const Type& type, int64_t ms) {
  if (!type.is_timestamp()) return static_cast<arrow::Int64Builder&>(builder).Append(ms);
  return static_cast<arrow::TimestampBuilder&>(builder).Append(ms * type.units_per_milli());
}

arrow::Status append_one(arrow::ArrayBuilder& builder, const Type& type, Metadata what,
                         const RowOrigin& origin) {
  switch (what) {
    case Metadata::kOffset: return static_cast<arrow::Int64Builder&>(builder).Append(origin.offset);
    case Metadata::kPartition:
      if (type.id() == TypeId::kInt64) {
        return static_cast<arrow::Int64Builder&>(builder).Append(origin.partition);
      }
      return static_cast<arrow::Int32Builder&>(builder).Append(origin.partition);
    case Metadata::kTimestamp: return append_time(builder, type, origin.timestamp_ms);
    case Metadata::kKey: return append_text(builder, origin.key);
    case Metadata::kHeaders: return append_headers(builder, origin.headers);
    case Metadata::kFile: return append_text(builder, origin.file);
  }
  return arrow::Status::OK();
}

}  // namespace

Result<SourceColumns> SourceColumns::make(const plan::SourceSpec& spec, const std::string& where,
                                          const std::vector<Metadata>& offered) {
  SourceColumns out;
  out.schema_ = plan::schema_read(spec);
  std::vector<std::optional<Metadata>> all(spec.schema->size());
  for (const plan::MetadataColumn& column : spec.metadata) {
    Result<size_t> at = spec.schema->require(column.column);
    if (!at.ok()) return at.status().with_context(where + ": a metadata column");
    const std::string what = metadata_name(column.what);
    const std::string words = where + ": column `" + column.column + "`";
    if (std::find(offered.begin(), offered.end(), column.what) == offered.end()) {
      std::vector<std::string> names;
      for (const Metadata each : offered) names.push_back(metadata_name(each));
      return Status::invalid(words + ": this source has no `" + what + "`; it has " +
                             any_of_words(names));
    }
    const Type& type = (*spec.schema)[*at].type;
    const std::string wanted = wanted_type(column.what, type);
    if (!wanted.empty()) {
      return Status::invalid(words + ": `" + what + "` is " + wanted + ", not " + type.to_string());
    }
    all[*at] = column.what;
  }
  std::vector<Field> payload;
  for (size_t i = 0; i < all.size(); ++i) {
    const Field& field = (*spec.schema)[i];
    const bool read = plan::is_read(spec, field.name);
    if (read) out.columns_.push_back(all[i]);
    out.has_metadata_ |= read && all[i];
    if (all[i]) continue;
    payload.push_back(field);
    out.payload_read_.push_back(read);
  }
  out.payload_ = std::make_shared<const Schema>(std::move(payload));
  return out;
}

MetadataBuilder::MetadataBuilder(const SourceColumns& columns) : columns_(columns) {
  builders_.resize(columns.columns().size());
}
MetadataBuilder::~MetadataBuilder() = default;

Status MetadataBuilder::append(const RowOrigin& origin, int64_t rows) {
  if (!columns_.has_metadata()) return {};
  for (size_t i = 0; i < builders_.size(); ++i) {
    const std::optional<Metadata> what = columns_.columns()[i];
    if (!what) continue;
    const Type& type = (*columns_.schema())[i].type;
    if (builders_[i] == nullptr) {
      DF_ASSIGN_OR_RETURN(builders_[i], from_arrow(arrow::MakeBuilder(arrow_type(type))));
    }
    for (int64_t n = 0; n < rows; ++n) {
      DF_RETURN_IF_ERROR(from_arrow(append_one(*builders_[i], type, *what, origin)));
    }
  }
  return {};
}

Result<Batch> MetadataBuilder::finish(std::vector<ColumnPtr> payload, int64_t rows) {
  Batch batch;
  batch.schema = columns_.schema();
  batch.rows = rows;
  if (!columns_.has_metadata()) {
    batch.columns = std::move(payload);
    return batch;
  }
  size_t next = 0;
  for (size_t i = 0; i < builders_.size(); ++i) {
    if (!columns_.columns()[i]) {
      batch.columns.push_back(std::move(payload[next++]));
      continue;
    }
    if (builders_[i] == nullptr) {
      DF_ASSIGN_OR_RETURN(builders_[i],
                          from_arrow(arrow::MakeBuilder(arrow_type((*columns_.schema())[i].type))));
    }
    DF_ASSIGN_OR_RETURN(ColumnPtr column, from_arrow(builders_[i]->Finish()));
    batch.columns.push_back(std::move(column));
  }
  return batch;
}

}  // namespace dataflow::connect
