#include "base_rows.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace dataflow::state {

namespace {

struct Version {
  std::string_view key;
  int64_t number;
  uint32_t delta;  // later ones are newer
  uint32_t row;
  uint32_t put;

  bool operator<(const Version& other) const {
    const int order = key.compare(other.key);
    if (order != 0) return order < 0;
    return number != other.number ? number < other.number : delta < other.delta;
  }
  bool same_row_as(const Version& other) const {
    return key == other.key && number == other.number;
  }
};

std::vector<Version> versions_of_group(std::span<const DeltaReader> deltas, int group) {
  std::vector<Version> versions;
  for (uint32_t i = 0; i < deltas.size(); ++i) {
    const DeltaReader& delta = deltas[i];
    uint32_t put = delta.first_put(group);
    for (uint32_t row = delta.group_begin(group); row < delta.group_begin(group + 1); ++row) {
      versions.push_back({delta.key(row), delta.number(row), i, row, put});
      put += delta.is_put(row) ? 1 : 0;
    }
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

std::string base_value(const DeltaReader& delta, uint32_t put) {
  std::string value;
  for (size_t column = 0; column < delta.spec().columns.size(); ++column) {
    const std::string_view part = delta.value(column, put);
    if (delta.spec().columns[column] == ValueKind::kBytes) {
      append_le32(value, static_cast<uint32_t>(part.size()));
    }
    value.append(part);
  }
  return value;
}

}  // namespace

std::string base_prefix(std::string_view operator_id, std::string_view table) {
  return named_key(RowKind::kBase, operator_id, table);
}

BaseBlocks::BaseBlocks(TableSpec spec, size_t prefix_size)
    : spec_(std::move(spec)), prefix_size_(prefix_size) {
  clear();
}

void BaseBlocks::clear() {
  rows_ = {};
  rows_.columns.resize(spec_.columns.size());
  bytes_ = 0;
}

Status BaseBlocks::add(std::string_view key_bytes, std::string_view value) {
  meta::KeyReader reader(key_bytes.substr(prefix_size_));
  DF_ASSIGN_OR_RETURN(const uint8_t group, reader.u8());
  DF_ASSIGN_OR_RETURN(const std::string key, reader.string());
  DF_ASSIGN_OR_RETURN(const int64_t number, reader.i64());
  DF_RETURN_IF_ERROR(reader.finish());
  if (group >= kKeyGroups) return Status::corrupt("a base row has no key group");
  DF_RETURN_IF_ERROR(add_values(value));
  ++rows_.group_rows[group];
  rows_.put.push_back(true);
  rows_.key_lengths.push_back(static_cast<uint32_t>(key.size()));
  rows_.keys.append(key);
  rows_.numbers.push_back(number);
  bytes_ += key.size() + value.size() + 16;
  return {};
}

Status BaseBlocks::add_values(std::string_view value) {
  size_t at = 0;
  for (size_t i = 0; i < spec_.columns.size(); ++i) {
    size_t size = fixed_width(spec_.columns[i]);
    if (size == 0) {
      if (value.size() - at < 4) return Status::corrupt("a base row is too short");
      size = load_le32(value.data() + at);
      at += 4;
      rows_.columns[i].lengths.push_back(static_cast<uint32_t>(size));
    }
    if (value.size() - at < size) return Status::corrupt("a base row is too short");
    rows_.columns[i].values.append(value.substr(at, size));
    at += size;
  }
  if (at != value.size()) return Status::corrupt("a base row is too long");
  return {};
}

DeltaBlock BaseBlocks::take() {
  DeltaBlock block = encode_delta(spec_, rows_);
  clear();
  return block;
}

Status merge_deltas(std::span<const DeltaReader> oldest_first, std::string_view prefix,
                    const BaseChange& change) {
  for (int group = 0; group < kKeyGroups; ++group) {
    const std::vector<Version> versions = versions_of_group(oldest_first, group);
    for (size_t i = 0; i < versions.size(); ++i) {
      const Version& version = versions[i];
      if (i + 1 < versions.size() && version.same_row_as(versions[i + 1])) continue;
      meta::KeyWriter key;
      key.fixed(prefix).u8(static_cast<uint8_t>(group)).string(version.key).i64(version.number);
      const DeltaReader& delta = oldest_first[version.delta];
      std::optional<std::string> value;
      if (delta.is_put(version.row)) value = base_value(delta, version.put);
      DF_RETURN_IF_ERROR(change(key.bytes(), value));
    }
  }
  return {};
}

}  // namespace dataflow::state
