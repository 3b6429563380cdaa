// The events of Nexmark's auction house, each a function of the seed and its number: people who
// come, auctions that they open, bids. Of so many events the first are people, then auctions, then
// bids; who is bid on, who bids and who sells is partly one of a few that are hot.
//
// The model is that of the public benchmark's generator, the draws are our own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "random_bits.h"

namespace dataflow::connect {

struct NexmarkRules {
  uint64_t seed = 1;
  int64_t persons = 1, auctions = 3, bids = 46;  // of as many events as the three are together
  int64_t hot_auctions = 2, hot_bidders = 4, hot_sellers = 4;  // all but one of so many are hot
  int64_t person_bytes = 200, auction_bytes = 500, bid_bytes = 100;  // of an event, about
  double events_per_second = 10'000;                                 // of event time
  int64_t base_ms = 0;                                               // the first event's time
  int64_t disorder = 1;  // so many events after each other come in a muddled order

  int64_t round() const { return persons + auctions + bids; }
};

enum class NexmarkKind : uint8_t { kPerson = 0, kAuction = 1, kBid = 2 };

struct NexmarkEvent {
  NexmarkKind kind;
  uint64_t bits;   // what all draws are made of
  int64_t number;  // where it stands in event time
  int64_t time_ms;
  int64_t last_person;   // counted from 0: the person itself, or the last one before
  int64_t last_auction;  // the same of auctions
};

class NexmarkModel {
 public:
  explicit NexmarkModel(const NexmarkRules& rules);

  // The one that comes at that place; places count from 0.
  NexmarkEvent event(int64_t place) const;

  int64_t time(const NexmarkEvent& event) const { return event.time_ms; }
  // Of people.
  int64_t person_id(const NexmarkEvent& event) const { return event.last_person + kFirstId; }
  void person_name(const NexmarkEvent& event, std::string& out) const;
  void email(const NexmarkEvent& event, std::string& out) const;
  void credit_card(const NexmarkEvent& event, std::string& out) const;
  void city(const NexmarkEvent& event, std::string& out) const;
  void state(const NexmarkEvent& event, std::string& out) const;
  void person_extra(const NexmarkEvent& event, std::string& out) const;
  // Of auctions.
  int64_t auction_id(const NexmarkEvent& event) const { return event.last_auction + kFirstId; }
  void item_name(const NexmarkEvent& event, std::string& out) const;
  void description(const NexmarkEvent& event, std::string& out) const;
  int64_t initial_bid(const NexmarkEvent& event) const;
  int64_t reserve(const NexmarkEvent& event) const;
  int64_t expires(const NexmarkEvent& event) const;
  int64_t seller(const NexmarkEvent& event) const;
  int64_t category(const NexmarkEvent& event) const;
  void auction_extra(const NexmarkEvent& event, std::string& out) const;
  // Of bids.
  int64_t bid_auction(const NexmarkEvent& event) const;
  int64_t bidder(const NexmarkEvent& event) const;
  int64_t price(const NexmarkEvent& event) const;
  void channel(const NexmarkEvent& event, std::string& out) const;
  void url(const NexmarkEvent& event, std::string& out) const;
  void bid_extra(const NexmarkEvent& event, std::string& out) const;

 private:
  static constexpr int64_t kFirstId = 1000;
  struct Channel {
    std::string name, url;
  };

  int64_t time_of(int64_t number) const;
  int64_t person_near(const NexmarkEvent& event, uint64_t bits) const;
  int64_t auction_near(const NexmarkEvent& event, uint64_t bits) const;
  const Channel& channel_of(const NexmarkEvent& event) const;
  std::string made_url(uint64_t bits) const;
  void letters(uint64_t bits, int64_t length, std::string& out) const;
  void words(uint64_t bits, int64_t length, std::string& out) const;
  void extra(uint64_t bits, int64_t other_bytes, int64_t bytes, std::string& out) const;

  const NexmarkRules rules_;
  std::string letters_, words_;    // what texts are cut out of
  std::vector<Channel> channels_;  // the hot ones first
};

}  // namespace dataflow::connect
