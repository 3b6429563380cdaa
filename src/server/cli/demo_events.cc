#include "cli/demo_events.h"

#include <cstdio>
#include <random>

#include "cli/document.h"
#include "cli/moment.h"

namespace dataflow::cli {
namespace {

constexpr int64_t kMeanGapMs = 40;
constexpr uint64_t kUsers = 200;

struct Kind {
  const char* name;
  uint64_t weight;
};
constexpr Kind kKinds[] = {
    {"page_view", 60}, {"search", 20}, {"login", 8}, {"logout", 4}, {"purchase", 8}};
constexpr const char* kPages[] = {"/", "/products", "/products/42", "/cart", "/account", "/help"};

// mt19937_64's own numbers are the same everywhere; the library's distributions are not.
uint64_t pick(std::mt19937_64& random, uint64_t bound) { return random() % bound; }

const char* pick_kind(std::mt19937_64& random) {
  uint64_t at = pick(random, 100);
  for (const Kind& kind : kKinds) {
    if (at < kind.weight) return kind.name;
    at -= kind.weight;
  }
  return kKinds[0].name;
}

}  // namespace

void write_demo_events(Output& out, int64_t count, uint64_t seed, int64_t now_ms) {
  std::mt19937_64 random(seed);
  int64_t time = now_ms - count * kMeanGapMs;
  for (int64_t i = 0; i < count && !out.closed(); ++i) {
    time += static_cast<int64_t>(pick(random, 2 * kMeanGapMs));
    char user[16];
    std::snprintf(user, sizeof user, "usr_%05u", static_cast<unsigned>(pick(random, kUsers) + 1));
    const std::string_view kind = pick_kind(random);
    Document event = Document::object();
    event.put("user_id", user);
    event.put("event", kind);
    if (kind == "purchase")
      event.put("amount", static_cast<double>(pick(random, 20'000) + 99) / 100);
    if (kind == "page_view") event.put("page", kPages[pick(random, std::size(kPages))]);
    event.put("timestamp", format_moment(std::min(time, now_ms)));
    out.write(event.to_json() + "\n");
  }
}

}  // namespace dataflow::cli
