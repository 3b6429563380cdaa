#include "engine/row_keys.h"

#include "key_columns.h"

namespace dataflow::engine {

class RowKeys::Impl {
 public:
  explicit Impl(std::vector<size_t> columns) : columns(std::move(columns)) {}
  KeyColumns columns;
};

RowKeys::RowKeys(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RowKeys::RowKeys(RowKeys&& other) noexcept = default;
RowKeys::~RowKeys() = default;

Result<RowKeys> RowKeys::make(const std::vector<std::string>& columns, const Schema& schema) {
  DF_ASSIGN_OR_RETURN(std::vector<size_t> found, key_columns_of(columns, schema));
  return RowKeys(std::make_unique<Impl>(std::move(found)));
}

Status RowKeys::read(const Batch& batch) { return impl_->columns.read(batch); }
std::span<const std::string_view> RowKeys::keys() const { return impl_->columns.keys(); }
std::span<const uint64_t> RowKeys::hashes() const { return impl_->columns.hashes(); }

}  // namespace dataflow::engine
