// One open RocksDB, tuned small: a few MiB of memory, one flush and one compaction thread shared by
// the process. Keys here begin with their table's id.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/env.h"
#include "meta/store.h"
#include "rocks_file_system.h"

namespace dataflow::meta {

class Database {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // Creates it if it is missing (kReadWrite). check_logs() must have passed before.
  static Result<std::unique_ptr<Database>> open(Env& env, const std::string& dir,
                                                const StoreOptions& options,
                                                std::shared_ptr<SyncWatch> watch, Access access);
  virtual ~Database() = default;

  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  // `visit` gets whole keys.
  virtual Status scan(std::string_view prefix,
                      const std::function<bool(std::string_view, std::string_view)>& visit) = 0;
  // Of the rows whose keys begin with `prefix`, as they lie in table files.
  virtual uint64_t approximate_bytes(std::string_view prefix) = 0;
  // All batches as one record of the write-ahead log, synced.
  virtual Status write(std::span<const WriteBatch* const> batches) = 0;
  // The first failure of a flush or compaction, which RocksDB would not tell of until a later
  // write.
  virtual Status background_failure() = 0;
  virtual Status close() = 0;
};

// The least key above all that begin with `prefix`, which has a byte below 0xFF.
std::string prefix_successor(std::string_view prefix);

}  // namespace dataflow::meta
