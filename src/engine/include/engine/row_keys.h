// RowKeys: the keys of a batch's rows as the engine sends rows to tasks by them: what an operator
// with keys finds its state under.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/batch.h"

namespace dataflow::engine {

class RowKeys {
 public:
  // kNotFound for a column that is not there.
  static Result<RowKeys> make(const std::vector<std::string>& columns, const Schema& schema);
  RowKeys(RowKeys&& other) noexcept;
  ~RowKeys();

  Status read(const Batch& batch);
  // Valid until the next read().
  std::span<const std::string_view> keys() const;
  std::span<const uint64_t> hashes() const;

 private:
  class Impl;
  explicit RowKeys(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dataflow::engine
