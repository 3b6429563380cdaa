#include "waiting_rows.h"

#include <algorithm>

#include "memory_of.h"

namespace dataflow::engine {
namespace {

constexpr uint8_t kStateVersion = 1;

}  // namespace

Status WaitingRows::open(OperatorContext& context, const std::string& table) {
  using state::ValueKind;
  DF_ASSIGN_OR_RETURN(
      table_, context.table({table, kStateVersion, {ValueKind::kInt64, ValueKind::kBytes}}));
  table_->for_each([&](Row row) {
    put({micros(row), number(row), row});
    next_number_ = std::max(next_number_, number(row) + 1);
  });
  return {};
}

void WaitingRows::put(const Entry& entry) {
  heap_.push_back(entry);
  std::ranges::push_heap(heap_, std::greater<>());
}

WaitingRows::Row WaitingRows::take() {
  std::ranges::pop_heap(heap_, std::greater<>());
  const Row row = heap_.back().row;
  heap_.pop_back();
  return row;
}

void WaitingRows::keep(const TimedRows& rows, std::span<const TimedRows::Arrival> arrivals) {
  hashes_.clear();
  keys_.clear();
  numbers_.clear();
  for (const TimedRows::Arrival& arrival : arrivals) {
    hashes_.push_back(rows.hash(arrival.row));
    keys_.push_back(rows.key(arrival.row));
    numbers_.push_back(next_number_++);
  }
  rows_.resize(arrivals.size());
  table_->upsert_all(hashes_, keys_, numbers_, rows_, nullptr);
  int64_t* const micros = table_->ints(kMicros);
  std::string* const bytes = table_->bytes(kRow);
  int64_t size = 0;
  for (size_t i = 0; i < arrivals.size(); ++i) {
    micros[rows_[i]] = arrivals[i].micros;
    bytes[rows_[i]] = rows.bytes(arrivals[i].row);
    size += std::ssize(bytes[rows_[i]]);
    put({arrivals[i].micros, numbers_[i], rows_[i]});
  }
  table_->note_bytes(size);
}

size_t WaitingRows::memory_bytes() const { return memory_of(heap_); }

}  // namespace dataflow::engine
