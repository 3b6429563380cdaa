#include "final_rows.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/units.h"

namespace dataflow::jobs {
namespace {

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// Of one type, neither NULL.
int compare(const Value& a, const Value& b) {
  switch (a.type().id()) {
    case TypeId::kBoolean: return order(a.as_bool(), b.as_bool());
    case TypeId::kFloat32:
    case TypeId::kFloat64: {
      // NaN is the greatest, as in Java.
      const bool left = std::isnan(a.as_double());
      const bool right = std::isnan(b.as_double());
      return left || right ? order(left, right) : order(a.as_double(), b.as_double());
    }
    case TypeId::kDecimal: return order(a.as_decimal(), b.as_decimal());
    case TypeId::kString:
    case TypeId::kBytes:
    case TypeId::kJson: return order(a.as_text(), b.as_text());
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kRow: {
      const Value::List& left = a.as_list();
      const Value::List& right = b.as_list();
      for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
        if (left[i].is_null() || right[i].is_null()) {
          if (left[i].is_null() != right[i].is_null()) return left[i].is_null() ? -1 : 1;
        } else if (const int way = compare(left[i], right[i]); way != 0) {
          return way;
        }
      }
      return order(left.size(), right.size());
    }
    case TypeId::kNull: return 0;
    default: return order(a.as_int(), b.as_int());
  }
}

// Whether one row is in front of another.
class InFront {
 public:
  explicit InFront(const sql::CompiledQuery& query) : query_(query) {}
  bool operator()(const Row& a, const Row& b) const {
    for (const auto& key : query_.order_by) {
      const Value& left = a[key.column];
      const Value& right = b[key.column];
      if (left.is_null() || right.is_null()) {
        if (left.is_null() == right.is_null()) continue;
        return left.is_null() == key.nulls_first;
      }
      const int way = compare(left, right);
      if (way != 0) return key.descending ? way > 0 : way < 0;
    }
    return false;
  }

 private:
  const sql::CompiledQuery& query_;
};

constexpr size_t kCutAtLeast = 4096;

}  // namespace

std::vector<Row> final_rows(const sql::CompiledQuery& query, std::vector<Row> rows) {
  if (!query.order_by.empty()) std::stable_sort(rows.begin(), rows.end(), InFront(query));
  const auto skipped = std::min<int64_t>(query.offset, std::ssize(rows));
  rows.erase(rows.begin(), rows.begin() + skipped);
  if (query.limit && *query.limit < std::ssize(rows)) {
    rows.resize(static_cast<size_t>(*query.limit));
  }
  for (Row& row : rows) row.resize(query.columns.size());
  return rows;
}

size_t result_memory(const sql::Settings& settings) {
  constexpr size_t kPlain = size_t{256} << 20;
  const auto found = settings.given().find("query.result-memory");
  if (found == settings.given().end()) return kPlain;
  const Result<int64_t> bytes = parse_bytes(found->second);
  return bytes.ok() && *bytes > 0 ? static_cast<size_t>(*bytes) : kPlain;
}

KeptRows::KeptRows(const sql::CompiledQuery& query, size_t most_bytes)
    : query_(query), most_bytes_(most_bytes) {
  if (!query.limit || *query.limit > INT64_MAX - query.offset) return;
  wanted_ = static_cast<size_t>(*query.limit + query.offset);
}

Status KeptRows::add(const Batch& batch) {
  std::vector<Row> rows;
  size_t bytes = 0;
  for (int64_t row = 0; row < batch.rows; ++row) {
    if (batch.kind(row) != RowKind::kInsert) return Status::internal("a final row was taken back");
    rows.push_back(row_of(batch, row));
    bytes += bytes_of(rows.back());
  }
  const std::lock_guard lock(mutex_);
  std::move(rows.begin(), rows.end(), std::back_inserter(rows_));
  bytes_ += bytes;
  if (rows_.size() > wanted_ && rows_.size() - wanted_ > std::max(wanted_, kCutAtLeast)) cut();
  if (bytes_ <= most_bytes_) return {};
  return Status::too_large(
      "the result takes more than " + format_bytes(static_cast<int64_t>(most_bytes_)) +
      " of memory: ORDER BY gives its first row when the last one is known; add a LIMIT, leave "
      "ORDER BY out, or SET 'query.result-memory' = '" +
      format_bytes(static_cast<int64_t>(most_bytes_) * 4) + "'");
}

// What more than `wanted_` others are in front of is in no result.
void KeptRows::cut() {
  std::stable_sort(rows_.begin(), rows_.end(), InFront(query_));
  rows_.resize(wanted_);
  bytes_ = 0;
  for (const Row& row : rows_) bytes_ += bytes_of(row);
}

std::vector<Row> KeptRows::take() {
  const std::lock_guard lock(mutex_);
  return final_rows(query_, std::exchange(rows_, {}));
}

}  // namespace dataflow::jobs
