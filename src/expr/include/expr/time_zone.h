// Zones of wall clocks: for casts between TIMESTAMP and TIMESTAMP_LTZ, and for windows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"

namespace dataflow::expr {

class TimeZone {
 public:
  virtual ~TimeZone() = default;
  // Of a moment in microseconds what the clock on the wall shows, and back. A reading that the
  // clock skips is as much later as the clock skips, as in Java; one that it shows twice stands for
  // the earlier moment.
  virtual int64_t to_local(int64_t micros) const = 0;
  virtual int64_t to_moment(int64_t micros) const = 0;
  // The last moment at which it shows that; of a reading that it skips the last one before.
  virtual int64_t to_last_moment(int64_t micros) const = 0;

  // From `begin` on, until `end`, the clock shows so much more than UTC's does.
  struct Stretch {
    int64_t begin = INT64_MIN;
    int64_t end = INT64_MAX;
    int64_t offset = 0;
  };
  virtual Stretch stretch_at(int64_t micros) const = 0;
};

// "UTC", "+02:00", "+0200", "+02", "+2", the same behind UTC or GMT, "Europe/Berlin". Good for
// ever.
Result<const TimeZone*> find_time_zone(const std::string& name);

}  // namespace dataflow::expr
