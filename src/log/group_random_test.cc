// Random joins, leaves, syncs, heartbeats, commits, restarts and passing time, against what must
// always hold. DATAFLOW_TEST_SEED repeats a run.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "group_state_bed.h"

namespace dataflow::log {
namespace {

uint64_t first_seed() {
  const char* given = std::getenv("DATAFLOW_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20240601;
}

class RandomGroup {
 public:
  explicit RandomGroup(uint64_t seed) : random_(seed) {
    bed_.options.max_size = 5;
    bed_.options.initial_rebalance_delay_ms = pick(2) == 0 ? 0 : 2000;
    bed_.state.emplace("g", bed_.options);
  }

  void step() {
    switch (pick(14)) {
      case 0:
      case 1: join_new(); break;
      case 2: join_static(); break;
      case 3:
      case 4: rejoin(); break;
      case 5:
      case 6:
      case 7: sync(); break;
      case 8: bed_.heartbeat(some_member()); break;
      case 9: bed_.leave({{some_member(), {}}}); break;
      case 10: bed_.pass(static_cast<int64_t>(pick(8000))); break;
      case 11: commit(); break;
      case 12: stores(); break;
      case 13:
        if (pick(10) == 0) restart();
        break;
    }
    look();
  }

  // Whoever still waits has its answer once its timeouts are over.
  void end() {
    bed_.hold_stores = false;
    bed_.finish_stores();
    bed_.pass(GroupState::kNewMemberTimeoutMs + 60000);
    for (const Ticket ticket : asked_joins_) EXPECT_TRUE(bed_.joins.contains(ticket));
    for (const Ticket ticket : asked_syncs_) EXPECT_TRUE(bed_.syncs.contains(ticket));
    EXPECT_EQ(bed_.state->size(), 0u);
    EXPECT_EQ(bed_.state->pending(), 0u);
    EXPECT_EQ(bed_.state->next_deadline(), GroupState::kNever);
  }

 private:
  uint64_t pick(uint64_t below) {
    return std::uniform_int_distribution<uint64_t>(0, below - 1)(random_);
  }
  std::string some_member() {
    return "m" + std::to_string(pick(static_cast<uint64_t>(bed_.ids) + 1));
  }
  std::string some_protocols() {
    static const std::vector<std::string> kChoices{"ab", "ba", "abc", "b"};
    return kChoices[pick(kChoices.size())];
  }

  void join_new() {
    JoinRequest asked = GroupBed::request("", some_protocols());
    asked.require_member_id = pick(2) == 0;
    asked_joins_.push_back(bed_.join(asked));
  }
  void join_static() {
    asked_joins_.push_back(
        bed_.join_static("i" + std::to_string(pick(3)), pick(2) == 0, some_protocols()));
  }
  void rejoin() {
    asked_joins_.push_back(bed_.join(GroupBed::request(some_member(), some_protocols())));
  }
  void sync() {
    std::vector<MemberAssignment> made;
    const std::string member = pick(2) == 0 ? bed_.state->leader() : some_member();
    const std::string tag = std::to_string(bed_.state->generation().value());
    for (int i = 1; i <= bed_.ids; ++i) made.push_back({"m" + std::to_string(i), tag});
    const Ticket ticket = bed_.sync(member, made);
    asked_syncs_.push_back(ticket);
    sync_generations_[ticket] = tag;
  }
  void commit() {
    const auto generation = static_cast<int32_t>(pick(3)) + bed_.state->generation().value() - 1;
    const Fault fault = bed_.commit(generation, some_member());
    if (fault == Fault::kNone && bed_.state->phase() != GroupPhase::kEmpty) {
      EXPECT_EQ(generation, bed_.state->generation().value());
      EXPECT_NE(bed_.state->phase(), GroupPhase::kCompletingRebalance);
    }
  }
  void stores() {
    bed_.hold_stores = pick(2) == 0;
    bed_.finish_stores(pick(5) != 0);
  }
  void restart() {
    // Connections break: nobody waits any more. What was promised before stays.
    bed_.finish_stores();
    const GroupPhase before = bed_.state->phase();
    const Generation generation = bed_.state->generation();
    asked_joins_.clear();
    asked_syncs_.clear();
    bed_.restart();
    if (bed_.newest_lost) {
      // Nobody was told of the generation that could not be stored.
      last_generation_ = bed_.state->generation();
      std::erase_if(bed_.joins,
                    [&](const auto& entry) { return entry.second.generation > last_generation_; });
    } else if (before != GroupPhase::kPreparingRebalance) {
      EXPECT_EQ(bed_.state->generation(), generation);
      EXPECT_EQ(bed_.state->phase(), before);
    }
  }

  void look() {
    EXPECT_GE(bed_.state->generation().value(), last_generation_.value());
    last_generation_ = bed_.state->generation();
    if (bed_.state->phase() != GroupPhase::kPreparingRebalance) {
      EXPECT_LE(bed_.state->size(), 5u + 3u) << "beyond the limit, and the static members kept for";
    }
    for (const auto& [ticket, result] : bed_.syncs) {
      // An assignment is of the generation that its member asked for, never of another.
      if (!result.status.ok() || result.assignment.empty()) continue;
      EXPECT_EQ(result.assignment, sync_generations_.at(ticket));
    }
    std::map<int32_t, std::string> leaders;
    for (const auto& [ticket, result] : bed_.joins) {
      if (!result.status.ok() || result.members.empty() || result.skip_assignment) continue;
      const auto [it, first] = leaders.emplace(result.generation.value(), result.member_id);
      EXPECT_EQ(it->second, result.member_id) << "two leaders in one generation";
      EXPECT_EQ(result.leader, result.member_id);
    }
  }

  std::mt19937_64 random_;
  GroupBed bed_;
  std::vector<Ticket> asked_joins_;
  std::vector<Ticket> asked_syncs_;
  std::map<Ticket, std::string> sync_generations_;
  Generation last_generation_{0};
};

TEST(GroupRandom, InvariantsHold) {
  for (uint64_t seed = first_seed(); seed < first_seed() + 60; ++seed) {
    SCOPED_TRACE("DATAFLOW_TEST_SEED=" + std::to_string(seed));
    RandomGroup group(seed);
    for (int i = 0; i < 300 && !testing::Test::HasFailure(); ++i) group.step();
    group.end();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace dataflow::log
