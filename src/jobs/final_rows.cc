#include "final_rows.h"

#include <algorithm>
#include <cmath>

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

}  // namespace

std::vector<Row> final_rows(const sql::CompiledQuery& query, std::vector<Row> rows) {
  const auto before = [&](const Row& a, const Row& b) {
    for (const auto& key : query.order_by) {
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
  };
  if (!query.order_by.empty()) std::stable_sort(rows.begin(), rows.end(), before);
  const auto skipped = std::min<int64_t>(query.offset, std::ssize(rows));
  rows.erase(rows.begin(), rows.begin() + skipped);
  if (query.limit && *query.limit < std::ssize(rows)) {
    rows.resize(static_cast<size_t>(*query.limit));
  }
  for (Row& row : rows) row.resize(query.columns.size());
  return rows;
}

}  // namespace dataflow::jobs
