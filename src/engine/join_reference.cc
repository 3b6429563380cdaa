#include "join_reference.h"

#include <algorithm>

#include "base/floor_div.h"

namespace dataflow::engine {
namespace {

using Row = std::vector<Value>;

struct Taken {
  Row row;
  int64_t micros = 0;       // its time
  int64_t last_moment = 0;  // at which a partner may come
  bool met = false;
};

struct Sides {
  const Schema* schema[2];
  std::vector<size_t> keys[2];
  size_t time[2];
};

template <class Spec>
Sides keyed_sides_of(const Spec& spec, const Schema& left, const Schema& right) {
  Sides sides{{&left, &right}, {}, {}};
  for (const std::string& key : spec.left_keys) sides.keys[0].push_back(*left.find(key));
  for (const std::string& key : spec.right_keys) sides.keys[1].push_back(*right.find(key));
  return sides;
}

template <class Spec>
Sides sides_of(const Spec& spec, const Schema& left, const Schema& right) {
  Sides sides = keyed_sides_of(spec, left, right);
  sides.time[0] = *left.find(spec.left_time);
  sides.time[1] = *right.find(spec.right_time);
  return sides;
}

bool keys_meet(const Sides& sides, const Row& left, const Row& right, bool nulls_match = false) {
  for (size_t i = 0; i < sides.keys[0].size(); ++i) {
    const Value& a = left[sides.keys[0][i]];
    const Value& b = right[sides.keys[1][i]];
    if (nulls_match && a.is_null() && b.is_null()) continue;
    if (a.is_null() || b.is_null() || a.to_string() != b.to_string()) return false;
  }
  return true;
}

int64_t micros_of(const Sides& sides, size_t side, const Row& row) {
  const int64_t units = (*sides.schema[side])[sides.time[side]].type.units_per_milli();
  return row[sides.time[side]].as_int() * (1000 / units);
}

std::string words_of(const Schema& schema, const Row& row) {
  std::string words = "{";
  for (size_t i = 0; i < row.size(); ++i) {
    words += (i > 0 ? ", " : "") + schema[i].name + "=" + row[i].to_string();
  }
  return words + "}";
}

class Joiner {
 public:
  Joiner(plan::JoinKind kind, const Sides& sides, const Schema& output)
      : kind_(kind), sides_(sides), output_(output) {}

  // `in_front`: the columns before those of the sides.
  void emit(Row in_front, const Row* left, const Row* right) {
    for (const size_t side : {0, 1}) {
      if (side == 1 && only_left()) break;
      const Row* row = side == 0 ? left : right;
      for (size_t i = 0; i < sides_.schema[side]->size(); ++i) {
        in_front.push_back(row != nullptr ? (*row)[i]
                                          : Value::null((*sides_.schema[side])[i].type));
      }
    }
    result.rows.push_back(words_of(output_, in_front));
  }
  void send_late(size_t side, const Row& row) {
    const Schema& schema = *sides_.schema[side];
    result.late.push_back("late " + schema[sides_.time[side]].name + " " + words_of(schema, row));
  }
  bool only_left() const {
    return kind_ == plan::JoinKind::kSemi || kind_ == plan::JoinKind::kAnti;
  }
  bool is_anti() const { return kind_ == plan::JoinKind::kAnti; }
  // Whether a side's rows leave that have no partner.
  bool leaves_alone(size_t side) const {
    using Kind = plan::JoinKind;
    if (kind_ == Kind::kFull) return true;
    return side == 0 ? kind_ == Kind::kLeft || kind_ == Kind::kAnti : kind_ == Kind::kRight;
  }
  void emit_alone(size_t side, const Row& row, Row in_front) {
    emit(std::move(in_front), side == 0 ? &row : nullptr, side == 1 ? &row : nullptr);
  }
  // All has come, and it is known who met: what leaves because of that, beside pairs.
  template <class InFront>
  JoinResult finish(const std::vector<Taken> (&rows)[2], const InFront& in_front) {
    for (const size_t side : {0, 1}) {
      for (const Taken& taken : rows[side]) {
        const bool semi = kind_ == plan::JoinKind::kSemi && side == 0;
        if (taken.met ? semi : leaves_alone(side)) emit_alone(side, taken.row, in_front(taken));
      }
    }
    std::ranges::sort(result.rows);
    std::ranges::sort(result.late);
    return std::move(result);
  }

  JoinResult result;

 private:
  const plan::JoinKind kind_;
  const Sides& sides_;
  const Schema& output_;
};

}  // namespace

JoinResult reference_join(const plan::WindowJoinSpec& spec, const Schema& left, const Schema& right,
                          const Schema& output, const std::vector<JoinEvent>& events) {
  const Sides sides = sides_of(spec, left, right);
  Joiner joiner(spec.kind, sides, output);
  std::vector<Taken> rows[2];
  int64_t watermark = INT64_MIN;
  const auto start_of = [&](const Taken& row) {
    return floor_div(row.micros, spec.size_ms * 1000) * spec.size_ms;
  };
  for (const JoinEvent& event : events) {
    if (event.side == 2) {
      watermark = event.watermark;
      continue;
    }
    Taken taken{event.row, micros_of(sides, event.side, event.row)};
    const int64_t last = start_of(taken) + spec.size_ms - 1;
    if (last + spec.allowed_lateness_ms <= watermark) {
      joiner.send_late(event.side, event.row);
    } else {
      rows[event.side].push_back(std::move(taken));
    }
  }
  const auto in_front = [&](const Taken& row) {
    const auto moment = [](int64_t ms) { return Value::integer(Type::timestamp(3), ms); };
    const int64_t start = start_of(row);
    return Row{moment(start), moment(start + spec.size_ms), moment(start + spec.size_ms - 1)};
  };
  for (Taken& one : rows[0]) {
    for (Taken& other : rows[1]) {
      if (start_of(one) != start_of(other) || !keys_meet(sides, one.row, other.row)) continue;
      one.met = other.met = true;
      if (!joiner.only_left()) joiner.emit(in_front(one), &one.row, &other.row);
    }
  }
  return joiner.finish(rows, in_front);
}

// Of the two rows of a pair one is there when the other comes. It is, until the watermark is behind
// the last moment at which a partner may come for it.
JoinResult reference_join(const plan::IntervalJoinSpec& spec, const Schema& left,
                          const Schema& right, const Schema& output,
                          const std::vector<JoinEvent>& events, const JoinCondition& condition) {
  const Sides sides = sides_of(spec, left, right);
  Joiner joiner(spec.kind, sides, output);
  std::vector<Taken> rows[2];
  int64_t watermark = INT64_MIN;
  const auto meet = [&](const Taken& a, const Taken& b) {
    const int64_t apart = b.micros - a.micros;
    return apart >= spec.lower_ms * 1000 && apart <= spec.upper_ms * 1000 &&
           keys_meet(sides, a.row, b.row) && (condition == nullptr || condition(a.row, b.row));
  };
  for (const JoinEvent& event : events) {
    if (event.side == 2) {
      watermark = event.watermark;
      continue;
    }
    Taken came{event.row, micros_of(sides, event.side, event.row)};
    const int64_t time = floor_div(came.micros, 1000);
    came.last_moment = time + (event.side == 0 ? spec.upper_ms : -spec.lower_ms);
    for (Taken& there : rows[1 - event.side]) {
      if (there.last_moment < watermark) continue;
      // To semi and anti joins a left row is done with when its first partner has come.
      if (joiner.only_left() && event.side == 1 && there.met) continue;
      const Taken& one = event.side == 0 ? came : there;
      const Taken& other = event.side == 0 ? there : came;
      if (!meet(one, other)) continue;
      came.met = there.met = true;
      if (!joiner.only_left()) joiner.emit({}, &one.row, &other.row);
    }
    const bool late = time <= watermark && came.last_moment < watermark;
    if (late && came.met) ++joiner.result.late_and_met;
    if (!late || came.met) {
      rows[event.side].push_back(std::move(came));
      continue;
    }
    // It came too late to know whether it would have met any. Without a key it would not.
    bool has_key = true;
    for (const size_t key : sides.keys[event.side]) has_key = has_key && !event.row[key].is_null();
    if (joiner.leaves_alone(event.side) && !(joiner.is_anti() && has_key)) {
      joiner.emit_alone(event.side, event.row, {});
    } else {
      joiner.send_late(event.side, event.row);
    }
  }
  return joiner.finish(rows, [](const Taken&) { return Row(); });
}

std::vector<std::string> reference_join(const plan::JoinSpec& spec, const Schema& left,
                                        const Schema& right, const Schema& output,
                                        const std::vector<Row>& left_rows,
                                        const std::vector<Row>& right_rows,
                                        const JoinCondition& condition) {
  const Sides sides = keyed_sides_of(spec, left, right);
  Joiner joiner(spec.kind, sides, output);
  std::vector<Taken> rows[2];
  for (const Row& row : left_rows) rows[0].push_back({row});
  for (const Row& row : right_rows) rows[1].push_back({row});
  for (Taken& one : rows[0]) {
    for (Taken& other : rows[1]) {
      if (!keys_meet(sides, one.row, other.row, spec.nulls_match)) continue;
      if (condition != nullptr && !condition(one.row, other.row)) continue;
      one.met = other.met = true;
      if (!joiner.only_left()) joiner.emit({}, &one.row, &other.row);
    }
  }
  return joiner.finish(rows, [](const Taken&) { return Row(); }).rows;
}

std::vector<std::string> rows_that_stand(const std::vector<std::string>& changes) {
  std::vector<std::string> rows;
  for (const std::string& change : changes) {
    if (!change.starts_with("-D ")) {
      rows.push_back(change.substr(3));
      continue;
    }
    const auto it = std::ranges::find(rows, change.substr(3));
    if (it != rows.end()) {
      rows.erase(it);
    } else {
      rows.push_back(change);
    }
  }
  std::ranges::sort(rows);
  return rows;
}

}  // namespace dataflow::engine
