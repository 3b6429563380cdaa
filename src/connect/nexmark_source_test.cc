// The source "nexmark": the same events for the same seed, in the shape that the benchmark says.
#include "nexmark_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "connect_test_bed.h"
#include "nexmark_model.h"

namespace dataflow::connect {
namespace {

constexpr const char* kPerson =
    "ROW<id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state "
    "STRING, "
    "dateTime TIMESTAMP(3), extra STRING>";
constexpr const char* kAuction =
    "ROW<id BIGINT, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT, "
    "dateTime TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING>";
constexpr const char* kBid =
    "ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, "
    "dateTime TIMESTAMP(3), extra STRING>";

std::vector<Field> whole() {
  return {{"event_type", Type::int32(), true},
          {"person", parse_type(kPerson).value(), true},
          {"auction", parse_type(kAuction).value(), true},
          {"bid", parse_type(kBid).value(), true}};
}

class Nexmark : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(bed_.open().ok()); }

  Result<std::unique_ptr<engine::Source>> make(plan::Options options, std::vector<Field> fields,
                                               bool bounded = false) {
    plan::SourceSpec spec;
    spec.connector = "nexmark";
    spec.schema = std::make_shared<const Schema>(std::move(fields));
    spec.options = std::move(options);
    return bed_.connectors().make_source(spec, {"job", "n", bounded});
  }
  std::string refusal(plan::Options options, std::vector<Field> fields, bool bounded = false) {
    const auto made = make(std::move(options), std::move(fields), bounded);
    return made.ok() ? "taken" : made.status().message();
  }
  // The rows of a split from where it stands, at most so many chunks; the split goes on behind.
  static std::vector<std::string> read(engine::Source& source, engine::Split& split,
                                       int chunks = 1 << 30) {
    std::vector<std::string> rows;
    auto reader = source.open(split).value();
    auto decoder = source.make_decoder().value();
    for (int i = 0; i < chunks; ++i) {
      engine::Chunk chunk;
      if (reader->poll(chunk).value() != engine::Polled::kMore) break;
      engine::DecodedRows decoded;
      std::vector<engine::SourceFault> faults;
      EXPECT_TRUE(decoder->decode(split, chunk, decoded, faults).ok());
      for (int64_t row = 0; row < decoded.batch.rows; ++row) {
        std::string text;
        for (const Value& value : row_of(decoded.batch, row)) text += value.to_string() + " ";
        rows.push_back(std::move(text));
      }
    }
    split.position = reader->position();
    return rows;
  }
  std::vector<std::string> all(const plan::Options& options, std::vector<Field> fields = whole()) {
    auto source = make(options, std::move(fields)).value();
    std::vector<std::string> rows;
    const auto splits = source->splits().value();
    for (engine::Split split : splits) {
      for (std::string& row : read(*source, split)) rows.push_back(std::move(row));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  ConnectBed bed_;
};

TEST_F(Nexmark, TheSameSeedMakesTheSameEventsHoweverTheyAreSplit) {
  const auto one = all({{"events.num", "20000"}, {"splits", "1"}});
  ASSERT_EQ(one.size(), 20000u);
  EXPECT_EQ(one, all({{"events.num", "20000"}, {"splits", "7"}}));
  EXPECT_EQ(one, all({{"events.num", "20000"}, {"seed", "1"}}));
  EXPECT_NE(one, all({{"events.num", "20000"}, {"seed", "2"}}));
}

TEST_F(Nexmark, GoesOnWhereItWas) {
  const plan::Options options = {{"events.num", "30000"}, {"splits", "2"}};
  auto source = make(options, whole()).value();
  EXPECT_TRUE(source->bounded());
  const auto splits = source->splits().value();
  for (engine::Split split : splits) {
    engine::Split at_once = split;
    const auto rows = read(*source, at_once);
    std::vector<std::string> pieces;
    while (pieces.size() < rows.size()) {
      auto other = make(options, whole()).value();
      const auto some = read(*other, split, 1);
      ASSERT_FALSE(some.empty());
      pieces.insert(pieces.end(), some.begin(), some.end());
    }
    EXPECT_EQ(pieces, rows);
  }
}

// What is left away changes nothing of the rest.
TEST_F(Nexmark, MakesWhatTheTableDeclares) {
  const plan::Options options = {{"events.num", "500"}, {"splits", "1"}};
  auto source =
      make(options, {{"bid", parse_type("ROW<price BIGINT, url STRING>").value(), true}}).value();
  engine::Split split = source->splits().value()[0];
  const auto narrow = read(*source, split);
  auto wide = make(options, whole()).value();
  engine::Split same = wide->splits().value()[0];
  const auto rows = read(*wide, same);
  ASSERT_EQ(narrow.size(), rows.size());
  int bids = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].starts_with("2 ")) {
      EXPECT_EQ(narrow[i], "NULL ") << rows[i];
      continue;
    }
    ++bids;
    const size_t comma = narrow[i].find(", ");
    EXPECT_NE(rows[i].find(narrow[i].substr(1, comma - 1)), std::string::npos) << narrow[i];
  }
  EXPECT_EQ(bids, 460);
}

TEST_F(Nexmark, ModelKeepsItsShape) {
  NexmarkRules rules;
  rules.base_ms = 1000;
  const NexmarkModel model(rules);
  std::set<int64_t> persons, auctions;
  int64_t hot_auctions = 0, hot_bidders = 0, bids = 0, length = 0;
  for (int64_t i = 0; i < 100'000; ++i) {
    const NexmarkEvent event = model.event(i);
    EXPECT_EQ(model.time(event), 1000 + i / 10);
    if (event.kind == NexmarkKind::kPerson) {
      EXPECT_TRUE(persons.insert(model.person_id(event)).second);
    } else if (event.kind == NexmarkKind::kAuction) {
      EXPECT_TRUE(auctions.insert(model.auction_id(event)).second);
      EXPECT_GT(model.expires(event), model.time(event));
      EXPECT_GT(model.reserve(event), model.initial_bid(event));
      EXPECT_LE(model.seller(event), *persons.rbegin() + 10);
      EXPECT_TRUE(model.category(event) >= 10 && model.category(event) < 15);
    } else {
      ++bids;
      EXPECT_LE(model.bid_auction(event), *auctions.rbegin() + 10);
      EXPECT_GE(model.bid_auction(event), 1000);
      hot_auctions += model.bid_auction(event) % 100 == 0 ? 1 : 0;
      hot_bidders += model.bidder(event) % 100 == 1 ? 1 : 0;
      EXPECT_TRUE(model.price(event) >= 100 && model.price(event) <= 100'000'000);
      std::string extra;
      model.bid_extra(event, extra);
      length += static_cast<int64_t>(extra.size());
    }
  }
  EXPECT_EQ(persons.size(), 2000u);
  EXPECT_EQ(*persons.rbegin(), 2999);
  EXPECT_EQ(auctions.size(), 6000u);
  EXPECT_EQ(bids, 92'000);
  EXPECT_NEAR(static_cast<double>(hot_auctions) / 92'000, 0.5, 0.02);
  EXPECT_NEAR(static_cast<double>(hot_bidders) / 92'000, 0.75, 0.02);
  EXPECT_NEAR(static_cast<double>(length) / 92'000, 68, 1);
}

// Each event of a group comes once, in another order.
TEST_F(Nexmark, DisorderMovesEventsWithinTheirGroup) {
  const auto in_order = all({{"events.num", "3000"}});
  EXPECT_EQ(in_order, all({{"events.num", "3000"}, {"out-of-order.group-size", "1000"}}));
  NexmarkRules rules;
  rules.disorder = 1000;
  const NexmarkModel model(rules);
  EXPECT_EQ(model.event(2001).number, 2953);
}

TEST_F(Nexmark, WhatCannotBeIsRefused) {
  EXPECT_EQ(refusal({{"events.num", "many"}}, whole()),
            "source `n`: option `events.num`=`many`: give a whole number from 0 to " +
                std::to_string(int64_t{1} << 50));
  EXPECT_EQ(refusal({}, whole(), true),
            "source `n`: option `events.num`: a bounded job needs a source that ends");
  EXPECT_EQ(refusal({{"event.num", "1"}}, whole()),
            "source `n`: there is no option `event.num`; did you mean \"events.num\"?");
  EXPECT_EQ(refusal({}, {{"bids", Type::int64(), true}}),
            "source `n`: there is no column `bids`; did you mean \"bid\"?");
  EXPECT_EQ(refusal({}, {{"bid", Type::int64(), true}}),
            "source `n`: column `bid`: this is BIGINT and has to be a ROW");
  EXPECT_EQ(refusal({}, {{"bid", parse_type("ROW<prize BIGINT>").value(), true}}),
            "source `n`: column `bid`: it has no field `prize`; did you mean \"price\"?");
  EXPECT_EQ(refusal({}, {{"bid", parse_type("ROW<price INT>").value(), true}}),
            "source `n`: column `bid`: field `price` is BIGINT, not INT");
  EXPECT_EQ(
      refusal({}, {{"bid", parse_type("ROW<price BIGINT>").value(), false}}),
      "source `n`: column `bid`: it is NULL in all events of other kinds; leave away NOT NULL");
  EXPECT_EQ(refusal({{"bid.avg-size", "1 GiB"}}, whole()),
            "source `n`: option `bid.avg-size`=`1 GiB`: give bytes up to 64 KiB");
}

}  // namespace
}  // namespace dataflow::connect
