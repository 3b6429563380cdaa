#include "expr/time_zone.h"

#include <arrow/vendored/datetime.h>

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "civil_time.h"

namespace dataflow::expr {

namespace {

namespace zones = arrow_vendored::date;
using Micros = std::chrono::microseconds;

class FixedZone final : public TimeZone {
 public:
  explicit FixedZone(int64_t offset_micros) : offset_(offset_micros) {}
  int64_t to_local(int64_t micros) const override { return micros + offset_; }
  int64_t to_moment(int64_t micros) const override { return micros - offset_; }
  int64_t to_last_moment(int64_t micros) const override { return micros - offset_; }
  Stretch stretch_at(int64_t) const override { return {INT64_MIN, INT64_MAX, offset_}; }

 private:
  int64_t offset_;
};

class NamedZone final : public TimeZone {
 public:
  explicit NamedZone(const zones::time_zone* zone) : zone_(zone) {}

  int64_t to_local(int64_t micros) const override {
    zones::sys_time<Micros> moment{Micros(micros)};
    return micros + Micros(zone_->get_info(moment).offset).count();
  }
  int64_t to_moment(int64_t micros) const override {
    zones::local_time<Micros> reading{Micros(micros)};
    zones::local_info info = zone_->get_info(reading);
    // Of a reading that is skipped: as if the clock had not been put forward yet.
    return micros - Micros(info.first.offset).count();
  }
  int64_t to_last_moment(int64_t micros) const override {
    const zones::local_time<Micros> reading{Micros(micros)};
    const zones::local_info info = zone_->get_info(reading);
    if (info.result == zones::local_info::nonexistent) {
      return Micros(info.first.end.time_since_epoch()).count() - 1;
    }
    const bool twice = info.result == zones::local_info::ambiguous;
    return micros - Micros((twice ? info.second : info.first).offset).count();
  }
  Stretch stretch_at(int64_t micros) const override {
    const zones::sys_info info = zone_->get_info(zones::sys_time<Micros>{Micros(micros)});
    return {Micros(info.begin.time_since_epoch()).count(),
            Micros(info.end.time_since_epoch()).count(), Micros(info.offset).count()};
  }

 private:
  const zones::time_zone* zone_;
};

constexpr int64_t kMostMinutes = 18 * 60;

// "+02:00", "+0200", "+02" and "+2" in minutes, to 18 hours.
std::optional<int64_t> parse_offset(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const bool behind = text[0] == '-';
  std::string digits(text.substr(1));
  if (digits.size() == 5 && digits[2] == ':')
    digits.erase(2, 1);
  else if (digits.size() == 1)
    digits.insert(digits.begin(), '0');
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4) return std::nullopt;
  int64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  const int64_t minutes = number / 100 * 60 + number % 100;
  if (number % 100 > 59 || minutes > kMostMinutes) return std::nullopt;
  return behind ? -minutes : minutes;
}

// So few that all of them are there at once: names from rows cannot add to them.
const TimeZone* fixed_zone(int64_t minutes) {
  static const auto* kZones = [] {
    auto* zones = new std::vector<FixedZone>();
    for (int64_t at = -kMostMinutes; at <= kMostMinutes; ++at) {
      zones->emplace_back(at * kMillisPerMinute * 1000);
    }
    return zones;
  }();
  return &(*kZones)[static_cast<size_t>(minutes + kMostMinutes)];
}

// Null where the name is no fixed distance from UTC.
const TimeZone* find_fixed_zone(std::string_view name) {
  if (name == "Z") return fixed_zone(0);
  if (name.starts_with("UTC") || name.starts_with("GMT")) {
    name.remove_prefix(3);
    if (name.empty()) return fixed_zone(0);
  }
  const std::optional<int64_t> minutes = parse_offset(name);
  return minutes ? fixed_zone(*minutes) : nullptr;
}

std::unique_ptr<TimeZone> make_named_zone(const std::string& name) {
  try {
    return std::make_unique<NamedZone>(zones::locate_zone(name));
  } catch (const std::exception&) {  // an unknown name, or no zone files here
    return nullptr;
  }
}

}  // namespace

Result<const TimeZone*> find_time_zone(const std::string& name) {
  if (const TimeZone* fixed = find_fixed_zone(name)) return fixed;
  static std::mutex mutex;
  static auto* known = new std::map<std::string, std::unique_ptr<TimeZone>>();
  std::lock_guard lock(mutex);
  auto found = known->find(name);
  if (found == known->end()) {
    std::unique_ptr<TimeZone> zone = make_named_zone(name);
    if (zone == nullptr) {
      return Status::invalid("there is no time zone \"" + name +
                             "\"; name one such as \"UTC\", \"+02:00\" or \"Europe/Berlin\"");
    }
    found = known->emplace(name, std::move(zone)).first;
  }
  return found->second.get();
}

}  // namespace dataflow::expr
