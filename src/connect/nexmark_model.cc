#include "nexmark_model.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace dataflow::connect {
namespace {

constexpr size_t kTextPool = 1 << 16;
constexpr int64_t kLeastText = 3;
constexpr int64_t kMostItemName = 20, kMostDescription = 100;
constexpr int64_t kMostMailbox = 7, kMostDomain = 5, kMostDirectory = 5;

// Who is hot is the first (of bidders the second) of so many.
constexpr int64_t kHotBlock = 100;
constexpr int64_t kActivePersons = 1000;  // the latest, who sell and bid
constexpr int64_t kOpenAuctions = 100;    // the latest, which are bid on
// So many ids that are not there yet are taken too: as if events had changed their places.
constexpr int64_t kLead = 10;
constexpr int64_t kFirstCategory = 10, kCategories = 5;

constexpr uint64_t kChannels = 10'000;
constexpr std::string_view kHotChannels[] = {"Google", "Facebook", "Baidu", "Apple"};
constexpr std::string_view kFirstNames[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                            "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
constexpr std::string_view kLastNames[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                           "Walton", "Smith",  "Jones",   "Noris"};
constexpr std::string_view kCities[] = {"Phoenix",  "Los Angeles", "San Francisco", "Boise",
                                        "Portland", "Bend",        "Redmond",       "Seattle",
                                        "Kent",     "Cheyenne"};
constexpr std::string_view kStates[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};

// Each value of an event is a draw of its own.
enum class Draw : uint64_t {
  kFirstName = 1,
  kLastName,
  kMailbox,
  kDomain,
  kCard,
  kCity,
  kState,
  kItemName,
  kDescription,
  kInitialBid,
  kReserve,
  kExpires,
  kHotSeller,
  kSeller,
  kCategory,
  kHotAuction,
  kAuction,
  kHotBidder,
  kBidder,
  kPrice,
  kHotChannel,
  kChannel,
  kExtra,
};

uint64_t draw(const NexmarkEvent& event, Draw what) {
  return mixed(event.bits + static_cast<uint64_t>(what));
}

// All but one of `ratio`.
bool is_hot(const NexmarkEvent& event, Draw what, int64_t ratio) {
  return below(draw(event, what), static_cast<uint64_t>(ratio)) > 0;
}

int64_t number_below(uint64_t bits, int64_t count) {
  return static_cast<int64_t>(below(bits, static_cast<uint64_t>(count)));
}

template <size_t kCount>
std::string_view one_of(const std::string_view (&values)[kCount], const NexmarkEvent& event,
                        Draw what) {
  return values[below(draw(event, what), kCount)];
}

// From 1.00 to 1,000,000.00, most of them small.
int64_t price_of(uint64_t bits) {
  return std::llround(std::pow(10.0, unit_of(bits) * 6.0) * 100.0);
}

// Of a text that is shorter than `most`, as the bits have it.
int64_t length_of(uint64_t bits, int64_t most) {
  return kLeastText + number_below(mixed(bits), most - kLeastText);
}

}  // namespace

NexmarkModel::NexmarkModel(const NexmarkRules& rules) : rules_(rules) {
  uint64_t bits = mixed(rules.seed);
  const auto letter = [&] { return static_cast<char>('a' + below(bits, 26)); };
  letters_.reserve(kTextPool);
  words_.reserve(kTextPool);
  for (size_t i = 0; i < kTextPool; ++i) {
    bits = mixed(bits);
    letters_ += letter();
    bits = mixed(bits);
    words_ += below(mixed(~bits), 13) == 0 ? ' ' : letter();
  }
  for (const std::string_view name : kHotChannels) {
    bits = mixed(bits);
    channels_.push_back({std::string(name), made_url(bits)});
  }
  for (uint64_t i = 0; i < kChannels; ++i) {
    bits = mixed(bits);
    channels_.push_back({"channel-" + std::to_string(i), made_url(bits)});
    if (below(mixed(~bits), 10) > 0) {
      channels_.back().url += "&channel_id=" + std::to_string(mixed(bits + i) >> 33);
    }
  }
}

NexmarkEvent NexmarkModel::event(int64_t place) const {
  NexmarkEvent event;
  // 953 is a prime, so that each of a group comes once.
  const int64_t group = rules_.disorder;
  event.number = group == 1 ? place : place / group * group + place * 953 % group;
  event.time_ms = time_of(event.number);
  event.bits = mixed(mixed(rules_.seed) ^ static_cast<uint64_t>(event.number));
  const int64_t round = event.number / rules_.round();
  const int64_t within = event.number % rules_.round();
  event.last_person = round * rules_.persons + std::min(within, rules_.persons - 1);
  const int64_t auctions = std::min(within - rules_.persons, rules_.auctions - 1);
  if (within < rules_.persons) {
    event.kind = NexmarkKind::kPerson;
    event.last_auction = std::max<int64_t>(round * rules_.auctions - 1, 0);
  } else {
    const bool is_auction = within < rules_.persons + rules_.auctions;
    event.kind = is_auction ? NexmarkKind::kAuction : NexmarkKind::kBid;
    event.last_auction = round * rules_.auctions + auctions;
  }
  return event;
}

int64_t NexmarkModel::time_of(int64_t number) const {
  const double micros = static_cast<double>(number) * (1e6 / rules_.events_per_second);
  return rules_.base_ms + static_cast<int64_t>(micros) / 1000;
}

void NexmarkModel::person_name(const NexmarkEvent& event, std::string& out) const {
  out += one_of(kFirstNames, event, Draw::kFirstName);
  out += ' ';
  out += one_of(kLastNames, event, Draw::kLastName);
}

void NexmarkModel::email(const NexmarkEvent& event, std::string& out) const {
  const uint64_t mailbox = draw(event, Draw::kMailbox), domain = draw(event, Draw::kDomain);
  letters(mailbox, length_of(mailbox, kMostMailbox), out);
  out += '@';
  letters(domain, length_of(domain, kMostDomain), out);
  out += ".com";
}

void NexmarkModel::credit_card(const NexmarkEvent& event, std::string& out) const {
  uint64_t bits = draw(event, Draw::kCard);
  for (int i = 0; i < 16; ++i) {
    if (i > 0 && i % 4 == 0) out += ' ';
    out += static_cast<char>('0' + below(bits, 10));
    bits *= 10;  // the digits behind
  }
}

void NexmarkModel::city(const NexmarkEvent& event, std::string& out) const {
  out += one_of(kCities, event, Draw::kCity);
}

void NexmarkModel::state(const NexmarkEvent& event, std::string& out) const {
  out += one_of(kStates, event, Draw::kState);
}

void NexmarkModel::person_extra(const NexmarkEvent& event, std::string& out) const {
  std::string others;
  person_name(event, others);
  email(event, others);
  credit_card(event, others);
  city(event, others);
  state(event, others);
  const auto size = static_cast<int64_t>(others.size());
  extra(draw(event, Draw::kExtra), 8 + size, rules_.person_bytes, out);
}

void NexmarkModel::item_name(const NexmarkEvent& event, std::string& out) const {
  const uint64_t bits = draw(event, Draw::kItemName);
  words(bits, length_of(bits, kMostItemName), out);
}

void NexmarkModel::description(const NexmarkEvent& event, std::string& out) const {
  const uint64_t bits = draw(event, Draw::kDescription);
  words(bits, length_of(bits, kMostDescription), out);
}

int64_t NexmarkModel::initial_bid(const NexmarkEvent& event) const {
  return price_of(draw(event, Draw::kInitialBid));
}

int64_t NexmarkModel::reserve(const NexmarkEvent& event) const {
  return initial_bid(event) + price_of(draw(event, Draw::kReserve));
}

int64_t NexmarkModel::expires(const NexmarkEvent& event) const {
  // On average when as many auctions more have been opened as are open at a time.
  const int64_t ahead = kOpenAuctions * rules_.round() / rules_.auctions;
  const int64_t horizon = time_of(event.number + ahead) - event.time_ms;
  const int64_t most = std::max<int64_t>(horizon * 2, 1);
  return event.time_ms + 1 + number_below(draw(event, Draw::kExpires), most);
}

int64_t NexmarkModel::seller(const NexmarkEvent& event) const {
  const bool hot = is_hot(event, Draw::kHotSeller, rules_.hot_sellers);
  return kFirstId + (hot ? event.last_person / kHotBlock * kHotBlock
                         : person_near(event, draw(event, Draw::kSeller)));
}

int64_t NexmarkModel::category(const NexmarkEvent& event) const {
  return kFirstCategory + number_below(draw(event, Draw::kCategory), kCategories);
}

void NexmarkModel::auction_extra(const NexmarkEvent& event, std::string& out) const {
  const int64_t texts = length_of(draw(event, Draw::kItemName), kMostItemName) +
                        length_of(draw(event, Draw::kDescription), kMostDescription);
  extra(draw(event, Draw::kExtra), 6 * 8 + texts, rules_.auction_bytes, out);
}

int64_t NexmarkModel::bid_auction(const NexmarkEvent& event) const {
  const bool hot = is_hot(event, Draw::kHotAuction, rules_.hot_auctions);
  return kFirstId + (hot ? event.last_auction / kHotBlock * kHotBlock
                         : auction_near(event, draw(event, Draw::kAuction)));
}

int64_t NexmarkModel::bidder(const NexmarkEvent& event) const {
  // The second of its block: hot bidders and hot sellers are not the same people.
  const bool hot = is_hot(event, Draw::kHotBidder, rules_.hot_bidders);
  return kFirstId + (hot ? event.last_person / kHotBlock * kHotBlock + 1
                         : person_near(event, draw(event, Draw::kBidder)));
}

int64_t NexmarkModel::price(const NexmarkEvent& event) const {
  return price_of(draw(event, Draw::kPrice));
}

void NexmarkModel::channel(const NexmarkEvent& event, std::string& out) const {
  out += channel_of(event).name;
}

void NexmarkModel::url(const NexmarkEvent& event, std::string& out) const {
  out += channel_of(event).url;
}

void NexmarkModel::bid_extra(const NexmarkEvent& event, std::string& out) const {
  extra(draw(event, Draw::kExtra), 4 * 8, rules_.bid_bytes, out);
}

int64_t NexmarkModel::person_near(const NexmarkEvent& event, uint64_t bits) const {
  const int64_t persons = event.last_person + 1;
  const int64_t active = std::min(persons, kActivePersons);
  return persons - active + number_below(bits, active + kLead);
}

int64_t NexmarkModel::auction_near(const NexmarkEvent& event, uint64_t bits) const {
  const int64_t first = std::max<int64_t>(event.last_auction - kOpenAuctions, 0);
  return first + number_below(bits, event.last_auction - first + 1 + kLead);
}

const NexmarkModel::Channel& NexmarkModel::channel_of(const NexmarkEvent& event) const {
  const uint64_t bits = draw(event, Draw::kChannel);
  if ((draw(event, Draw::kHotChannel) & 1) != 0) {
    return channels_[below(bits, std::size(kHotChannels))];
  }
  return channels_[std::size(kHotChannels) + below(bits, kChannels)];
}

std::string NexmarkModel::made_url(uint64_t bits) const {
  std::string url = "https://www.nexmark.com/";
  for (int i = 0; i < 3; ++i) {
    bits = mixed(bits);
    letters(bits, length_of(bits, kMostDirectory), url);
    url += '/';
  }
  return url + "item.htm?query=1";
}

void NexmarkModel::letters(uint64_t bits, int64_t length, std::string& out) const {
  for (size_t at = bits % kTextPool, left = static_cast<size_t>(length); left > 0; at = 0) {
    const size_t piece = std::min(left, kTextPool - at);
    out.append(letters_, at, piece);
    left -= piece;
  }
}

// Without blanks at its ends.
void NexmarkModel::words(uint64_t bits, int64_t length, std::string& out) const {
  const size_t at = bits % (kTextPool - kMostDescription);
  std::string_view text = std::string_view(words_).substr(at, static_cast<size_t>(length));
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  out += text;
}

// What an event lacks to `bytes`, by a fifth more or less.
void NexmarkModel::extra(uint64_t bits, int64_t other_bytes, int64_t bytes,
                         std::string& out) const {
  const int64_t wanted = bytes - other_bytes;
  if (wanted <= 0) return;
  const int64_t spread = (wanted + 2) / 5;
  const int64_t more = spread == 0 ? 0 : number_below(mixed(bits), 2 * spread);
  letters(bits, wanted - spread + more, out);
}

}  // namespace dataflow::connect
