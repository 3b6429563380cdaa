#include "meta/store.h"

namespace dataflow::meta {

void WriteBatch::put(Table table, std::string_view key, std::string_view value) {
  add(Kind::kPut, table, key, value);
}

void WriteBatch::remove(Table table, std::string_view key) { add(Kind::kRemove, table, key, {}); }

void WriteBatch::remove_prefix(Table table, std::string_view prefix) {
  add(Kind::kRemovePrefix, table, prefix, {});
}

void WriteBatch::add(Kind kind, Table table, std::string_view key, std::string_view value) {
  std::string full_key;
  full_key.reserve(1 + key.size());
  full_key.push_back(static_cast<char>(table.id));
  full_key.append(key);
  bytes_ += full_key.size() + value.size();
  operations_.push_back({kind, std::move(full_key), std::string(value)});
}

}  // namespace dataflow::meta
