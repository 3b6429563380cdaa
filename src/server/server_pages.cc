#include "server_pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "types/log_batch.h"

namespace dataflow::server {
namespace {

using nlohmann::json;

std::string_view health_name(log::PartitionHealth health) {
  switch (health) {
    case log::PartitionHealth::kWritable: return "writable";
    case log::PartitionHealth::kDamaged: return "damaged";
    case log::PartitionHealth::kSyncFailed: return "sync failed";
  }
  return "unknown";
}

http::Response json_page(const json& body, int status = 200) {
  return {status, "application/json",
          body.dump(2, ' ', false, json::error_handler_t::replace) + "\n"};
}

// Partitions that refuse writes, with their reasons.
json troubles(const ServerFacts& facts) {
  json out = json::array();
  for (const log::TopicInfo& topic : facts.log->topics()) {
    for (int32_t i = 0; i < topic.partitions; ++i) {
      auto partition = facts.log->partition(topic.name, PartitionIndex(i));
      if (!partition) continue;
      const log::PartitionStats stats = partition->stats();
      if (stats.health == log::PartitionHealth::kWritable) continue;
      out.push_back({{"topic", topic.name},
                     {"partition", i},
                     {"health", health_name(stats.health)},
                     {"reason", stats.health_reason}});
    }
  }
  return out;
}

http::Response health_page(const ServerFacts& facts) {
  json bad = troubles(facts);
  const bool well = bad.empty();
  return json_page({{"status", well ? "healthy" : "degraded"}, {"partitions", std::move(bad)}},
                   well ? 200 : 503);
}

json plugins_of(const ServerFacts& facts) {
  json out = json::array();
  if (facts.plugins == nullptr) return out;
  for (const plugins::PluginInfo& info : facts.plugins->infos()) {
    json one = {{"file", info.file},       {"name", info.name},   {"version", info.version},
                {"sources", info.sources}, {"sinks", info.sinks}, {"operators", info.operators}};
    if (!info.error.empty()) one["error"] = info.error;
    out.push_back(std::move(one));
  }
  return out;
}

http::Response status_page(const ServerFacts& facts) {
  json topics = json::array();
  int64_t partitions = 0;
  for (const log::TopicInfo& topic : facts.log->topics()) {
    uint64_t bytes = 0;
    int64_t records = 0;
    for (int32_t i = 0; i < topic.partitions; ++i) {
      auto partition = facts.log->partition(topic.name, PartitionIndex(i));
      if (!partition) continue;
      const log::PartitionStats stats = partition->stats();
      bytes += stats.bytes;
      records += stats.high_offset - stats.log_start;
    }
    partitions += topic.partitions;
    topics.push_back({{"name", topic.name},
                      {"id", topic.id.to_string()},
                      {"partitions", topic.partitions},
                      {"bytes", bytes},
                      {"offsets", records}});
  }
  return json_page({{"version", DATAFLOW_VERSION},
                    {"cluster_id", facts.cluster_id},
                    {"data_dir", facts.data_dir},
                    {"uptime_seconds", (facts.env->now() - facts.started) / 1000},
                    {"kafka", facts.kafka},
                    {"http", facts.http},
                    {"metrics", facts.metrics},
                    {"postgres", facts.postgres},
                    {"partitions", partitions},
                    {"read_only_partitions", troubles(facts)},
                    {"plugins", plugins_of(facts)},
                    {"topics", std::move(topics)}});
}

// The lag of a group in records, and how old the first record is that it has not read.
struct Lag {
  int64_t records = 0;
  double seconds = 0;
};

Lag lag_of(const ServerFacts& facts, const log::GroupOffsetView& view) {
  Lag lag;
  auto partition = facts.log->partition(view.partition.topic, view.partition.partition);
  if (!partition) return lag;
  lag.records = std::max<int64_t>(0, partition->high_offset() - view.offset);
  if (lag.records == 0) return lag;
  const Offset from = std::max(view.offset, partition->log_start());
  Result<log::ReadOutcome> read = partition->read(from, 1, log::Isolation::kReadUncommitted, true);
  if (!read.ok() || read->slice.length < kBatchHeaderBytes) return lag;
  std::string head(kBatchHeaderBytes, '\0');
  Result<size_t> got = read->slice.file->read_at(read->slice.position, {head.data(), head.size()});
  if (!got.ok()) return lag;
  Result<BatchHeader> batch = parse_batch_header(head);
  if (!batch.ok() || batch->max_timestamp == kNoTimestamp) return lag;
  lag.seconds =
      std::max(0.0, static_cast<double>(facts.env->now() - batch->max_timestamp) / 1000.0);
  return lag;
}

MetricCallback lag_metric(Metrics& metrics, const ServerFacts& facts, std::string_view name,
                          std::string_view help, bool seconds) {
  return metrics.callback(name, help, MetricType::kGauge, [&facts, seconds](SampleSink& sink) {
    for (const log::GroupOffsetView& view : facts.groups->all_offsets()) {
      const Lag lag = lag_of(facts, view);
      sink.add({{"group", view.group},
                {"topic", view.partition.topic},
                {"partition", std::to_string(view.partition.partition.value())}},
               seconds ? lag.seconds : static_cast<double>(lag.records));
    }
  });
}

}  // namespace

std::string ready_json(const ServerFacts& facts, int pid) {
  json body = {{"kafka", facts.kafka},
               {"http", facts.http},
               {"metrics", facts.metrics},
               {"postgres", facts.postgres},
               {"pid", pid}};
  return body.dump() + "\n";
}

std::vector<http::Route> http_routes(const ServerFacts& facts) {
  return {{"GET", "/health", [&facts](const http::Request&) { return health_page(facts); }, false,
           false, true},
          {"GET", "/status", [&facts](const http::Request&) { return status_page(facts); }}};
}

std::vector<http::Route> metrics_routes(Metrics& metrics) {
  return {
      {"GET", "/metrics", [&metrics](const http::Request&) {
         return http::Response{200, "text/plain; version=0.0.4; charset=utf-8", metrics.render()};
       }}};
}

std::vector<MetricCallback> register_lag_metrics(Metrics& metrics, const ServerFacts& facts) {
  std::vector<MetricCallback> out;
  out.push_back(lag_metric(metrics, facts, "dataflow_consumer_lag",
                           "Records that a group has not committed yet.", false));
  out.push_back(lag_metric(metrics, facts, "dataflow_consumer_lag_seconds",
                           "Age of the first batch that a group has not committed yet.", true));
  return out;
}

}  // namespace dataflow::server
