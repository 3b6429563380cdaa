#include "time_zone.h"

#include <arrow/vendored/datetime.h>

#include <map>
#include <mutex>

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
    if (info.result == zones::local_info::nonexistent) {
      return Micros(info.second.begin.time_since_epoch()).count();
    }
    return micros - Micros(info.first.offset).count();
  }

 private:
  const zones::time_zone* zone_;
};

// "+02:00", "-5", "+0530" in minutes; false if it is none.
bool parse_offset(std::string_view text, int64_t& minutes) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  int64_t sign = text[0] == '-' ? -1 : 1;
  std::string digits;
  size_t colon = text.find(':');
  for (char c : text.substr(1)) {
    if (c >= '0' && c <= '9')
      digits.push_back(c);
    else if (c != ':')
      return false;
  }
  if (colon == 2) digits.insert(digits.begin(), '0');
  if (digits.size() < 1 || digits.size() > 4) return false;
  int64_t number = std::stoll(digits);
  minutes = digits.size() <= 2 ? number * 60 : number / 100 * 60 + number % 100;
  if (minutes > 18 * 60) return false;
  minutes *= sign;
  return true;
}

std::unique_ptr<TimeZone> make_zone(const std::string& name) {
  std::string_view rest = name;
  for (std::string_view prefix : {"UTC", "GMT"}) {
    if (rest.substr(0, 3) == prefix) {
      rest.remove_prefix(3);
      break;
    }
  }
  if (rest.empty() || rest == "Z") return std::make_unique<FixedZone>(0);
  int64_t minutes = 0;
  if (parse_offset(rest, minutes)) {
    return std::make_unique<FixedZone>(minutes * kMillisPerMinute * 1000);
  }
  try {
    return std::make_unique<NamedZone>(zones::locate_zone(name));
  } catch (const std::exception&) {  // an unknown name, or no zone files here
    return nullptr;
  }
}

}  // namespace

Result<const TimeZone*> find_time_zone(const std::string& name) {
  static std::mutex mutex;
  static auto* known = new std::map<std::string, std::unique_ptr<TimeZone>>();
  std::lock_guard lock(mutex);
  auto found = known->find(name);
  if (found == known->end()) {
    std::unique_ptr<TimeZone> zone = make_zone(name);
    if (zone == nullptr) {
      return Status::invalid("there is no time zone \"" + name +
                             "\"; name one such as \"UTC\", \"+02:00\" or \"Europe/Berlin\"");
    }
    found = known->emplace(name, std::move(zone)).first;
  }
  return found->second.get();
}

}  // namespace dataflow::expr
