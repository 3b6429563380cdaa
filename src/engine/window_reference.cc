#include "window_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "expr/time_zone.h"
#include "plan/aggregate.h"
#include "types/decimal.h"

namespace dataflow::engine {
namespace {

using Row = std::vector<Value>;
using Rows = std::vector<const Row*>;

int64_t floor_to(int64_t value, int64_t step) { return value - ((value % step) + step) % step; }

// A number as a long double, for means and deviations.
long double number_of(const Value& value) {
  if (value.type().is_float()) return value.as_double();
  if (value.type().id() == TypeId::kDecimal) {
    return static_cast<long double>(value.as_decimal()) /
           static_cast<long double>(power_of_ten(value.type().scale()));
  }
  return static_cast<long double>(value.as_int());
}

Value value_of(const Type& type, long double number) {
  if (type.is_float()) return Value::floating(type, static_cast<double>(number));
  if (type.id() == TypeId::kDecimal) {
    return Value::decimal(
        type, static_cast<__int128>(
                  std::round(number * static_cast<long double>(power_of_ten(type.scale())))));
  }
  const long double whole = std::round(number);
  const bool is_whole = std::abs(number - whole) < 1e-9L * std::max(1.0L, std::abs(number));
  return Value::integer(type, static_cast<int64_t>(is_whole ? whole : std::trunc(number)));
}

bool less(const Value& a, const Value& b) {
  if (a.type().id() == TypeId::kDecimal) return a.as_decimal() < b.as_decimal();
  if (a.type().id() == TypeId::kBoolean) return a.as_bool() < b.as_bool();
  if (a.type().is_float()) return a.as_double() < b.as_double();
  if (a.type().id() == TypeId::kString || a.type().id() == TypeId::kBytes) {
    return a.as_text() < b.as_text();
  }
  return a.as_int() < b.as_int();
}

Value sum_of(const std::vector<Value>& values, const Type& type) {
  if (type.id() == TypeId::kDecimal) {
    __int128 sum = 0;
    for (const Value& value : values) sum += value.as_decimal();
    return Value::decimal(type, sum);
  }
  if (type.is_integer()) {
    int64_t sum = 0;
    for (const Value& value : values) sum += value.as_int();
    return Value::integer(type, sum);
  }
  long double sum = 0;
  for (const Value& value : values) sum += number_of(value);
  return value_of(type, sum);
}

Value mean_of(const std::vector<Value>& values, const Type& type) {
  const auto count = static_cast<int64_t>(values.size());
  if (type.is_integer()) {
    return Value::integer(type, sum_of(values, type).as_int() / count);
  }
  if (type.id() == TypeId::kDecimal) {
    __int128 twice = 0;
    for (const Value& value : values) twice += 2 * value.as_decimal();
    twice *= power_of_ten(type.scale() - values.front().type().scale());
    return Value::decimal(type, (twice + (twice < 0 ? -count : count)) / (2 * count));
  }
  long double sum = 0;
  for (const Value& value : values) sum += number_of(value);
  return value_of(type, sum / static_cast<long double>(count));
}

Value deviation_of(const std::vector<Value>& values, const Type& type, bool sample, bool root) {
  const auto count = static_cast<long double>(values.size());
  if (sample && values.size() < 2) return Value::null(type);
  long double mean = 0;
  for (const Value& value : values) mean += number_of(value) / count;
  long double squares = 0;
  for (const Value& value : values) squares += std::pow(number_of(value) - mean, 2);
  const long double variance = squares / (sample ? count - 1 : count);
  return value_of(type, root ? std::sqrt(variance) : variance);
}

class Reference {
 public:
  Reference(const plan::WindowSpec& spec, const Schema& input, const Schema& output)
      : spec_(spec), input_(input), output_(output) {
    for (const std::string& key : spec.keys) keys_.push_back(*input.find(key));
    if (spec.kind != plan::WindowKind::kCount) time_ = *input.find(spec.time_column);
    if (!spec.time_zone.empty()) zone_ = *expr::find_time_zone(spec.time_zone);
  }

  void row(const Row& row);
  void advance(int64_t watermark);
  ReferenceResult take();

 private:
  struct Group {
    int64_t start = 0, end = 0;
    Rows rows;
    std::string left;  // what left last; empty: nothing did
  };
  using Groups = std::map<std::pair<int64_t, int64_t>, Group>;  // by (end, start)

  int64_t shown_at(int64_t moment) const {
    return zone_ == nullptr ? moment : zone_->to_local(moment * 1000) / 1000;
  }
  bool is_over(int64_t reading) const;
  int64_t last_moment_of(int64_t reading) const;
  bool has_fired(int64_t end) const { return watermark_ && is_over(end - 1); }
  bool is_dropped(int64_t end) const {
    return watermark_ && is_over(end - 1 + spec_.allowed_lateness_ms);
  }
  std::vector<std::pair<int64_t, int64_t>> windows_at(int64_t time) const;
  bool add_to_session(Groups& groups, const Row& row, int64_t time);
  void add_to_count(Rows& rows, const Row& row);
  std::string text_of(const Group& group) const;
  void put(const char* kind, const std::string& text) { result_.rows.push_back(kind + text); }
  void emit(Group& group);
  std::string key_of(const Row& row) const;

  const plan::WindowSpec& spec_;
  const Schema& input_;
  const Schema& output_;
  std::vector<size_t> keys_;
  size_t time_ = 0;
  const expr::TimeZone* zone_ = nullptr;  // null: UTC
  std::optional<int64_t> watermark_;
  std::map<std::string, Groups> groups_;
  std::map<std::string, Rows> of_key_;  // of count windows: all rows of the key
  ReferenceResult result_;
};

std::string Reference::key_of(const Row& row) const {
  std::string key;
  for (const size_t column : keys_) key += row[column].to_string() + "|";
  return key;
}

// No moment behind the watermark shows it, or anything earlier. Clocks are put at whole quarters of
// an hour.
bool Reference::is_over(int64_t reading) const {
  if (zone_ == nullptr) return reading <= *watermark_;
  constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();
  if (*watermark_ == kEndOfTime) return true;
  constexpr int64_t kQuarter = 15 * 60 * 1000;
  if (shown_at(*watermark_ + 1) <= reading) return false;
  for (int64_t at = floor_to(*watermark_, kQuarter); at < *watermark_ + 20 * kQuarter;) {
    at += kQuarter;
    if (shown_at(at) <= reading) return false;
  }
  return true;
}

// Of a reading that is skipped, the one in front.
int64_t Reference::last_moment_of(int64_t reading) const {
  if (zone_ == nullptr) return reading;
  int64_t moment = zone_->to_moment(reading * 1000) / 1000;
  constexpr int64_t kHour = 3'600'000;
  if (shown_at(moment + kHour) == reading) return moment + kHour;
  while (shown_at(moment) > reading) --moment;
  return moment;
}

std::vector<std::pair<int64_t, int64_t>> Reference::windows_at(int64_t time) const {
  std::vector<std::pair<int64_t, int64_t>> windows;
  const int64_t size = spec_.size_ms;
  const int64_t slide = spec_.kind == plan::WindowKind::kTumbling ? size : spec_.slide_ms;
  if (spec_.kind == plan::WindowKind::kCumulative) {
    const int64_t start = floor_to(time - spec_.offset_ms, size) + spec_.offset_ms;
    for (int64_t end = start + slide; end <= start + size; end += slide) {
      if (end > time) windows.emplace_back(start, end);
    }
    return windows;
  }
  const int64_t last = floor_to(time - spec_.offset_ms, slide) + spec_.offset_ms;
  for (int64_t start = last; start + size > time; start -= slide) {
    windows.emplace_back(start, start + size);
  }
  return windows;
}

std::string Reference::text_of(const Group& group) const {
  const Row& any = *group.rows.front();
  const size_t keys_at = spec_.kind == plan::WindowKind::kCount ? 0 : 3;
  std::string text = "{";
  for (size_t i = 0; i < output_.size(); ++i) {
    const Field& field = output_[i];
    Value value;
    if (i < keys_at) {
      int64_t ms = i == 0 ? group.start : group.end;
      if (i == 2) ms = last_moment_of(group.end - 1);
      value = Value::integer(field.type, ms);
    } else if (i < keys_at + keys_.size()) {
      value = any[keys_[i - keys_at]];
    } else {
      value = reference_aggregate(spec_.aggregates[i - keys_at - keys_.size()], input_, field.type,
                                  group.rows);
    }
    text += (i > 0 ? ", " : "") + field.name + "=" + value.to_string();
  }
  return text + "}";
}

// What left is taken back for what it is now.
void Reference::emit(Group& group) {
  const std::string text = text_of(group);
  if (!group.left.empty()) put("-U ", group.left);
  put(group.left.empty() ? "+I " : "+U ", text);
  group.left = text;
}

// A row opens [time, time + gap) and joins all sessions that this meets or touches.
bool Reference::add_to_session(Groups& groups, const Row& row, int64_t time) {
  int64_t start = time;
  int64_t end = time + spec_.gap_ms;
  std::vector<std::pair<int64_t, int64_t>> joined;
  for (bool more = true; more;) {
    more = false;
    for (const auto& [at, group] : groups) {
      if (group.start > end || group.end < start) continue;
      if (std::ranges::find(joined, at) != joined.end()) continue;
      joined.push_back(at);
      start = std::min(start, group.start);
      end = std::max(end, group.end);
      more = true;
    }
  }
  if (joined.empty() && is_dropped(end)) return false;
  Group merged{start, end, {}, ""};
  for (const auto& at : joined) {
    const Group& group = groups.at(at);
    merged.rows.insert(merged.rows.end(), group.rows.begin(), group.rows.end());
    const bool same = group.start == start && group.end == end;
    if (same) merged.left = group.left;
    if (!same && !group.left.empty()) put("-D ", group.left);
  }
  for (const auto& at : joined) groups.erase(at);
  merged.rows.push_back(&row);
  // By arrival: all rows lie in one vector.
  std::ranges::sort(merged.rows);
  if (spec_.emit_changes || has_fired(end)) emit(merged);
  groups[{end, start}] = std::move(merged);
  return true;
}

void Reference::add_to_count(Rows& rows, const Row& row) {
  rows.push_back(&row);
  const auto count = static_cast<int64_t>(rows.size());
  const int64_t slide = spec_.count_slide > 0 ? spec_.count_slide : spec_.count;
  if (count < spec_.count || (count - spec_.count) % slide != 0) return;
  Group full{0, 0, Rows(rows.end() - spec_.count, rows.end()), ""};
  emit(full);
}

void Reference::row(const Row& row) {
  const std::string key = key_of(row);
  if (spec_.kind == plan::WindowKind::kCount) return add_to_count(of_key_[key], row);
  const int64_t time = shown_at(row[time_].as_int());
  bool taken = false;
  if (spec_.kind == plan::WindowKind::kSession) {
    taken = add_to_session(groups_[key], row, time);
  } else {
    const auto windows = windows_at(time);
    taken = windows.empty();
    for (const auto& [start, end] : windows) {
      if (is_dropped(end)) continue;
      taken = true;
      Group& group = groups_[key][{end, start}];
      group.start = start;
      group.end = end;
      group.rows.push_back(&row);
      if (spec_.emit_changes || has_fired(end)) emit(group);
    }
  }
  if (taken) return;
  std::string text = "+I {";
  for (size_t i = 0; i < row.size(); ++i) {
    text += (i > 0 ? ", " : "") + input_[i].name + "=" + row[i].to_string();
  }
  result_.late.push_back(text + "}");
}

void Reference::advance(int64_t watermark) {
  if (watermark_ && watermark <= *watermark_) return;
  watermark_ = watermark;
  for (auto& [key, groups] : groups_) {
    for (auto it = groups.begin(); it != groups.end();) {
      Group& group = it->second;
      if (has_fired(group.end) && group.left.empty()) emit(group);
      it = is_dropped(group.end) ? groups.erase(it) : std::next(it);
    }
  }
}

ReferenceResult Reference::take() {
  std::ranges::sort(result_.rows);
  std::ranges::sort(result_.late);
  return std::move(result_);
}

}  // namespace

namespace {

// Of few values the sketches are exact.
Value different_of(const std::vector<Value>& values) {
  std::vector<Value> different;
  for (const Value& value : values) {
    if (std::ranges::find(different, value) == different.end()) different.push_back(value);
  }
  return Value::int64(std::ssize(different));
}

// Of a list, NULLs among them.
Value list_of(const plan::Aggregate& aggregate, const Type& result,
              const std::vector<Value>& values) {
  if (values.empty()) return Value::null(result);
  if (result.id() == TypeId::kArray) return Value::list(result, values);
  std::string text;
  for (const Value& value : values) {
    text += (&value == values.data() ? "" : plan::separator_of(aggregate)) + value.as_text();
  }
  return Value::string(text);
}

Value percentile_of(std::vector<Value> values, double place) {
  const auto number = [](const Value& value) {
    const Type& type = value.type();
    if (type.is_float()) return value.as_double();
    if (type.id() != TypeId::kDecimal) return static_cast<double>(value.as_int());
    return static_cast<double>(value.as_decimal()) / std::pow(10.0, type.scale());
  };
  std::ranges::sort(values, less);
  const double at = place * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(at);
  const double below = number(values[low]);
  const double above = number(values[std::min(low + 1, values.size() - 1)]);
  const double share = at - std::floor(at);
  return Value::float64(below == above ? below : below * (1 - share) + above * share);
}

Value percentiles_of(const plan::Aggregate& aggregate, const Type& result,
                     const std::vector<Value>& values) {
  const plan::Places places = *plan::places_of(aggregate);
  std::vector<Value> all;
  for (const double place : places.of) all.push_back(percentile_of(values, place));
  return places.is_array ? Value::list(result, all) : all[0];
}

}  // namespace

std::vector<std::string> argument_columns(const plan::Aggregate& aggregate) {
  std::vector<expr::ExpressionPtr> parts = {aggregate.argument};
  const bool row = parts[0]->kind == expr::Kind::kCall && parts[0]->name == "ROW";
  if (row) parts = aggregate.argument->arguments;
  std::vector<std::string> columns;
  for (const expr::ExpressionPtr& part : parts) {
    const expr::Expression* of = part.get();
    while (of->kind != expr::Kind::kColumn) of = of->arguments[0].get();
    columns.push_back(of->name);
  }
  return columns;
}

namespace {

// By the keys of the aggregate's order; NULL is no value.
void sort_rows(const plan::Aggregate& aggregate, const Schema& input, Rows& rows) {
  const std::vector<std::string> columns = argument_columns(aggregate);
  std::ranges::stable_sort(rows, [&](const Row* a, const Row* b) {
    for (size_t i = 0; i < aggregate.order.size(); ++i) {
      const plan::ValueOrder& by = aggregate.order[i];
      const Value& x = (*a)[*input.find(columns[i + 1])];
      const Value& y = (*b)[*input.find(columns[i + 1])];
      if (x.is_null() != y.is_null()) return x.is_null() == by.nulls_first;
      if (x.is_null() || (!less(x, y) && !less(y, x))) continue;
      return by.descending ? less(y, x) : less(x, y);
    }
    return false;
  });
}

// Each different value, in the order in which they come, and how often it is there.
std::vector<std::pair<Value, int64_t>> counted(const std::vector<Value>& values) {
  std::vector<std::pair<Value, int64_t>> all;
  for (const Value& value : values) {
    auto known = std::ranges::find(all, value, &std::pair<Value, int64_t>::first);
    if (known == all.end()) known = all.insert(known, {value, 0});
    ++known->second;
  }
  return all;
}

Value most_frequent(const std::vector<Value>& values) {
  const auto all = counted(values);
  return std::ranges::max_element(all, {}, &std::pair<Value, int64_t>::second)->first;
}

Value collected(const std::vector<Value>& values, const Type& type) {
  std::vector<Value> pairs;
  for (const auto& [value, times] : counted(values)) {
    pairs.push_back(value);
    pairs.push_back(Value::integer(Type::int32(), times));
  }
  return Value::list(type, pairs);
}

Value bits_of(const std::vector<Value>& values, plan::AggregateKind kind, const Type& type) {
  int64_t bits = values[0].as_int();
  for (size_t i = 1; i < values.size(); ++i) {
    const int64_t one = values[i].as_int();
    bits = kind == plan::AggregateKind::kBitAnd  ? bits & one
           : kind == plan::AggregateKind::kBitOr ? bits | one
                                                 : bits ^ one;
  }
  return Value::integer(type, bits);
}

// Of values in order.
Value discrete(const plan::Aggregate& aggregate, const std::vector<Value>& values,
               const Type& type) {
  const plan::Places places = *plan::places_of(aggregate);
  std::vector<Value> all;
  for (const double place : places.of) {
    size_t number = 1;
    while (static_cast<double>(number) < place * static_cast<double>(values.size())) ++number;
    all.push_back(values[number - 1]);
  }
  return places.is_array ? Value::list(type, all) : all[0];
}

// Of rows with two columns.
Value of_pairs(const plan::Aggregate& aggregate, const Schema& input, const Type& type,
               const Rows& rows) {
  const std::vector<std::string> columns = argument_columns(aggregate);
  std::vector<std::pair<double, double>> pairs;
  for (const Row* row : rows) {
    const Value& y = (*row)[*input.find(columns[0])];
    const Value& x = (*row)[*input.find(columns[1])];
    if (y.is_null() || x.is_null()) continue;
    pairs.emplace_back(static_cast<double>(number_of(y)), static_cast<double>(number_of(x)));
  }
  const auto kind = plan::find_aggregate(aggregate.function)->kind;
  const auto count = static_cast<double>(pairs.size());
  if (kind == plan::AggregateKind::kRegrCount) return Value::int64(std::ssize(pairs));
  const bool sample = kind == plan::AggregateKind::kCovarSamp;
  if (pairs.size() < (sample ? 2U : 1U)) return Value::null(type);
  double y_mean = 0, x_mean = 0, products = 0;
  for (const auto& [y, x] : pairs) {
    y_mean += y - pairs.front().first;
    x_mean += x - pairs.front().second;
  }
  y_mean /= count;
  x_mean /= count;
  for (const auto& [y, x] : pairs) {
    products += (x - pairs.front().second - x_mean) * (y - pairs.front().first - y_mean);
  }
  return Value::float64(sample ? products / (count - 1) : products);
}

}  // namespace

Value reference_aggregate(const plan::Aggregate& aggregate, const Schema& input, const Type& result,
                          const std::vector<const std::vector<Value>*>& all_rows) {
  using Kind = plan::AggregateKind;
  const Kind kind = plan::find_aggregate(aggregate.function)->kind;
  Rows rows = all_rows;
  if (!aggregate.order.empty()) sort_rows(aggregate, input, rows);
  if (plan::is_of_pairs(*plan::find_aggregate(aggregate.function))) {
    return of_pairs(aggregate, input, result, rows);
  }
  std::vector<Value> values;
  for (const Row* row : rows) {
    if (aggregate.filter != nullptr) {
      const Value& wanted = (*row)[*input.find(aggregate.filter->name)];
      if (wanted.is_null() || !wanted.as_bool()) continue;
    }
    if (aggregate.argument == nullptr) {
      values.push_back(Value::boolean(true));
      continue;
    }
    const Value& value = (*row)[*input.find(argument_columns(aggregate)[0])];
    if (value.is_null() && !plan::keeps_nulls(*plan::find_aggregate(aggregate.function), aggregate))
      continue;
    const bool seen = std::ranges::find(values, value) != values.end();
    if (!aggregate.distinct || !seen) values.push_back(value);
  }
  if (kind == Kind::kCount) return Value::int64(static_cast<int64_t>(values.size()));
  if (kind == Kind::kApproxCountDistinct) return different_of(values);
  if (kind == Kind::kListAgg || kind == Kind::kArrayAgg) return list_of(aggregate, result, values);
  if (values.empty()) return Value::null(result);
  switch (kind) {
    case Kind::kMedian: return percentile_of(values, 0.5);
    case Kind::kPercentile: return percentiles_of(aggregate, result, values);
    case Kind::kApproxPercentile: return percentile_of(values, *plan::place_of(aggregate));
    case Kind::kSum: return sum_of(values, result);
    case Kind::kAvg: return mean_of(values, result);
    case Kind::kMode: return most_frequent(values);
    case Kind::kCollect: return collected(values, result);
    case Kind::kBitAnd:
    case Kind::kBitOr:
    case Kind::kBitXor: return bits_of(values, kind, result);
    case Kind::kPercentileDisc: return discrete(aggregate, values, result);
    case Kind::kBoolAnd:
    case Kind::kMin: return *std::ranges::min_element(values, less);
    case Kind::kBoolOr:
    case Kind::kMax: return *std::ranges::max_element(values, less);
    case Kind::kFirstValue: return values.front();
    case Kind::kLastValue: return values.back();
    case Kind::kStddevPop: return deviation_of(values, result, false, true);
    case Kind::kStddevSamp: return deviation_of(values, result, true, true);
    case Kind::kVarPop: return deviation_of(values, result, false, false);
    default: return deviation_of(values, result, true, false);
  }
}

ReferenceResult reference_of(const plan::WindowSpec& spec, const Schema& input,
                             const Schema& output, const std::vector<std::vector<Value>>& rows,
                             int64_t delay_ms, int64_t stretch) {
  Reference reference(spec, input, output);
  int64_t latest = std::numeric_limits<int64_t>::min();
  const size_t time =
      spec.kind == plan::WindowKind::kCount ? input.size() : *input.find(spec.time_column);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i > 0 && i % static_cast<size_t>(stretch) == 0 && time < input.size()) {
      reference.advance(latest - delay_ms);
    }
    if (time < input.size()) latest = std::max(latest, rows[i][time].as_int());
    reference.row(rows[i]);
  }
  reference.advance(std::numeric_limits<int64_t>::max());
  return reference.take();
}

}  // namespace dataflow::engine
