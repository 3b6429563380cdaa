#include "group_reference.h"

#include <algorithm>

#include "window_reference.h"

namespace dataflow::engine {

GroupReference::GroupReference(plan::GroupSpec spec, SchemaPtr input, SchemaPtr output)
    : spec_(std::move(spec)), input_(std::move(input)), output_(std::move(output)) {}

std::string GroupReference::key_of(const Row& row) const {
  std::string key;
  for (const std::string& name : spec_.keys) {
    const Value& value = row[*input_->find(name)];
    key += (value.is_null() ? "N" : "V" + value.to_string()) + "|";
  }
  return key;
}

bool GroupReference::counts(const plan::Aggregate& aggregate, const Row& row) const {
  if (aggregate.filter == nullptr) return true;
  const Value& wanted = row[*input_->find(aggregate.filter->name)];
  return !wanted.is_null() && wanted.as_bool();
}

void GroupReference::add(const Row& row) {
  Group& group = groups_[key_of(row)];
  ++group.rows;
  group.any = row;
  group.kept.resize(spec_.aggregates.size());
  for (size_t i = 0; i < spec_.aggregates.size(); ++i) {
    if (counts(spec_.aggregates[i], row)) group.kept[i].push_back(row);
  }
}

void GroupReference::take_back(const Row& row) {
  const auto found = groups_.find(key_of(row));
  if (found == groups_.end()) return;
  Group& group = found->second;
  for (size_t i = 0; i < spec_.aggregates.size(); ++i) {
    const plan::Aggregate& aggregate = spec_.aggregates[i];
    if (!counts(aggregate, row)) continue;
    const auto is_like_it = [&](const Row& kept) {
      if (aggregate.argument == nullptr) return true;
      return std::ranges::all_of(argument_columns(aggregate), [&](const std::string& name) {
        const size_t column = *input_->find(name);
        return kept[column] == row[column];
      });
    };
    const auto first = std::ranges::find_if(group.kept[i], is_like_it);
    if (first != group.kept[i].end()) group.kept[i].erase(first);
  }
  if (--group.rows == 0) groups_.erase(found);
}

std::string GroupReference::text_of(const Group& group) const {
  std::string text = "{";
  for (size_t i = 0; i < output_->size(); ++i) {
    const Field& field = (*output_)[i];
    Value value;
    if (i < spec_.keys.size()) {
      value = group.any[*input_->find(spec_.keys[i])];
    } else {
      std::vector<const Row*> rows;
      const size_t of = i - spec_.keys.size();
      for (const Row& row : group.kept[of]) rows.push_back(&row);
      value = reference_aggregate(spec_.aggregates[of], *input_, field.type, rows);
    }
    text += (i > 0 ? ", " : "") + field.name + "=" + value.to_string();
  }
  return text + "}";
}

std::vector<std::string> GroupReference::rows() const {
  std::vector<std::string> rows;
  for (const auto& [key, group] : groups_) rows.push_back(text_of(group));
  std::ranges::sort(rows);
  return rows;
}

SchemaPtr sale_schema() {
  static const SchemaPtr schema =
      std::make_shared<Schema>(std::vector<Field>{{"id", Type::int64()},
                                                  {"shop", Type::string()},
                                                  {"room", Type::int32()},
                                                  {"n", Type::int64()},
                                                  {"d", Type::float64()},
                                                  {"f", Type::float32()},
                                                  {"price", Type::decimal(10, 2)},
                                                  {"word", Type::string()},
                                                  {"flag", Type::boolean()},
                                                  {"day", Type::date()}});
  return schema;
}

std::vector<Value> random_sale(std::mt19937_64& random, int64_t id) {
  const auto below = [&](int64_t limit) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
  };
  const auto or_null = [&](Value value) {
    return below(8) == 0 ? Value::null(value.type()) : value;
  };
  // Floats whose sums are exact, in whatever order.
  return {Value::int64(id),
          or_null(Value::string("shop_" + std::to_string(below(5)))),
          or_null(Value::integer(Type::int32(), below(2))),
          or_null(Value::int64(below(12) - 6)),
          or_null(Value::float64(static_cast<double>(below(16) - 8) / 4)),
          or_null(Value::floating(Type::float32(), static_cast<double>(below(9) - 4) / 2)),
          or_null(Value::decimal(Type::decimal(10, 2), below(40) - 20)),
          or_null(Value::string(std::string(static_cast<size_t>(below(3)), 'x') +
                                std::to_string(below(4)))),
          or_null(Value::boolean(below(2) == 0)),
          or_null(Value::integer(Type::date(), below(6) - 3))};
}

plan::Aggregate aggregate_of(const std::string& function, const std::string& column,
                             const std::string& name, bool distinct, const std::string& filter) {
  return {function, column.empty() ? nullptr : expr::column(column), distinct,
          filter.empty() ? nullptr : expr::column(filter), name};
}

std::vector<plan::Aggregate> list_aggregates() {
  const auto with = [](plan::Aggregate aggregate, const std::string& parameter) {
    aggregate.parameters = {*expr::parse_expression(parameter)};
    return aggregate;
  };
  const auto of_two = [](const std::string& function, const std::string& argument,
                         const std::string& name, std::vector<plan::ValueOrder> order = {}) {
    plan::Aggregate aggregate = aggregate_of(function, "", name);
    aggregate.argument = *expr::parse_expression(argument);
    aggregate.order = std::move(order);
    return aggregate;
  };
  const plan::ValueOrder up, down{true, false}, down_first{true, true};
  plan::Aggregate different = of_two("ARRAY_AGG", "ROW(d, d)", "sorted_d", {down_first});
  different.distinct = true;
  return {of_two("LISTAGG", "ROW(word, n)", "list_by_n", {down}),
          of_two("ARRAY_AGG", "ROW(n, price, word)", "n_by_price", {down_first, up}),
          different,
          with(of_two("PERCENTILE_DISC", "ROW(price, price)", "some_price", {up}), "0.4"),
          with(aggregate_of("PERCENTILE_DISC", "word", "word_disc"), "ARRAY[0, 0.5, 1]"),
          aggregate_of("MODE", "word", "usual"),
          of_two("MODE", "ROW(n, n)", "greatest_usual", {down}),
          aggregate_of("COLLECT", "n", "ns_counted", false, "flag"),
          aggregate_of("BOOL_AND", "flag", "all_flags"),
          aggregate_of("BOOL_OR", "flag", "any_flag"),
          aggregate_of("BIT_AND", "n", "bits_of_all"),
          aggregate_of("BIT_OR", "n", "bits_of_any"),
          aggregate_of("BIT_XOR", "n", "odd_bits", true),
          of_two("REGR_SXY", "ROW(d, n)", "sxy"),
          of_two("REGR_COUNT", "ROW(d, n)", "pairs"),
          of_two("COVAR_SAMP", "ROW(d, n)", "covariance"),
          aggregate_of("LISTAGG", "word", "list"),
          with(aggregate_of("LISTAGG", "word", "each_word", true), "'; '"),
          aggregate_of("ARRAY_AGG", "word", "words_of", false, "flag"),
          with(aggregate_of("ARRAY_AGG", "n", "array_n"), "'IGNORE NULLS'"),
          aggregate_of("ARRAY_AGG", "d", "each_of_d", true),
          aggregate_of("MEDIAN", "n", "median_n"),
          with(aggregate_of("PERCENTILE", "price", "most_price", true), "0.9"),
          with(aggregate_of("PERCENTILE", "d", "quarters"), "ARRAY[0.25, 0.5, 1]")};
}

std::vector<plan::Aggregate> sale_aggregates(bool by_arrival) {
  std::vector<plan::Aggregate> all = {aggregate_of("COUNT", "", "rows"),
                                      aggregate_of("COUNT", "", "flagged", false, "flag"),
                                      aggregate_of("COUNT", "word", "words"),
                                      aggregate_of("SUM", "n", "sum_n"),
                                      aggregate_of("SUM", "n", "sum_of", false, "flag"),
                                      aggregate_of("AVG", "n", "avg_n"),
                                      aggregate_of("SUM", "d", "sum_d"),
                                      aggregate_of("AVG", "f", "avg_f"),
                                      aggregate_of("SUM", "price", "sum_price"),
                                      aggregate_of("AVG", "price", "avg_price"),
                                      aggregate_of("MIN", "n", "min_n"),
                                      aggregate_of("MAX", "n", "max_of", false, "flag"),
                                      aggregate_of("MAX", "d", "max_d"),
                                      aggregate_of("MIN", "f", "min_f"),
                                      aggregate_of("MIN", "price", "min_price"),
                                      aggregate_of("MAX", "word", "max_word"),
                                      aggregate_of("MIN", "word", "min_word", true),
                                      aggregate_of("MAX", "flag", "max_flag"),
                                      aggregate_of("MIN", "day", "min_day"),
                                      aggregate_of("COUNT", "n", "ns", true),
                                      aggregate_of("COUNT", "word", "some", true, "flag"),
                                      aggregate_of("SUM", "n", "each_n", true),
                                      aggregate_of("AVG", "d", "each_d", true)};
  if (!by_arrival) return all;
  // Integers: what rounding leaves of deviations does not show in them.
  all.push_back(aggregate_of("VAR_POP", "n", "var_n"));
  all.push_back(aggregate_of("STDDEV_SAMP", "n", "dev_n"));
  all.push_back(aggregate_of("FIRST_VALUE", "n", "first_n"));
  all.push_back(aggregate_of("LAST_VALUE", "word", "last_word"));
  all.push_back(aggregate_of("FIRST_VALUE", "price", "first_of", false, "flag"));
  all.push_back(aggregate_of("LAST_VALUE", "d", "last_d"));
  for (const plan::Aggregate& list : list_aggregates()) all.push_back(list);
  return all;
}

}  // namespace dataflow::engine
