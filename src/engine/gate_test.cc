#include "gate.h"

#include <gtest/gtest.h>

#include <string>

namespace dataflow::engine {
namespace {

class GateTest : public testing::Test {
 protected:
  GateTest() {
    for (size_t i = 0; i < 3; ++i) {
      lanes_.push_back(std::make_shared<Channel>(
          4, i, [] {}, [] {}));
    }
    gate_ = std::make_unique<Gate>(lanes_);
  }

  void rows(size_t lane, int64_t count) {
    Batch batch;
    batch.rows = count;
    lanes_[lane]->push(Message::of(std::move(batch)));
  }
  void mark(size_t lane, int64_t ms) { lanes_[lane]->push(Message::of(Watermark(ms))); }
  void barrier(size_t lane, int64_t id) { lanes_[lane]->push(Message::barrier(CheckpointId(id))); }
  void plain(size_t lane, Message::Kind kind) { lanes_[lane]->push(Message::plain(kind)); }

  // All that comes out until there is nothing more: "rows 1:5", "mark 7", "barrier 1", …
  std::vector<std::string> all() {
    std::vector<std::string> events;
    while (std::optional<GateEvent> event = gate_->next()) {
      const std::string number = std::to_string(event->number);
      switch (event->kind) {
        case GateEvent::Kind::kBatch:
          events.push_back("rows " + std::to_string(event->input) + ":" +
                           std::to_string(event->batch.rows));
          break;
        case GateEvent::Kind::kWatermark:
          events.push_back(event->number == INT64_MAX ? "mark end" : "mark " + number);
          break;
        case GateEvent::Kind::kBarrier: events.push_back("barrier " + number); break;
        case GateEvent::Kind::kIdle: events.push_back("idle"); break;
        case GateEvent::Kind::kActive: events.push_back("active"); break;
        case GateEvent::Kind::kCaughtUp:
          events.push_back("caught up " + std::to_string(event->input));
          break;
        case GateEvent::Kind::kEnd: events.push_back("end"); break;
      }
    }
    return events;
  }

  using Words = std::vector<std::string>;
  std::vector<std::shared_ptr<Channel>> lanes_;
  std::unique_ptr<Gate> gate_;
};

TEST_F(GateTest, TheWatermarkIsTheLeastOfAllLanes) {
  mark(0, 10);
  mark(1, 20);
  EXPECT_EQ(all(), Words{});
  mark(2, 5);
  EXPECT_EQ(all(), Words{"mark 5"});
  mark(2, 15);
  EXPECT_EQ(all(), Words{"mark 10"});
  mark(0, 9);  // one that falls back is passed over
  EXPECT_EQ(all(), Words{});
}

TEST_F(GateTest, AnIdleLaneHoldsNobodyBack) {
  mark(0, 10);
  mark(1, 20);
  plain(2, Message::Kind::kIdle);
  EXPECT_EQ(all(), Words{"mark 10"});
  plain(0, Message::Kind::kIdle);
  EXPECT_EQ(all(), Words{"mark 20"});
  plain(1, Message::Kind::kIdle);
  EXPECT_EQ(all(), Words{"idle"});
  plain(1, Message::Kind::kActive);
  mark(1, 30);
  EXPECT_EQ(all(), (Words{"active", "mark 30"}));
}

TEST_F(GateTest, RowsBehindABarrierWaitForTheOtherLanes) {
  barrier(0, 1);
  rows(0, 7);
  rows(1, 2);
  EXPECT_EQ(all(), Words{"rows 1:2"});
  barrier(1, 1);
  rows(1, 8);
  EXPECT_EQ(all(), Words{});
  barrier(2, 1);
  Words events = all();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0], "barrier 1");
}

TEST_F(GateTest, AnEndedLaneCountsAsAligned) {
  plain(2, Message::Kind::kEnd);
  barrier(0, 4);
  EXPECT_EQ(all(), Words{"caught up 2"});
  plain(1, Message::Kind::kEnd);
  EXPECT_EQ(all(), (Words{"barrier 4", "caught up 1"}));
}

TEST_F(GateTest, AnEndMayBringBothABarrierAndAWatermark) {
  mark(0, 50);
  mark(1, 60);
  barrier(0, 4);
  barrier(1, 4);
  EXPECT_EQ(all(), Words{});
  plain(2, Message::Kind::kEnd);
  EXPECT_EQ(all(), (Words{"barrier 4", "caught up 2", "mark 50"}));
}

TEST_F(GateTest, TheEndOfTimeComesBeforeTheEnd) {
  rows(0, 1);
  for (size_t lane = 0; lane < 3; ++lane) plain(lane, Message::Kind::kEnd);
  EXPECT_EQ(all(),
            (Words{"rows 0:1", "caught up 1", "caught up 2", "caught up 0", "mark end", "end"}));
  EXPECT_TRUE(gate_->ended());
}

TEST_F(GateTest, AnInputHasCaughtUpWhenEachOfItsLanesHasOrHasEnded) {
  lanes_.push_back(std::make_shared<Channel>(
      4, 0, [] {}, [] {}));
  gate_ = std::make_unique<Gate>(lanes_);
  plain(0, Message::Kind::kCaughtUp);
  rows(0, 2);
  EXPECT_EQ(all(), Words{"rows 0:2"});
  rows(3, 1);
  plain(3, Message::Kind::kEnd);
  EXPECT_EQ(all(), (Words{"rows 0:1", "caught up 0"}));
  plain(0, Message::Kind::kEnd);
  EXPECT_EQ(all(), Words{});
  EXPECT_FALSE(gate_->caught_up());
  plain(2, Message::Kind::kCaughtUp);
  plain(1, Message::Kind::kCaughtUp);
  EXPECT_EQ(all(), (Words{"caught up 1", "caught up 2"}));
  EXPECT_TRUE(gate_->caught_up());
}

TEST_F(GateTest, OnlyTheWatermarksOfTheTimedInputCount) {
  gate_ = std::make_unique<Gate>(lanes_, 1);
  mark(0, 10);
  mark(1, 20);
  EXPECT_EQ(all(), Words{"mark 20"});
  mark(2, 15);
  mark(1, 30);
  EXPECT_EQ(all(), Words{"mark 30"});
  plain(1, Message::Kind::kIdle);
  EXPECT_EQ(all(), Words{"idle"});
}

TEST(ChannelTest, AFullOneWakesItsProducerOnceThereIsRoom) {
  int consumer = 0;
  int producer = 0;
  Channel channel(
      2, 0, [&] { ++consumer; }, [&] { ++producer; });
  Batch batch;
  batch.rows = 1;
  channel.push(Message::of(batch));
  EXPECT_FALSE(channel.full());
  channel.push(Message::of(batch));
  EXPECT_EQ(consumer, 1);
  EXPECT_TRUE(channel.full());
  channel.pop();
  EXPECT_EQ(producer, 1);
  channel.pop();
  EXPECT_EQ(producer, 1);
  channel.push(Message::of(Watermark(1)));
  EXPECT_EQ(consumer, 2);
}

}  // namespace
}  // namespace dataflow::engine
