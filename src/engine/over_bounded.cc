#include <algorithm>

#include "key_columns.h"
#include "operators.h"
#include "order_key.h"
#include "over_functions.h"
#include "over_operators.h"
#include "row_codec.h"

namespace dataflow::engine {
namespace {

using state::RowNumber;
using state::ValueKind;

constexpr uint8_t kStateVersion = 1;
// Partitions are put together until there are so many rows; one alone may have more.
constexpr size_t kAtOnce = 8192;

// Each row of a bounded job with aggregates over those around it, in whatever order. State (table
// "rows"): all rows, until the end of the input; then they leave, a partition at a time, of which
// the columns are in memory once more.
class BoundedOver final : public Operator {
 public:
  BoundedOver(std::vector<size_t> keys, std::vector<OrderKeyColumn> order, RowCodec codec,
              std::unique_ptr<OverFunctions> functions)
      : keys_(std::move(keys)),
        order_(std::move(order)),
        codec_(std::move(codec)),
        functions_(std::move(functions)) {}

  Status open(OperatorContext& context) override {
    DF_ASSIGN_OR_RETURN(
        table_, context.table({"rows", kStateVersion, {ValueKind::kBytes, ValueKind::kBytes}}));
    table_->for_each(
        [&](RowNumber row) { next_number_ = std::max(next_number_, table_->number(row) + 1); });
    return functions_->open(context, nullptr);
  }

  Status on_batch(size_t /*input*/, const Batch& batch, Collector& /*out*/) override {
    DF_RETURN_IF_ERROR(keys_.read(batch));
    DF_RETURN_IF_ERROR(codec_.encode(batch));
    order_.read(batch);
    const auto count = static_cast<size_t>(batch.rows);
    numbers_.resize(count);
    rows_.resize(count);
    for (int64_t& number : numbers_) number = next_number_++;
    table_->upsert_all(keys_.hashes(), keys_.keys(), numbers_, rows_, nullptr);
    std::string* const orders = table_->bytes(kOrder);
    std::string* const bytes = table_->bytes(kRow);
    int64_t size = 0;
    for (size_t i = 0; i < count; ++i) {
      orders[rows_[i]] = order_.keys()[i];
      bytes[rows_[i]] = codec_.rows()[i];
      size += std::ssize(orders[rows_[i]]) + std::ssize(bytes[rows_[i]]);
    }
    table_->note_bytes(size);
    return {};
  }

  Status on_watermark(Watermark watermark, Collector& out) override {
    if (watermark != kEndOfTime) return {};
    sort_rows();
    OverRows rows;
    for (size_t i = 0; i < rows_.size();) {
      const size_t begin = i;
      while (i < rows_.size() && same_partition(rows_[begin], rows_[i])) ++i;
      if (!rows.rows.empty() && rows.rows.size() + (i - begin) > kAtOnce) {
        DF_RETURN_IF_ERROR(leave(rows, out));
      }
      rows.parts.push_back({rows.rows.size(), rows.rows.size(), rows.rows.size() + i - begin, {}});
      rows.rows.insert(rows.rows.end(), rows_.begin() + static_cast<ptrdiff_t>(begin),
                       rows_.begin() + static_cast<ptrdiff_t>(i));
    }
    if (!rows.rows.empty()) DF_RETURN_IF_ERROR(leave(rows, out));
    for (const RowNumber row : rows_) table_->erase(row);
    rows_.clear();
    return {};
  }

  size_t index_bytes() const override { return functions_->memory_bytes(); }

 private:
  static constexpr size_t kOrder = 0;
  static constexpr size_t kRow = 1;

  bool same_partition(RowNumber a, RowNumber b) const {
    return table_->hash(a) == table_->hash(b) && table_->key(a) == table_->key(b);
  }

  // By partition, order and arrival.
  void sort_rows() {
    struct Entry {
      uint64_t hash;
      uint64_t head;
      RowNumber row;
    };
    const std::string* const orders = table_->bytes(kOrder);
    std::vector<Entry> entries;
    table_->for_each([&](RowNumber row) {
      entries.push_back({table_->hash(row), order_key_head(orders[row]), row});
    });
    std::ranges::sort(entries, [&](const Entry& a, const Entry& b) {
      if (a.hash != b.hash) return a.hash < b.hash;
      // Keys of one hash, which hardly ever differ.
      const int by_key = table_->key(a.row).compare(table_->key(b.row));
      if (by_key != 0) return by_key < 0;
      if (a.head != b.head) return a.head < b.head;
      const int by_order = orders[a.row].compare(orders[b.row]);
      if (by_order != 0) return by_order < 0;
      return table_->number(a.row) < table_->number(b.row);
    });
    rows_.clear();
    for (const Entry& entry : entries) rows_.push_back(entry.row);
  }

  void put_places(OverRows& rows) const {
    const std::string* const orders = table_->bytes(kOrder);
    int64_t place = 0;
    for (size_t i = 0; i < rows.rows.size(); ++i) {
      // Between partitions it does not matter.
      if (i > 0 && orders[rows.rows[i]] != orders[rows.rows[i - 1]]) ++place;
      rows.places.push_back(place);
    }
  }

  Status leave(OverRows& rows, Collector& out) {
    views_.clear();
    for (const RowNumber row : rows.rows) views_.push_back(table_->bytes(kRow)[row]);
    rows.batch = {codec_.schema(), std::ssize(views_)};
    DF_RETURN_IF_ERROR(codec_.decode(views_, rows.batch.columns));
    put_places(rows);
    DF_RETURN_IF_ERROR(functions_->emit(rows, out));
    rows = {};
    return {};
  }

  KeyColumns keys_;
  OrderKeys order_;
  RowCodec codec_;
  const std::unique_ptr<OverFunctions> functions_;
  state::KeyedTable* table_ = nullptr;
  int64_t next_number_ = 0;

  // Used again.
  std::vector<int64_t> numbers_;
  std::vector<RowNumber> rows_;
  std::vector<std::string_view> views_;
};

}  // namespace

Result<std::unique_ptr<Operator>> make_bounded_over(const plan::OverSpec& spec,
                                                    const SchemaPtr& input, SchemaPtr output) {
  DF_ASSIGN_OR_RETURN(std::vector<size_t> keys, key_columns_of(spec.keys, *input));
  DF_ASSIGN_OR_RETURN(std::vector<OrderKeyColumn> order, order_key_columns(spec.order, *input));
  DF_ASSIGN_OR_RETURN(auto functions, OverFunctions::make(spec, *input, std::move(output), false));
  return std::unique_ptr<Operator>(std::make_unique<BoundedOver>(
      std::move(keys), std::move(order), RowCodec(input), std::move(functions)));
}

}  // namespace dataflow::engine
