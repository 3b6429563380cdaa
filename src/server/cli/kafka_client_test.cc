// The pure parts of the command line's Kafka client.
#include <gtest/gtest.h>

#include "cli/group_protocol.h"

namespace dataflow::cli {
namespace {

TEST(GroupProtocol, ReadsWhatItWrites) {
  EXPECT_EQ(decode_subscription(encode_subscription({"a", "b"})).value(),
            (std::vector<std::string>{"a", "b"}));
  const PartitionsByTopic partitions{{"a", {0, 2}}, {"b", {1}}};
  EXPECT_EQ(decode_assignment(encode_assignment(partitions)).value(), partitions);
  EXPECT_TRUE(decode_assignment("").value().empty());
}

TEST(GroupProtocol, RefusesBytesThatClaimTooMuch) {
  EXPECT_FALSE(decode_subscription(std::string_view("\0\0\x7f\xff\xff\xff", 6)).ok());
  EXPECT_FALSE(decode_subscription("").ok());
  std::string cut = encode_assignment({{"topic", {1, 2, 3}}});
  cut.resize(cut.size() - 8);
  EXPECT_FALSE(decode_assignment(cut).ok());
}

TEST(GroupProtocol, DealsRangesOutAsKafkaDoes) {
  const auto shares =
      assign_ranges({{"m2", {"t", "u"}}, {"m1", {"t"}}, {"m3", {"gone"}}}, {{"t", 5}, {"u", 1}});
  EXPECT_EQ(shares.at("m1"), (PartitionsByTopic{{"t", {0, 1, 2}}}));
  EXPECT_EQ(shares.at("m2"), (PartitionsByTopic{{"t", {3, 4}}, {"u", {0}}}));
  EXPECT_TRUE(shares.at("m3").empty());
}

TEST(GroupProtocol, LeavesMembersWithoutAPartitionWhereThereAreTooFew) {
  const auto shares = assign_ranges({{"a", {"t"}}, {"b", {"t"}}, {"c", {"t"}}}, {{"t", 2}});
  EXPECT_EQ(shares.at("a"), (PartitionsByTopic{{"t", {0}}}));
  EXPECT_EQ(shares.at("b"), (PartitionsByTopic{{"t", {1}}}));
  EXPECT_TRUE(shares.at("c").empty());
}

}  // namespace
}  // namespace dataflow::cli
