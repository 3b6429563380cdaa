// Zones of wall clocks, for casts between TIMESTAMP and TIMESTAMP_LTZ.
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
};

// "UTC", "+02:00", "+0200", "+02", "+2", the same behind UTC or GMT, "Europe/Berlin". Good for
// ever.
Result<const TimeZone*> find_time_zone(const std::string& name);

}  // namespace dataflow::expr
