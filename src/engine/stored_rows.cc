#include "engine/stored_rows.h"

#include "order_key.h"
#include "plan/aggregate.h"
#include "row_codec.h"

namespace dataflow::engine {

class StoredRows::Impl {
 public:
  Impl(SchemaPtr schema, std::vector<OrderKeyColumn> key)
      : codec(std::move(schema)), columns(key), keys(std::move(key)) {}

  RowCodec codec;
  const std::vector<OrderKeyColumn> columns;
  OrderKeys keys;
};

namespace {

// As OrderKeys has it, for the types that most keys are of, without columns; false: another type.
bool append_to_key(const Value& value, const Type& type, std::string& key) {
  const bool text = type.id() == TypeId::kString || type.id() == TypeId::kBytes;
  const bool number = type.is_integer() || type.id() == TypeId::kDate || type.is_timestamp();
  if (value.is_null() || !(value.type() == type) || (!text && !number)) return false;
  key += StoredRows::kValueMark;
  if (text) {
    for (const char c : value.as_text()) {
      key += c;
      if (c == '\0') key += '\xff';
    }
    key.append(2, '\0');
    return true;
  }
  const size_t bits = 8 * fixed_width_of(type);
  const auto turned = static_cast<uint64_t>(value.as_int()) ^ uint64_t { 1 } << (bits - 1);
  for (size_t shift = bits; shift > 0; shift -= 8) {
    key += static_cast<char>(turned >> (shift - 8));
  }
  return true;
}

}  // namespace

StoredRows::StoredRows(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StoredRows::StoredRows(StoredRows&& other) noexcept = default;
StoredRows::~StoredRows() = default;

Result<StoredRows> StoredRows::make(SchemaPtr schema, const std::vector<std::string>& key) {
  std::vector<OrderKeyColumn> columns;
  for (const std::string& name : key) {
    DF_ASSIGN_OR_RETURN(const size_t column, schema->require(name));
    const Type& type = (*schema)[column].type;
    if (!plan::is_ordered(type)) {
      return Status::invalid("key column `" + name + "` is " + type.to_string() +
                             ", which has no order");
    }
    columns.push_back({column});
  }
  return StoredRows(std::make_unique<Impl>(std::move(schema), std::move(columns)));
}

Status StoredRows::read(const Batch& batch) {
  impl_->keys.read(batch);
  return impl_->codec.encode(batch);
}

std::span<const std::string_view> StoredRows::keys() const { return impl_->keys.keys(); }
std::span<const std::string_view> StoredRows::rows() const { return impl_->codec.rows(); }

Result<Batch> StoredRows::decode(std::span<const std::string_view> rows) const {
  Batch batch{impl_->codec.schema(), std::ssize(rows)};
  DF_RETURN_IF_ERROR(impl_->codec.decode(rows, batch.columns));
  return batch;
}

Result<std::string> StoredRows::key_prefix(std::span<const Value> values) const {
  if (values.size() > impl_->columns.size()) return Status::internal("a key has fewer columns");
  std::string plain;
  size_t done = 0;
  while (done < values.size() &&
         append_to_key(values[done], (*impl_->codec.schema())[impl_->columns[done].column].type,
                       plain)) {
    ++done;
  }
  if (done == values.size()) return plain;
  std::vector<Field> fields;
  std::vector<OrderKeyColumn> order;
  Batch batch{nullptr, 1};
  for (size_t i = 0; i < values.size(); ++i) {
    fields.push_back((*impl_->codec.schema())[impl_->columns[i].column]);
    order.push_back({i});
    DF_ASSIGN_OR_RETURN(ColumnPtr column, column_of(fields.back().type, {values[i]}));
    batch.columns.push_back(std::move(column));
  }
  batch.schema = std::make_shared<const Schema>(std::move(fields));
  OrderKeys keys(std::move(order));
  keys.read(batch);
  return std::string(keys.keys().front());
}

}  // namespace dataflow::engine
