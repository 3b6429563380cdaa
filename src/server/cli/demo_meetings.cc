#include "cli/demo_meetings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "base/env.h"
#include "cli/document.h"
#include "cli/interrupt.h"

namespace dataflow::cli {
namespace {

// A meeting of ten users has some 820 events in half an hour.
constexpr int64_t kMeanGapOfMeetingMs = 2200;
constexpr int kUsersOfMeeting = 12;
constexpr int kFewUsers = 4;
// What is said, and how the network is, comes and goes in so long, in each meeting at another time.
constexpr int64_t kWaveMs = 180'000;
constexpr int64_t kFirstVeryLateMs = 120'000;

enum class Damage { kNone, kCutOff, kNoMeeting, kTextForNumber, kNegative };

class Meetings {
 public:
  explicit Meetings(const DemoMeetings& options)
      : random_(options.seed), people_(static_cast<size_t>(options.meetings)) {}

  struct Event {
    const char* topic;
    std::string meeting;
    std::string text;
  };
  // What happens `at_ms` after the first event, which was at `start_ms`.
  Event next(int64_t start_ms, int64_t at_ms);
  // mt19937_64's own numbers are the same everywhere; the library's distributions are not.
  int64_t pick(int64_t bound) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound));
  }

 private:
  struct People {
    bool present[kUsersOfMeeting] = {};
    int count = 0;
  };

  int someone(const People& people, bool present);
  void join_or_leave(People& people, size_t meeting, Event& event, Document& document);
  void chat(const People& people, size_t meeting, Event& event, Document& document);
  void network(size_t meeting, int64_t wave, Damage damage, Document& document);
  void share_or_video(Document& document);
  int64_t time_of(int64_t start_ms, int64_t at_ms);
  Damage pick_damage() { return pick(50) > 0 ? Damage::kNone : static_cast<Damage>(1 + pick(4)); }
  std::string id();

  std::mt19937_64 random_;
  std::vector<People> people_;
};

std::string user_of(size_t meeting, int user) {
  char text[32];
  std::snprintf(text, sizeof text, "user_%05zu",
                meeting * kUsersOfMeeting + static_cast<size_t>(user) + 1);
  return text;
}

std::string Meetings::id() {
  char text[40];
  const uint64_t high = random_();
  const uint64_t low = random_();
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16 & 0xffff),
                static_cast<unsigned>(high & 0xfff),
                static_cast<unsigned>(0x8000 | (low >> 48 & 0x3fff)),
                static_cast<unsigned long long>(low & 0xffff'ffff'ffff));
  return text;
}

// One of those who are there, or of those who are not; anyone where there is none.
int Meetings::someone(const People& people, bool present) {
  const int first = static_cast<int>(pick(kUsersOfMeeting));
  for (int i = 0; i < kUsersOfMeeting; ++i) {
    const int user = (first + i) % kUsersOfMeeting;
    if (people.present[user] == present) return user;
  }
  return first;
}

// Now and then somebody joins who is there already, or leaves who is not.
void Meetings::join_or_leave(People& people, size_t meeting, Event& event, Document& document) {
  event.topic = kMeetingTopics[0];
  const bool again = pick(30) == 0;
  const bool joins = people.count <= kFewUsers || pick(kUsersOfMeeting) >= people.count;
  const int user = someone(people, joins == again);
  document.put("user_id", user_of(meeting, user));
  document.put("event_type", joins ? "join" : "leave");
  if (people.present[user] == joins) return;
  people.present[user] = joins;
  people.count += joins ? 1 : -1;
}

void Meetings::chat(const People& people, size_t meeting, Event& event, Document& document) {
  event.topic = kMeetingTopics[1];
  document.put("user_id", user_of(meeting, someone(people, true)));
  const bool message = pick(4) > 0;
  document.put("event_type", message ? "message" : "reaction");
  constexpr const char* kReactions[] = {"thumbs_up", "heart", "laugh", "clap"};
  if (message) {
    document.put("length", pick(200) + 1);
  } else {
    document.put("reaction", kReactions[pick(4)]);
  }
}

// Every fourth meeting has a bad line.
void Meetings::network(size_t meeting, int64_t wave, Damage damage, Document& document) {
  const bool bad = meeting % 4 == 3;
  const int64_t tenths = (bad ? 1600 : 300) + wave * (bad ? 30 : 8) + pick(500);
  document.put("event_type", "network_quality");
  const double latency = static_cast<double>(tenths) / 10;
  if (damage == Damage::kTextForNumber) {
    document.put("latency_ms", "high");
  } else {
    document.put("latency_ms", damage == Damage::kNegative ? -latency : latency);
  }
  document.put("packet_loss", static_cast<double>(pick(bad ? 600 : 120)) / 10'000);
}

void Meetings::share_or_video(Document& document) {
  document.put("event_type", pick(3) == 0 ? "screen_share" : "video");
  document.put("state", pick(2) == 0 ? "on" : "off");
}

int64_t Meetings::time_of(int64_t start_ms, int64_t at_ms) {
  const int64_t lot = pick(200);
  const int64_t little = 500 + pick(3500);
  const int64_t much = 120'000 + pick(480'000);
  if (lot == 0 && at_ms > kFirstVeryLateMs) return start_ms + at_ms - much;
  return start_ms + at_ms - (lot <= 10 ? little : 0);
}

Meetings::Event Meetings::next(int64_t start_ms, int64_t at_ms) {
  // The first meetings have more events than the last ones.
  const auto all = static_cast<int64_t>(people_.size());
  const int64_t any = pick(all);
  const auto meeting = static_cast<size_t>(std::min(any, pick(2 * all)));
  People& people = people_[meeting];
  const int64_t phase = (at_ms + static_cast<int64_t>(meeting) * 37'000) % kWaveMs;
  const int64_t wave = std::abs(phase - kWaveMs / 2) * 100 / (kWaveMs / 2);  // 0 to 100
  const Damage damage = pick_damage();
  const int64_t time = time_of(start_ms, at_ms);
  char name[32];
  std::snprintf(name, sizeof name, "meeting_%03zu", meeting + 1);
  Event event;
  event.meeting = name;
  Document document = Document::object();
  document.put("event_id", id());
  if (damage != Damage::kNoMeeting) document.put("meeting_id", name);
  if (pick(100) < (people.count < kFewUsers ? 60 : 4)) {
    join_or_leave(people, meeting, event, document);
  } else if (people.count > 0 && pick(100) < 8 + wave / 3) {
    chat(people, meeting, event, document);
  } else {
    event.topic = kMeetingTopics[2];
    document.put("user_id", user_of(meeting, someone(people, true)));
    if (damage == Damage::kNegative || pick(5) > 0) {
      network(meeting, 100 - wave, damage, document);
    } else {
      share_or_video(document);
    }
  }
  const bool has_text = document.find("latency_ms") != nullptr;
  if (damage == Damage::kTextForNumber && !has_text) {
    document.put("timestamp", "just now");
  } else {
    document.put("timestamp", time);
  }
  event.text = document.to_json();
  if (damage == Damage::kCutOff) event.text.resize(event.text.size() * 2 / 3);
  return event;
}

// Until the moment of an event, so many nanoseconds after the first one.
Status await(Output& out, int64_t begun_nanos, int64_t after_nanos) {
  int64_t wait = begun_nanos + after_nanos - posix_env().monotonic_nanos();
  if (wait > 0) out.flush();
  while (wait > 0) {
    DF_RETURN_IF_ERROR(check_interrupt());
    pause_for(wait);
    wait = begun_nanos + after_nanos - posix_env().monotonic_nanos();
  }
  return check_interrupt();
}

}  // namespace

Status write_demo_meetings(Output& out, const DemoMeetings& options) {
  Meetings meetings(options);
  const bool paced = options.rate > 0;
  if (paced) catch_interrupts();
  const int64_t gap = std::max<int64_t>(1, kMeanGapOfMeetingMs / options.meetings);
  const int64_t now = posix_env().now().value();
  const int64_t start = options.start_ms.value_or(paced ? now : now - options.count * gap);
  const int64_t begun = posix_env().monotonic_nanos();
  int64_t at = 0;
  for (int64_t i = 0; i < options.count && !out.closed(); ++i) {
    if (paced) {
      const double after = static_cast<double>(i) / options.rate;
      DF_RETURN_IF_ERROR(await(out, begun, static_cast<int64_t>(after * 1e9)));
      at = static_cast<int64_t>(after * 1000);
    } else {
      at = i * gap + meetings.pick(gap + 1);
    }
    const Meetings::Event event = meetings.next(start, at);
    if (!options.topic.empty() && options.topic != event.topic) continue;
    if (!options.key_separator.empty()) out.write(event.meeting + options.key_separator);
    out.write(event.text + "\n");
  }
  return {};
}

}  // namespace dataflow::cli
