// Topics, configurations and what else is asked about the cluster.
#include <gtest/gtest.h>

#include <algorithm>

#include "server_bed.h"
#include "wire/messages/alter_configs.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/describe_cluster.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/describe_log_dirs.h"
#include "wire/messages/end_txn.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/list_offsets.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_fetch.h"

namespace dataflow::kafka {
namespace {

using wire::ErrorCode;

class Admin : public ::testing::Test {
 protected:
  Admin() : client_(bed_.connect()) {}

  ErrorCode create(wire::CreateTopicsRequest::Topic topic, bool validate_only = false,
                   int16_t version = 7) {
    wire::CreateTopicsRequest request;
    request.validate_only = validate_only;
    request.topics.push_back(std::move(topic));
    return ask(*client_, request, version).topics.at(0).error_code;
  }
  ErrorCode change(const std::string& name, int8_t operation, std::optional<std::string> value) {
    wire::IncrementalAlterConfigsRequest request;
    request.resources.push_back({2, "t", {{name, operation, std::move(value)}}});
    return ask(*client_, request, 1).responses.at(0).error_code;
  }
  std::optional<std::string> override_of(const std::string& name) {
    auto overrides = bed_.log.topic("t")->overrides;
    auto found = overrides.find(name);
    return found == overrides.end() ? std::nullopt : std::optional(found->second);
  }

  ServerBed bed_;
  std::unique_ptr<wire::Client> client_;
};

TEST_F(Admin, MetadataMakesTopicsBeforeItAnswers) {
  for (int16_t version = 0; version <= 9; ++version) {
    wire::MetadataRequest request;
    std::string name = "auto-" + std::to_string(version);
    request.topics->emplace_back().name = name;
    auto answer = ask(*client_, request, version);
    ASSERT_EQ(answer.brokers.size(), 1u);
    EXPECT_EQ(answer.brokers[0].host, "127.0.0.1");
    EXPECT_EQ(answer.brokers[0].port, bed_.server->port());
    ASSERT_EQ(answer.topics.size(), 1u);
    EXPECT_EQ(answer.topics[0].error_code, ErrorCode::kNone);
    EXPECT_EQ(answer.topics[0].partitions.at(0).leader_id, 1);
  }
}

TEST_F(Admin, MetadataOfMissingTopics) {
  wire::MetadataRequest request;
  request.allow_auto_topic_creation = false;
  request.topics->emplace_back().name = "missing";
  request.topics->emplace_back().name = "not a name";
  auto answer = ask(*client_, request, 9);
  EXPECT_EQ(answer.topics.at(0).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(answer.topics.at(1).error_code, ErrorCode::kInvalidTopicException);
  EXPECT_TRUE(bed_.log.topics().empty());
}

TEST_F(Admin, MetadataOfAllTopics) {
  bed_.log.make("a", 3);
  bed_.log.make("b");
  wire::MetadataRequest request;
  EXPECT_EQ(ask(*client_, request, 0).topics.size(), 2u);
  EXPECT_EQ(ask(*client_, request, 1).topics.size(), 0u);
  request.topics.reset();
  request.include_topic_authorized_operations = true;
  auto answer = ask(*client_, request, 9);
  ASSERT_EQ(answer.topics.size(), 2u);
  EXPECT_EQ(answer.topics[0].partitions.size(), 3u);
  EXPECT_EQ(answer.topics[0].topic_authorized_operations, 3576);
  EXPECT_EQ(answer.cluster_authorized_operations, INT32_MIN);
}

TEST_F(Admin, CreateTopics) {
  EXPECT_EQ(create({"a", 3, 1, {}, {}}), ErrorCode::kNone);
  EXPECT_EQ(create({"a", 3, 1, {}, {}}), ErrorCode::kTopicAlreadyExists);
  EXPECT_EQ(create({"b", -1, -1, {}, {}}), ErrorCode::kNone);
  for (int16_t version = 2; version <= 7; ++version) {
    std::string name = "defaults-" + std::to_string(version);
    EXPECT_EQ(create({name, -1, -1, {}, {}}, false, version), ErrorCode::kNone) << version;
    EXPECT_EQ(bed_.log.topic(name)->partitions, 1);
  }
  EXPECT_EQ(create({"c", 1, 3, {}, {}}), ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(create({"c", 0, 1, {}, {}}), ErrorCode::kInvalidPartitions);
  EXPECT_EQ(create({"c", -1, -1, {{0, {1}}, {1, {1}}}, {}}), ErrorCode::kNone);
  EXPECT_EQ(bed_.log.topic("c")->partitions, 2);
  EXPECT_EQ(create({"d", -1, -1, {{0, {1, 2}}}, {}}), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(create({"d", -1, -1, {{1, {1}}}, {}}), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(create({"d", 1, 1, {}, {{"retention.ms", "nonsense"}}}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(create({"d", 1, 1, {}, {}}, true), ErrorCode::kNone);
  EXPECT_FALSE(bed_.log.topic("d"));
  EXPECT_EQ(create({"no name", 1, 1, {}, {}}), ErrorCode::kInvalidTopicException);
}

TEST_F(Admin, CreateTopicNamedTwiceIsRefusedOnce) {
  wire::CreateTopicsRequest request;
  request.topics.push_back({"a", 1, 1, {}, {}});
  request.topics.push_back({"a", 1, 1, {}, {}});
  auto answer = ask(*client_, request, 7);
  ASSERT_EQ(answer.topics.size(), 1u);
  EXPECT_EQ(answer.topics[0].error_code, ErrorCode::kInvalidRequest);
  EXPECT_FALSE(bed_.log.topic("a"));
}

TEST_F(Admin, DeleteTopicsAndCreatePartitions) {
  bed_.log.make("t", 2);
  wire::CreatePartitionsRequest more;
  more.topics.push_back({"t", 2, {}});
  EXPECT_EQ(ask(*client_, more, 3).results.at(0).error_code, ErrorCode::kInvalidPartitions);
  more.topics[0].count = 4;
  more.topics[0].assignments.reset();
  more.validate_only = true;
  EXPECT_EQ(ask(*client_, more, 3).results.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(bed_.log.topic("t")->partitions, 2);
  more.validate_only = false;
  EXPECT_EQ(ask(*client_, more, 3).results.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(bed_.log.topic("t")->partitions, 4);

  wire::DeleteTopicsRequest remove;
  remove.topic_names = {"t", "missing"};
  auto answer = ask(*client_, remove, 5);
  EXPECT_EQ(answer.responses.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(answer.responses.at(1).error_code, ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(Admin, DeleteTopicsById) {
  for (const char* name : {"a", "b", "c"}) bed_.log.make(name);
  const Uuid a = bed_.log.topic("a")->id;
  const Uuid unknown = Uuid::random(posix_env());
  wire::DeleteTopicsRequest request;
  request.topics.push_back({std::nullopt, a});
  request.topics.push_back({std::nullopt, unknown});
  request.topics.push_back({"b", bed_.log.topic("b")->id});
  request.topics.push_back({std::nullopt, Uuid()});
  request.topics.push_back({"c", Uuid()});
  auto answer = ask(*client_, request, 6);
  ASSERT_EQ(answer.responses.size(), 5u);
  EXPECT_EQ(answer.responses[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(answer.responses[0].name, "a");
  EXPECT_EQ(answer.responses[1].error_code, ErrorCode::kUnknownTopicId);
  EXPECT_EQ(answer.responses[1].name, std::nullopt);
  EXPECT_EQ(answer.responses[1].topic_id, unknown);
  EXPECT_EQ(answer.responses[2].error_code, ErrorCode::kInvalidRequest) << "name and id";
  EXPECT_EQ(answer.responses[3].error_code, ErrorCode::kInvalidRequest) << "neither";
  EXPECT_EQ(answer.responses[4].error_code, ErrorCode::kNone);
  ASSERT_EQ(bed_.log.topics().size(), 1u);
  EXPECT_EQ(bed_.log.topics()[0].name, "b");
}

TEST_F(Admin, DeleteTopicNamedTwiceIsRefusedOnceAndStays) {
  bed_.log.make("t");
  wire::DeleteTopicsRequest request;
  request.topic_names = {"t", "t"};
  auto answer = ask(*client_, request, 5);
  ASSERT_EQ(answer.responses.size(), 1u);
  EXPECT_EQ(answer.responses[0].error_code, ErrorCode::kInvalidRequest);

  wire::DeleteTopicsRequest by_both;
  by_both.topics.push_back({"t", Uuid()});
  by_both.topics.push_back({std::nullopt, bed_.log.topic("t")->id});
  answer = ask(*client_, by_both, 6);
  ASSERT_EQ(answer.responses.size(), 1u);
  EXPECT_EQ(answer.responses[0].error_code, ErrorCode::kInvalidRequest);
  EXPECT_TRUE(bed_.log.topic("t"));
}

TEST_F(Admin, IncrementalAlterConfigs) {
  bed_.log.make("t");
  EXPECT_EQ(change("retention.ms", 0, "1000"), ErrorCode::kNone);
  EXPECT_EQ(override_of("retention.ms"), "1000");
  EXPECT_EQ(change("retention.ms", 1, std::nullopt), ErrorCode::kNone);
  EXPECT_EQ(override_of("retention.ms"), std::nullopt);
  EXPECT_EQ(change("cleanup.policy", 2, "compact"), ErrorCode::kNone);
  EXPECT_EQ(override_of("cleanup.policy"), "delete,compact");
  EXPECT_EQ(change("cleanup.policy", 3, "delete"), ErrorCode::kNone);
  EXPECT_EQ(override_of("cleanup.policy"), "compact");
  EXPECT_EQ(change("retention.ms", 2, "1"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(change("retention.ms", 0, "nonsense"), ErrorCode::kInvalidConfig);
  EXPECT_EQ(change("retention.ms", 0, std::nullopt), ErrorCode::kInvalidRequest);
  EXPECT_EQ(change("retention.ms", 9, "1"), ErrorCode::kInvalidRequest);
  wire::IncrementalAlterConfigsRequest broker;
  broker.resources.push_back({4, "1", {{"log.retention.ms", 0, "1"}}});
  broker.resources.push_back({4, "9", {{"log.retention.ms", 0, "1"}}});
  auto answer = ask(*client_, broker, 0);
  EXPECT_EQ(answer.responses.at(0).error_code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(answer.responses.at(1).error_code, ErrorCode::kInvalidRequest);

  wire::IncrementalAlterConfigsRequest twice;
  for (const char* value : {"5", "6"})
    twice.resources.push_back({2, "t", {{"segment.ms", 0, value}}});
  for (const auto& response : ask(*client_, twice, 1).responses) {
    EXPECT_EQ(response.error_code, ErrorCode::kInvalidRequest);
  }
  EXPECT_EQ(override_of("segment.ms"), std::nullopt) << "neither is done";
}

TEST_F(Admin, AlterConfigsReplacesAll) {
  ASSERT_TRUE(bed_.log.create_topic("t", 1, {{"retention.ms", "5"}}).ok());
  wire::AlterConfigsRequest request;
  request.resources.push_back({2, "t", {{"segment.ms", "7"}}});
  EXPECT_EQ(ask(*client_, request, 2).responses.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(override_of("retention.ms"), std::nullopt);
  EXPECT_EQ(override_of("segment.ms"), "7");
  request.resources[0].configs.push_back({"segment.ms", "8"});
  EXPECT_EQ(ask(*client_, request, 2).responses.at(0).error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(override_of("segment.ms"), "7");
}

TEST_F(Admin, DescribeConfigs) {
  ASSERT_TRUE(bed_.log.create_topic("t", 1, {{"retention.ms", "5"}}).ok());
  wire::DescribeConfigsRequest request;
  request.include_synonyms = true;
  request.resources.push_back({2, "t", std::vector<std::string>{"retention.ms"}});
  request.resources.push_back({2, "missing", std::nullopt});
  request.resources.push_back({4, "1", std::nullopt});
  request.resources.push_back({7, "1", std::nullopt});
  auto answer = ask(*client_, request, 4);
  ASSERT_EQ(answer.results.at(0).configs.size(), 1u);
  EXPECT_EQ(answer.results[0].configs[0].value, "5");
  EXPECT_EQ(answer.results[0].configs[0].config_source, 1);
  EXPECT_EQ(answer.results[0].configs[0].config_type, 5);
  EXPECT_EQ(answer.results[0].configs[0].synonyms.size(), 2u);
  EXPECT_EQ(answer.results.at(1).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_GT(answer.results.at(2).configs.size(), 15u);
  EXPECT_TRUE(std::all_of(answer.results[2].configs.begin(), answer.results[2].configs.end(),
                          [](const auto& config) { return config.read_only; }));
  EXPECT_EQ(answer.results.at(3).error_code, ErrorCode::kInvalidRequest);

  request.resources.resize(1);
  request.resources[0].configuration_keys.emplace();
  EXPECT_GT(ask(*client_, request, 4).results.at(0).configs.size(), 15u) << "no keys are all keys";
}

TEST_F(Admin, ListOffsets) {
  FakePartition& partition = bed_.log.make("t");
  std::string batch = batch_of({"a", "b"});
  ASSERT_TRUE(partition.append(batch, true).ok());
  auto at = [&](int64_t time, int16_t version) {
    wire::ListOffsetsRequest request;
    request.topics.push_back({"t", {{0, -1, time}}});
    return ask(*client_, request, version).topics.at(0).partitions.at(0);
  };
  for (int16_t version = 1; version <= 7; ++version) {
    EXPECT_EQ(at(-1, version).offset, 2);
    EXPECT_EQ(at(-2, version).offset, 0);
    EXPECT_EQ(at(1000, version).offset, 0);
    EXPECT_EQ(at(1000, version).timestamp, 1000);
    EXPECT_EQ(at(5000, version).offset, -1);
  }
  EXPECT_EQ(at(-3, 7).timestamp, 1000);
  EXPECT_EQ(at(-3, 6).error_code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(at(-9, 7).error_code, ErrorCode::kUnsupportedVersion);
}

TEST_F(Admin, CoordinatorsAreHere) {
  wire::FindCoordinatorRequest request;
  request.key = "g";
  for (int16_t version = 0; version <= 3; ++version) {
    auto answer = ask(*client_, request, version);
    EXPECT_EQ(answer.error_code, ErrorCode::kNone);
    EXPECT_EQ(answer.port, bed_.server->port());
  }
  request.coordinator_keys = {"g", "h"};
  EXPECT_EQ(ask(*client_, request, 4).coordinators.size(), 2u);
  request.key_type = 7;
  EXPECT_EQ(ask(*client_, request, 4).coordinators.at(1).error_code, ErrorCode::kInvalidRequest);
}

TEST_F(Admin, OffsetsOfPartitionsThatDoNotExistAreRefused) {
  bed_.log.make("t");
  wire::OffsetCommitRequest request;
  request.group_id = "g";
  request.topics.push_back({"missing", {{0, 5, -1, "m"}}});
  request.topics.push_back({"t", {{0, 6, -1, std::nullopt}, {3, 7, -1, "m"}}});
  auto answer = ask(*client_, request, 8);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(answer.topics.at(1).partitions.at(1).error_code, ErrorCode::kUnknownTopicOrPartition);
  ASSERT_EQ(bed_.groups.last_commit.offsets.size(), 1u);
  EXPECT_EQ(bed_.groups.last_commit.offsets[0].offset, Offset(6));
}

TEST_F(Admin, OffsetFetchInEveryVersion) {
  wire::OffsetFetchRequest request;
  request.group_id = "g";
  request.topics->push_back({"t", {0, 1}});
  for (int16_t version = 1; version <= 7; ++version) {
    auto answer = ask(*client_, request, version);
    ASSERT_EQ(answer.topics.at(0).partitions.size(), 2u);
    EXPECT_EQ(answer.topics[0].partitions[0].committed_offset, -1);
  }
  request.groups.push_back({"g", {{{"t", {0}}}}});
  EXPECT_EQ(ask(*client_, request, 8).groups.at(0).topics.at(0).partitions.size(), 1u);
}

TEST_F(Admin, FencedProducersInOldVersions) {
  EXPECT_EQ(ask(*client_, wire::EndTxnRequest(), 3).error_code, ErrorCode::kProducerFenced);
  EXPECT_EQ(ask(*client_, wire::EndTxnRequest(), 1).error_code, ErrorCode::kInvalidProducerEpoch);
  wire::InitProducerIdRequest half;
  half.producer_id = 7;
  half.producer_epoch = -1;
  EXPECT_EQ(ask(*client_, half, 3).error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(ask(*client_, wire::InitProducerIdRequest(), 0).producer_id, 1000);
}

TEST_F(Admin, TheRestAnswers) {
  bed_.log.make("t");
  EXPECT_EQ(ask(*client_, wire::DescribeClusterRequest(), 0).cluster_id, "dataflow");
  wire::DescribeLogDirsRequest dirs;
  dirs.topics.reset();
  EXPECT_EQ(ask(*client_, dirs, 2).results.at(0).topics.size(), 1u);
  wire::DeleteGroupsRequest groups;
  groups.groups_names = {"a", "b"};
  auto answer = ask(*client_, groups, 2);
  EXPECT_EQ(answer.results.at(1).group_id, "b");
  EXPECT_EQ(answer.results.at(1).error_code, ErrorCode::kGroupIdNotFound);
}

}  // namespace
}  // namespace dataflow::kafka
