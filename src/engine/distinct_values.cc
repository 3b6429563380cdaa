#include "distinct_values.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"

namespace dataflow::engine {
namespace {

constexpr uint8_t kStateVersion = 1;
constexpr size_t kOwnerNumber = 0;  // columns of a chunk
constexpr size_t kValues = 1;       // u32 length and bytes, one after the other
// A chunk that has so many bytes is left alone: it is written again with each value it gets.
constexpr size_t kFullChunk = 1024;

template <class T>
void make_room(std::vector<T>& array, size_t index, T empty) {
  if (index >= array.size()) array.resize(std::max(index + 1, 2 * array.size()), empty);
}

}  // namespace

Status DistinctValues::open(OperatorContext& context, state::KeyedTable& owner,
                            const std::string& name) {
  owner_ = &owner;
  DF_ASSIGN_OR_RETURN(
      chunks_,
      context.table({name, kStateVersion, {state::ValueKind::kInt64, state::ValueKind::kBytes}}));
  std::vector<Row> chunks;
  chunks_->for_each([&](Row chunk) { chunks.push_back(chunk); });
  // As the values came.
  std::ranges::sort(chunks, {}, [this](Row chunk) { return chunks_->number(chunk); });
  for (const Row chunk : chunks) DF_RETURN_IF_ERROR(load_chunk(chunk));
  return {};
}

Status DistinctValues::load_chunk(Row chunk) {
  next_number_ = std::max(next_number_, chunks_->number(chunk) + 1);
  const auto damaged = [&](const char* words) {
    return Status::corrupt("the distinct values in table " + chunks_->spec().name + " " + words);
  };
  const auto group =
      owner_->find(chunks_->hash(chunk), chunks_->key(chunk), chunks_->ints(kOwnerNumber)[chunk]);
  if (!group) return damaged("belong to no group");
  make_room(first_chunk_, *group, kNone);
  make_room(next_chunk_, chunk, kNone);
  next_chunk_[chunk] = first_chunk_[*group];
  first_chunk_[*group] = chunk;
  std::string_view bytes = chunks_->bytes(kValues)[chunk];
  while (!bytes.empty()) {
    if (bytes.size() < 4) return damaged("are cut short");
    const size_t size = load_le32(bytes.data());
    bytes.remove_prefix(4);
    if (bytes.size() < size) return damaged("are cut short");
    const std::string_view value = bytes.substr(0, size);
    bytes.remove_prefix(size);
    bool made = false;
    const Row row = index_.upsert(hash64(value), value, *group, &made);
    if (made) link(row, *group);
  }
  return {};
}

void DistinctValues::link(Row value, Row group) {
  make_room(first_, group, kNone);
  make_room(next_, value, kNone);
  next_[value] = first_[group];
  first_[group] = value;
}

void DistinctValues::add(std::span<const uint64_t> hashes, std::span<const std::string_view> values,
                         std::span<const Row> groups, std::vector<size_t>& fresh) {
  fresh.clear();
  numbers_.assign(groups.begin(), groups.end());
  rows_.resize(values.size());
  made_.clear();
  index_.upsert_all(hashes, values, numbers_, rows_, &made_);
  // A row is made for the first of the values that have it.
  size_t next = 0;
  for (size_t i = 0; i < rows_.size() && next < made_.size(); ++i) {
    const Row row = rows_[i];
    if (row != made_[next]) continue;
    ++next;
    fresh.push_back(i);
    link(row, groups[i]);
    if (chunks_ == nullptr) continue;
    make_room(unsaved_at_, row, Row{0});
    unsaved_.push_back(row);
    unsaved_at_[row] = static_cast<Row>(unsaved_.size());
  }
}

void DistinctValues::append_values(Row group, std::vector<std::string_view>& values,
                                   std::vector<uint64_t>& hashes) const {
  if (group >= first_.size()) return;
  for (Row row = first_[group]; row != kNone; row = next_[row]) {
    values.push_back(index_.key(row));
    hashes.push_back(index_.hash(row));
  }
}

void DistinctValues::clear(Row group) {
  if (group < first_.size()) {
    for (Row row = first_[group]; row != kNone;) {
      const Row next = next_[row];
      if (row < unsaved_at_.size()) unsaved_at_[row] = 0;
      index_.erase(row);
      row = next;
    }
    first_[group] = kNone;
  }
  if (group >= first_chunk_.size()) return;
  for (Row chunk = first_chunk_[group]; chunk != kNone;) {
    const Row next = next_chunk_[chunk];
    chunks_->erase(chunk);
    chunk = next;
  }
  first_chunk_[group] = kNone;
}

void DistinctValues::append_to_chunk(Row group, std::string_view value) {
  make_room(first_chunk_, group, kNone);
  Row chunk = first_chunk_[group];
  if (chunk == kNone || chunks_->bytes(kValues)[chunk].size() >= kFullChunk) {
    const Row full = chunk;
    chunk = chunks_->upsert(owner_->hash(group), owner_->key(group), next_number_++);
    chunks_->ints(kOwnerNumber)[chunk] = owner_->number(group);
    make_room(next_chunk_, chunk, kNone);
    next_chunk_[chunk] = full;
    first_chunk_[group] = chunk;
  }
  char size[4];
  store_le32(size, static_cast<uint32_t>(value.size()));
  chunks_->bytes(kValues)[chunk].append(size, sizeof size).append(value);
  chunks_->note_bytes(std::ssize(value) + std::ssize(size));
  chunks_->mark_changed(chunk);
}

void DistinctValues::save() {
  for (size_t i = 0; i < unsaved_.size(); ++i) {
    const Row row = unsaved_[i];
    if (unsaved_at_[row] != i + 1) continue;
    unsaved_at_[row] = 0;
    append_to_chunk(static_cast<Row>(index_.number(row)), index_.key(row));
  }
  unsaved_.clear();
}

}  // namespace dataflow::engine
