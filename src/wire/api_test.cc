#include "wire/api.h"

#include <gtest/gtest.h>

#include "wire/error_code.h"

namespace dataflow::wire {
namespace {

TEST(Api, lookup) {
  ASSERT_NE(find_api(0), nullptr);
  EXPECT_EQ(find_api(0)->name, "Produce");
  EXPECT_EQ(find_api(4), nullptr);  // LeaderAndIsr, between brokers only
  EXPECT_EQ(find_api(-1), nullptr);
  EXPECT_EQ(find_api(INT16_MAX), nullptr);
  EXPECT_EQ(find_api(INT16_MIN), nullptr);
  for (const ApiRange& api : api_ranges()) {
    EXPECT_EQ(find_api(static_cast<int16_t>(api.key)), &api);
    EXPECT_EQ(api_name(api.key), api.name);
    EXPECT_LE(api.min, api.accepted_from);
    EXPECT_LE(api.accepted_from, api.max);
  }
}

// Old librdkafka looks for exact versions, and silently does less where one is missing.
TEST(Api, versions_that_clients_look_for) {
  struct Wanted {
    ApiKey key;
    int16_t version;
  };
  constexpr Wanted kWanted[] = {
      {ApiKey::kProduce, 0},         {ApiKey::kProduce, 3},         {ApiKey::kProduce, 7},
      {ApiKey::kFetch, 4},           {ApiKey::kFetch, 10},          {ApiKey::kListOffsets, 1},
      {ApiKey::kOffsetFetch, 1},     {ApiKey::kOffsetCommit, 2},    {ApiKey::kJoinGroup, 0},
      {ApiKey::kSyncGroup, 0},       {ApiKey::kHeartbeat, 0},       {ApiKey::kLeaveGroup, 0},
      {ApiKey::kFindCoordinator, 0}, {ApiKey::kInitProducerId, 0},  {ApiKey::kSaslAuthenticate, 0},
      {ApiKey::kSaslHandshake, 0},   {ApiKey::kTxnOffsetCommit, 3}, {ApiKey::kListTransactions, 0},
  };
  for (const Wanted& wanted : kWanted) {
    EXPECT_TRUE(api_range(wanted.key).has(wanted.version))
        << api_name(wanted.key) << " " << wanted.version;
  }
  EXPECT_EQ(api_range(ApiKey::kProduce).accepted_from, 3);
  EXPECT_EQ(api_range(ApiKey::kFetch).max, 12);  // 13 names topics by id
}

TEST(Api, sasl_is_known_and_not_served) {
  for (const ApiRange& api : api_ranges()) {
    bool sasl = api.key == ApiKey::kSaslHandshake || api.key == ApiKey::kSaslAuthenticate;
    EXPECT_EQ(api.served, !sasl) << api.name;
  }
}

TEST(Api, header_versions) {
  EXPECT_EQ(request_header_version(ApiKey::kProduce, 8), 1);
  EXPECT_EQ(request_header_version(ApiKey::kProduce, 9), 2);
  EXPECT_EQ(response_header_version(ApiKey::kProduce, 8), 0);
  EXPECT_EQ(response_header_version(ApiKey::kProduce, 9), 1);
  EXPECT_EQ(request_header_version(ApiKey::kApiVersions, 3), 2);
  EXPECT_EQ(response_header_version(ApiKey::kApiVersions, 3), 0);
  EXPECT_EQ(request_header_version(ApiKey::kSaslHandshake, 1), 1);
  EXPECT_EQ(request_header_version(ApiKey::kDescribeCluster, 0), 2);
  EXPECT_EQ(request_header_version(static_cast<ApiKey>(999), 5), 1);
}

TEST(ErrorCode, names_words_and_retries) {
  EXPECT_EQ(error_name(ErrorCode::kNone), "NONE");
  EXPECT_EQ(error_name(ErrorCode::kUnknownServerError), "UNKNOWN_SERVER_ERROR");
  EXPECT_EQ(error_name(ErrorCode::kUnsupportedVersion), "UNSUPPORTED_VERSION");
  EXPECT_EQ(static_cast<int16_t>(ErrorCode::kShareSessionLimitReached), 133);
  EXPECT_EQ(error_name(static_cast<ErrorCode>(999)), "UNKNOWN_SERVER_ERROR");
  EXPECT_EQ(error_name(static_cast<ErrorCode>(-2)), "UNKNOWN_SERVER_ERROR");
  EXPECT_TRUE(is_retriable(ErrorCode::kNotLeaderOrFollower));
  EXPECT_FALSE(is_retriable(ErrorCode::kMessageTooLarge));
  for (int16_t code = -1; code <= 133; ++code) {
    EXPECT_FALSE(error_message(static_cast<ErrorCode>(code)).empty());
  }
}

}  // namespace
}  // namespace dataflow::wire
