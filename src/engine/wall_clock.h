// What the clocks of a zone show: windows over TIMESTAMP_LTZ and over processing time begin by it,
// so that days begin at midnight there. All times are milliseconds.
#pragma once

#include <cstdint>
#include <string>

#include "expr/time_zone.h"

namespace dataflow::engine {

class WallClock {
 public:
  WallClock() = default;  // UTC's
  // Empty: UTC's.
  static Result<WallClock> of_zone(const std::string& name);

  bool is_utc() const { return zone_ == nullptr; }
  const expr::TimeZone* zone() const { return zone_; }

  int64_t reading(int64_t moment) const;
  // The latest reading that no moment behind this one has, nor an earlier one: what has passed for
  // good. Before an hour that comes twice that is the reading before that hour. The ends of time
  // are themselves.
  int64_t passed(int64_t moment) const;
  // The first moment at which that has passed.
  int64_t moment_of(int64_t reading) const;

 private:
  const expr::TimeZone* zone_ = nullptr;
};

// Readings of one moment after the other, in a column's units.
class Readings {
 public:
  Readings(const WallClock& clock, int64_t units_in_milli)
      : zone_(clock.zone()), micros_(1000 / units_in_milli) {}

  int64_t of(int64_t time) {
    if (zone_ == nullptr) return time;
    if (time < begin_ || time >= end_) look_up(time);
    return time + offset_;
  }

 private:
  void look_up(int64_t& time);

  const expr::TimeZone* const zone_;
  const int64_t micros_;  // in one unit
  int64_t begin_ = 1, end_ = 0, offset_ = 0;
};

}  // namespace dataflow::engine
