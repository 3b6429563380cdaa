#include "rank_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "row_text.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;

template <class T>
int sign(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare_values(const Value& a, const Value& b) {
  switch (a.type().id()) {
    case TypeId::kBoolean: return sign(a.as_bool(), b.as_bool());
    case TypeId::kDecimal: return sign(a.as_decimal(), b.as_decimal());
    case TypeId::kString:
    case TypeId::kBytes: return sign(a.as_text().compare(b.as_text()), 0);
    case TypeId::kFloat64:
      if (std::isnan(a.as_double()) || std::isnan(b.as_double())) {
        return sign(std::isnan(a.as_double()), std::isnan(b.as_double()));
      }
      return sign(a.as_double(), b.as_double());
    default: return sign(a.as_int(), b.as_int());
  }
}

}  // namespace

SchemaPtr rank_schema() {
  static const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{"k", Type::string()},
                                                        {"j", Type::int32()},
                                                        {"whole", Type::int64()},
                                                        {"real", Type::float64()},
                                                        {"amount", Type::decimal(20, 2)},
                                                        {"flag", Type::boolean()},
                                                        {"word", Type::string()},
                                                        {"at", Type::timestamp(3), false},
                                                        {"id", Type::int64(), false}});
  return schema;
}

RankRow random_rank_row(Random& random, int64_t id) {
  const auto below = [&](int64_t limit) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
  };
  const auto or_null = [&](Value value) {
    return below(9) == 0 ? Value::null(value.type()) : value;
  };
  const double reals[] = {
      -1e300, -0.5, -0.0, 0.0, 2.0, std::nan(""), std::numeric_limits<double>::infinity()};
  const std::string words[] = {"", "a", "ab", "b", "\xc3\xa4", "a long word that goes on"};
  return {or_null(Value::string("key " + std::to_string(below(5)))),
          or_null(Value::integer(Type::int32(), below(2))),
          or_null(Value::int64(below(7) - 3)),
          or_null(Value::float64(reals[below(7)])),
          or_null(Value::decimal(Type::decimal(20, 2), (below(5) - 2) * 1'000'000'000'000)),
          or_null(Value::boolean(below(2) == 0)),
          or_null(Value::string(words[below(6)])),
          Value::integer(Type::timestamp(3), 1000 * below(10)),
          Value::int64(id)};
}

std::vector<plan::OrderColumn> random_rank_order(Random& random) {
  std::vector<std::string> names = {"whole", "real", "amount", "flag", "word", "at"};
  std::ranges::shuffle(names, random);
  names.resize(1 + random() % 3);
  std::vector<plan::OrderColumn> order;
  for (const std::string& name : names)
    order.push_back({name, random() % 2 == 0, random() % 2 == 0});
  return order;
}

int compare_in_order(const Schema& schema, const std::vector<plan::OrderColumn>& order,
                     const RankRow& a, const RankRow& b) {
  for (const plan::OrderColumn& by : order) {
    const Value& one = a[*schema.find(by.column)];
    const Value& other = b[*schema.find(by.column)];
    if (one.is_null() && other.is_null()) continue;
    if (one.is_null() || other.is_null()) return one.is_null() == by.nulls_first ? -1 : 1;
    const int compared = compare_values(one, other);
    if (compared != 0) return by.descending ? -compared : compared;
  }
  return 0;
}

std::vector<std::string> ranked_rows(const SchemaPtr& schema, const plan::RankSpec& spec,
                                     const std::vector<RankRow>& rows) {
  std::vector<Field> fields = schema->fields();
  if (!spec.number.empty()) fields.push_back({spec.number, Type::int64(), false});
  const auto output = std::make_shared<const Schema>(std::move(fields));
  std::map<std::string, std::vector<RankRow>> partitions;
  for (const RankRow& row : rows) {
    std::string key;
    for (const std::string& name : spec.keys) {
      const Value& value = row[*schema->find(name)];
      key += (value.is_null() ? "N" : "V" + value.to_string()) + "|";
    }
    partitions[key].push_back(row);
  }
  std::vector<RankRow> shown;
  for (auto& [key, partition] : partitions) {
    std::ranges::stable_sort(partition, [&](const RankRow& a, const RankRow& b) {
      return compare_in_order(*schema, spec.order, a, b) < 0;
    });
    for (size_t i = 0; i < partition.size(); ++i) {
      const auto place = static_cast<int64_t>(i + 1);
      if (place < spec.first || (spec.last > 0 && place > spec.last)) continue;
      if (!spec.number.empty()) partition[i].push_back(Value::int64(place));
      shown.push_back(partition[i]);
    }
  }
  const Batch batch = *batch_of(output, shown);
  std::vector<std::string> ranked;
  for (int64_t row = 0; row < batch.rows; ++row) ranked.push_back(row_text(batch, row));
  return ranked;
}

}  // namespace dataflow::engine
