#include "key_decoder.h"

#include "options.h"

namespace dataflow::connect {
namespace {

bool is_text(const Type& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kBytes || type.id() == TypeId::kJson;
}

}  // namespace

Result<KeyDecoderSpec> KeyDecoderSpec::make(const plan::SourceSpec& spec,
                                            const std::string& where) {
  KeyDecoderSpec out;
  out.where = where + ": the key";
  std::vector<Field> fields;
  for (const std::string& name : spec.upsert_keys) {
    const Result<size_t> column = spec.schema->require(name);
    if (!column.ok()) return column.status().with_context(out.where);
    fields.push_back((*spec.schema)[*column]);
  }
  out.format = spec.key_format;
  if (out.format.empty()) out.format = fields.size() == 1 ? "raw" : spec.format;
  if (out.format == "raw" && fields.size() != 1) {
    return Status::invalid(out.where + ": key format `raw` takes one key column, and there are " +
                           std::to_string(fields.size()));
  }
  out.schema = std::make_shared<const Schema>(std::move(fields));
  DF_ASSIGN_OR_RETURN(
      out.options,
      in_place(format::decoder_options(out.format, spec.key_format_options), out.where));
  DF_RETURN_IF_ERROR(KeyDecoder::make(out).status());
  return out;
}

Result<std::unique_ptr<KeyDecoder>> KeyDecoder::make(const KeyDecoderSpec& spec) {
  const Type& type = (*spec.schema)[0].type;
  const bool cast = spec.format == "raw" && !is_text(type);
  SchemaPtr read = spec.schema;
  if (cast) read = std::make_shared<const Schema>(std::vector<Field>{{"key", Type::string()}});
  Result<std::unique_ptr<format::Decoder>> decoder =
      format::make_decoder(spec.format, read, spec.options);
  if (!decoder.ok()) return decoder.status().with_context(spec.where);
  std::unique_ptr<KeyDecoder> made(new KeyDecoder(spec.schema, std::move(*decoder)));
  if (!cast) return made;
  made->text_ = read;
  Result<expr::BoundPtr> bound = expr::bind(expr::cast(expr::column("key"), type), *read);
  if (!bound.ok()) return bound.status().with_context(spec.where);
  made->value_ = std::move(*bound);
  return made;
}

bool KeyDecoder::add(std::string_view key, RowFault& fault) {
  const int64_t before = rows();
  if (!decoder_->add(key, fault)) {
    fault.reason = "the record's key: " + fault.reason;
    return false;
  }
  if (rows() == before + 1) return true;
  fault = {before, "", "the record's key is no row"};
  return false;
}

Result<std::vector<ColumnPtr>> KeyDecoder::take(std::vector<RowFault>& faults) {
  Batch keys{text_, rows()};
  DF_ASSIGN_OR_RETURN(keys.columns, decoder_->take());
  if (value_ == nullptr) return std::move(keys.columns);
  expr::EvalContext context;
  DF_ASSIGN_OR_RETURN(ColumnPtr values, value_->evaluate(keys, {}, context));
  for (RowFault& fault : context.faults) {
    fault.field = (*schema_)[0].name;
    fault.reason = "the record's key: " + fault.reason;
    faults.push_back(std::move(fault));
  }
  return std::vector<ColumnPtr>{std::move(values)};
}

}  // namespace dataflow::connect
