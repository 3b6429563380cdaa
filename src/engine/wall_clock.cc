#include "wall_clock.h"

#include <algorithm>

#include "base/floor_div.h"

namespace dataflow::engine {
namespace {

constexpr int64_t kMicros = 1000;  // in a millisecond
// Clocks are not known, nor put, further away than this: 140,000 years.
constexpr int64_t kFar = int64_t{1} << 52;
constexpr int64_t kDayMs = 24LL * 3600 * 1000;

bool is_far(int64_t ms) { return ms < -kFar || ms > kFar; }

}  // namespace

Result<WallClock> WallClock::of_zone(const std::string& name) {
  WallClock clock;
  if (name.empty()) return clock;
  DF_ASSIGN_OR_RETURN(clock.zone_, expr::find_time_zone(name));
  return clock;
}

int64_t WallClock::reading(int64_t moment) const {
  if (zone_ == nullptr || is_far(moment)) return moment;
  return floor_div(zone_->to_local(moment * kMicros), kMicros);
}

int64_t WallClock::passed(int64_t moment) const {
  if (zone_ == nullptr || is_far(moment)) return moment;
  // The least that is shown from the next moment on. No clock is put back by a day.
  const int64_t next = moment + 1;
  int64_t least = reading(next);
  int64_t end = zone_->stretch_at(next * kMicros).end;
  while (end <= (next + kDayMs) * kMicros) {
    const expr::TimeZone::Stretch stretch = zone_->stretch_at(end);
    least = std::min(least, floor_div(end + stretch.offset, kMicros));
    end = stretch.end;
  }
  return least - 1;
}

int64_t WallClock::moment_of(int64_t reading) const {
  if (zone_ == nullptr || is_far(reading)) return reading;
  return floor_div(zone_->to_last_moment(reading * kMicros), kMicros);
}

void Readings::look_up(int64_t& time) {
  const int64_t far = kFar * (kMicros / micros_);
  time = std::clamp(time, -far, far);
  const expr::TimeZone::Stretch stretch = zone_->stretch_at(time * micros_);
  begin_ = std::max(floor_div(stretch.begin, micros_), -far);
  end_ = std::min(floor_div(stretch.end, micros_), far);
  offset_ = stretch.offset / micros_;
}

}  // namespace dataflow::engine
