#include "join_reference.h"

#include <algorithm>

#include "base/floor_div.h"

namespace dataflow::engine {
namespace {

using Row = std::vector<Value>;

struct Taken {
  Row row;
  size_t order = 0;         // of arrival, among both sides
  int64_t micros = 0;       // its time
  int64_t watermark = 0;    // when it came
  int64_t last_moment = 0;  // at which a partner may come
  bool met = false;
};

struct Sides {
  const Schema* schema[2];
  std::vector<size_t> keys[2];
  size_t time[2];
};

template <class Spec>
Sides sides_of(const Spec& spec, const Schema& left, const Schema& right) {
  Sides sides{{&left, &right}, {}, {*left.find(spec.left_time), *right.find(spec.right_time)}};
  for (const std::string& key : spec.left_keys) sides.keys[0].push_back(*left.find(key));
  for (const std::string& key : spec.right_keys) sides.keys[1].push_back(*right.find(key));
  return sides;
}

bool keys_meet(const Sides& sides, const Row& left, const Row& right) {
  for (size_t i = 0; i < sides.keys[0].size(); ++i) {
    const Value& a = left[sides.keys[0][i]];
    const Value& b = right[sides.keys[1][i]];
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
  // What leaves of rows of which it is known whom they meet.
  template <class Meet, class InFront>
  JoinResult finish(std::vector<Taken> (&rows)[2], const Meet& meet, const InFront& in_front) {
    using Kind = plan::JoinKind;
    for (Taken& left : rows[0]) {
      for (Taken& right : rows[1]) {
        if (!meet(left, right)) continue;
        left.met = right.met = true;
        if (!only_left()) emit(in_front(left), &left.row, &right.row);
      }
    }
    for (const Taken& left : rows[0]) {
      const bool alone = kind_ == Kind::kLeft || kind_ == Kind::kFull || kind_ == Kind::kAnti;
      if (left.met ? kind_ == Kind::kSemi : alone) emit(in_front(left), &left.row, nullptr);
    }
    for (const Taken& right : rows[1]) {
      const bool alone = kind_ == Kind::kRight || kind_ == Kind::kFull;
      if (!right.met && alone) emit(in_front(right), nullptr, &right.row);
    }
    std::ranges::sort(result.rows);
    std::ranges::sort(result.late);
    return std::move(result);
  }

  JoinResult result;

 private:
  bool only_left() const {
    return kind_ == plan::JoinKind::kSemi || kind_ == plan::JoinKind::kAnti;
  }

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
    Taken taken{event.row, 0, micros_of(sides, event.side, event.row)};
    const int64_t last = start_of(taken) + spec.size_ms - 1;
    if (last + spec.allowed_lateness_ms <= watermark) {
      joiner.send_late(event.side, event.row);
    } else {
      rows[event.side].push_back(std::move(taken));
    }
  }
  return joiner.finish(
      rows,
      [&](const Taken& a, const Taken& b) {
        return start_of(a) == start_of(b) && keys_meet(sides, a.row, b.row);
      },
      [&](const Taken& row) {
        const auto moment = [](int64_t ms) { return Value::integer(Type::timestamp(3), ms); };
        const int64_t start = start_of(row);
        return Row{moment(start), moment(start + spec.size_ms), moment(start + spec.size_ms - 1)};
      });
}

JoinResult reference_join(const plan::IntervalJoinSpec& spec, const Schema& left,
                          const Schema& right, const Schema& output,
                          const std::vector<JoinEvent>& events, const JoinCondition& condition) {
  const Sides sides = sides_of(spec, left, right);
  Joiner joiner(spec.kind, sides, output);
  std::vector<Taken> rows[2];
  int64_t watermark = INT64_MIN;
  size_t order = 0;
  for (const JoinEvent& event : events) {
    if (event.side == 2) {
      watermark = event.watermark;
      continue;
    }
    Taken taken{event.row, order++, micros_of(sides, event.side, event.row), watermark};
    const int64_t time = floor_div(taken.micros, 1000);
    taken.last_moment = time + (event.side == 0 ? spec.upper_ms : -spec.lower_ms);
    if (time <= watermark && taken.last_moment <= watermark) {
      joiner.send_late(event.side, event.row);
    } else {
      rows[event.side].push_back(std::move(taken));
    }
  }
  return joiner.finish(
      rows,
      [&](const Taken& a, const Taken& b) {
        const int64_t apart = b.micros - a.micros;
        if (apart < spec.lower_ms * 1000 || apart > spec.upper_ms * 1000) return false;
        if (!keys_meet(sides, a.row, b.row)) return false;
        // The first was still kept when the second came.
        const Taken& first = a.order < b.order ? a : b;
        const Taken& second = a.order < b.order ? b : a;
        if (first.last_moment <= second.watermark) return false;
        return condition == nullptr || condition(a.row, b.row);
      },
      [](const Taken&) { return Row(); });
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
