#include "cli/stream_admin.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "base/units.h"
#include "cli/exit_codes.h"
#include "cli/topic_offsets.h"
#include "cli/topic_view.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/incremental_alter_configs.h"

namespace dataflow::cli {
namespace {

constexpr int8_t kTopicResource = 2;
constexpr int8_t kSet = 0;
constexpr int8_t kDelete = 1;

using Settings = std::vector<std::pair<std::string, std::string>>;

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

Document settings_document(const std::vector<TopicSetting>& settings, bool all) {
  Document object = Document::object();
  for (const TopicSetting& setting : settings) {
    if (all || setting.own) object.put(setting.name, setting.value);
  }
  return object;
}

const TopicSetting* find_setting(const std::vector<TopicSetting>& settings,
                                 const std::string& name) {
  for (const TopicSetting& setting : settings) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

Document number_setting(const std::vector<TopicSetting>& settings, const std::string& name) {
  const TopicSetting* setting = find_setting(settings, name);
  if (setting == nullptr) return nullptr;
  Result<int64_t> number = parse_int(setting->value);
  return number.ok() ? Document(*number) : Document(setting->value);
}

Document text_setting(const std::vector<TopicSetting>& settings, const std::string& name) {
  const TopicSetting* setting = find_setting(settings, name);
  return setting == nullptr ? Document() : Document(setting->value);
}

// The nearest of the topic's settings behind a refusal of a name that is none.
Status name_the_setting(KafkaCluster& cluster, const std::string& topic, const Settings& wanted,
                        const Status& refused) {
  auto known = topic_settings_of(cluster, {topic});
  if (!known.ok() || (*known)[topic].empty()) return refused;
  std::vector<std::string> names;
  for (const TopicSetting& setting : (*known)[topic]) names.push_back(setting.name);
  for (const auto& [name, value] : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return Status(refused.code(), refused.message() + suggestion(name, names));
  }
  return refused;
}

// A cluster's brokers hear of a new stream one after the other.
Result<TopicPlace> await_topic(KafkaCluster& cluster, const std::string& name) {
  Backoff backoff(cluster.timeout_ms());
  while (true) {
    Result<TopicPlace> topic = cluster.topic(name);
    if (topic.ok() || topic.status().code() != StatusCode::kNotFound || !backoff.wait())
      return topic;
  }
}

Status change_settings(KafkaCluster& cluster, const std::string& topic, const Settings& settings,
                       const std::vector<std::string>& deleted) {
  wire::IncrementalAlterConfigsRequest request;
  request.resources.resize(1);
  request.resources[0].resource_type = kTopicResource;
  request.resources[0].resource_name = topic;
  Settings all = settings;
  for (const auto& [name, value] : settings) {
    request.resources[0].configs.push_back({name, kSet, value});
  }
  for (const std::string& name : deleted) {
    request.resources[0].configs.push_back({name, kDelete, std::nullopt});
    all.emplace_back(name, "");
  }
  DF_ASSIGN_OR_RETURN(wire::IncrementalAlterConfigsResponse answer,
                      cluster.call_controller(request));
  for (const auto& result : answer.responses) {
    Status changed =
        kafka_error(result.error_code, "changing stream " + quoted(topic), result.error_message);
    if (!changed.ok()) return name_the_setting(cluster, topic, all, changed);
  }
  return {};
}

Status grow_partitions(KafkaCluster& cluster, const std::string& topic, int32_t count) {
  wire::CreatePartitionsRequest request;
  request.timeout_ms = static_cast<int32_t>(cluster.timeout_ms());
  request.topics.resize(1);
  request.topics[0].name = topic;
  request.topics[0].count = count;
  request.topics[0].assignments.reset();
  DF_ASSIGN_OR_RETURN(wire::CreatePartitionsResponse answer, cluster.call_controller(request));
  for (const auto& result : answer.results) {
    DF_RETURN_IF_ERROR(kafka_error(
        result.error_code, "adding partitions to stream " + quoted(topic), result.error_message));
  }
  return {};
}

int64_t total_records(const TopicPlace& topic, OffsetsByPartition& first, OffsetsByPartition& end) {
  int64_t records = 0;
  for (const PartitionPlace& partition : topic.partitions) {
    const OffsetQuestion place{topic.name, partition.index};
    if (first.contains(place) && end.contains(place)) records += end[place] - first[place];
  }
  return records;
}

Document total_size(const TopicPlace& topic, const std::map<OffsetQuestion, int64_t>& sizes) {
  int64_t bytes = 0;
  for (const PartitionPlace& partition : topic.partitions) {
    auto found = sizes.find({topic.name, partition.index});
    if (found == sizes.end()) return nullptr;
    bytes += found->second;
  }
  return bytes;
}

Listing partition_listing(const TopicPlace& topic, std::map<int32_t, OffsetRange>& ranges,
                          const std::map<OffsetQuestion, int64_t>& sizes) {
  Listing listing({{"partition", CellKind::kNumber},
                   {"first_offset", CellKind::kNumber},
                   {"end_offset", CellKind::kNumber},
                   {"records", CellKind::kNumber},
                   {"size", CellKind::kBytes},
                   {"leader", CellKind::kNumber, true},
                   {"leader_epoch", CellKind::kNumber, true},
                   {"replicas", CellKind::kNumber, true},
                   {"in_sync", CellKind::kNumber, true}});
  for (const PartitionPlace& partition : topic.partitions) {
    const OffsetRange range = ranges[partition.index];
    auto size = sizes.find({topic.name, partition.index});
    listing.add({partition.index, range.first, range.end, range.end - range.first,
                 size == sizes.end() ? Document() : Document(size->second), partition.leader,
                 partition.leader_epoch, uint64_t{partition.replicas},
                 uint64_t{partition.in_sync}});
  }
  return listing;
}

Listing setting_listing(const std::vector<TopicSetting>& settings, bool all) {
  Listing listing({{"setting"}, {"value"}, {"reads"}, {"from"}});
  for (const TopicSetting& setting : settings) {
    if (!all && !setting.own) continue;
    listing.add({setting.name, setting.value, setting_for_people(setting.name, setting.value),
                 setting.own ? "this stream" : "the server's default"});
  }
  return listing;
}

Status refuse_unknown(const std::vector<std::string>& names, const std::vector<TopicPlace>& topics,
                      bool if_exists, std::vector<std::string>& there) {
  std::vector<std::string> known;
  known.reserve(topics.size());
  for (const TopicPlace& topic : topics) known.push_back(topic.name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      there.push_back(name);
    } else if (!if_exists) {
      return Status::not_found("there is no stream " + quoted(name) + suggestion(name, known) +
                               "; nothing was deleted");
    }
  }
  return {};
}

}  // namespace

Status create_stream(Session& session, const StreamCreate& options) {
  DF_ASSIGN_OR_RETURN(auto settings,
                      topic_settings(options.configs, options.retention, options.retention_bytes));
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  wire::CreateTopicsRequest request;
  request.timeout_ms = static_cast<int32_t>(session.timeout_ms());
  request.topics.resize(1);
  request.topics[0].name = options.name;
  request.topics[0].num_partitions = options.partitions;
  request.topics[0].replication_factor = options.replication;
  for (const auto& [name, value] : settings) request.topics[0].configs.push_back({name, value});
  DF_ASSIGN_OR_RETURN(wire::CreateTopicsResponse answer, cluster->call_controller(request));
  if (answer.topics.size() != 1) return Status::internal("the server's answer names no stream");
  const auto& created = answer.topics.front();
  const bool existed = created.error_code == wire::ErrorCode::kTopicAlreadyExists;
  if (!existed || !options.if_not_exists) {
    DF_RETURN_IF_ERROR(kafka_error(created.error_code, "creating stream " + quoted(options.name),
                                   created.error_message));
  }
  DF_ASSIGN_OR_RETURN(TopicPlace topic, await_topic(*cluster, options.name));
  const auto partitions = static_cast<int64_t>(topic.partitions.size());
  if (session.structured()) {
    Document object = Document::object();
    object.put("name", options.name);
    object.put("id", existed ? Document() : Document(created.topic_id.to_base64()));
    object.put("partitions", partitions);
    object.put("created", !existed);
    Document own = Document::object();
    for (const auto& [name, value] : settings) own.put(name, value);
    object.put("config", std::move(own));
    print_document(session.out(), session.format(), object);
  }
  session.note(existed ? "stream " + quoted(options.name) + " is there already, with " +
                             plural(partitions, "partition")
                       : "created stream " + quoted(options.name) + " with " +
                             plural(partitions, "partition"));
  return {};
}

Status list_streams(Session& session, bool internal) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(std::vector<TopicPlace> topics, cluster->topics());
  if (!internal) {
    std::erase_if(topics,
                  [](const TopicPlace& t) { return t.internal || t.name.starts_with("__"); });
  }
  DF_ASSIGN_OR_RETURN(OffsetsByPartition first, list_offsets(*cluster, topics, kEarliestTimestamp));
  DF_ASSIGN_OR_RETURN(OffsetsByPartition end, list_offsets(*cluster, topics, kLatestTimestamp));
  const auto sizes = partition_sizes(*cluster);
  std::vector<std::string> names;
  names.reserve(topics.size());
  for (const TopicPlace& topic : topics) names.push_back(topic.name);
  DF_ASSIGN_OR_RETURN(auto settings, topic_settings_of(*cluster, names));
  Listing listing({{"name"},
                   {"partitions", CellKind::kNumber},
                   {"records", CellKind::kNumber},
                   {"size", CellKind::kBytes},
                   {"retention_ms", CellKind::kDuration, true},
                   {"cleanup_policy", CellKind::kText, true},
                   {"replicas", CellKind::kNumber, true}});
  for (const TopicPlace& topic : topics) {
    const std::vector<TopicSetting>& own = settings[topic.name];
    const uint64_t replicas = topic.partitions.empty() ? 0 : topic.partitions[0].replicas;
    listing.add({topic.name, uint64_t{topic.partitions.size()}, total_records(topic, first, end),
                 total_size(topic, sizes), number_setting(own, "retention.ms"),
                 text_setting(own, "cleanup.policy"), replicas});
  }
  print_listing(session.out(), session.format(), listing);
  if (listing.empty() && !session.structured()) {
    session.note("there are no streams yet; create one:  dataflow stream create user-events");
  }
  return {};
}

Status describe_stream(Session& session, const std::string& name) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(TopicPlace topic, cluster->topic(name));
  DF_ASSIGN_OR_RETURN(auto ranges, offset_ranges(*cluster, topic));
  const auto sizes = partition_sizes(*cluster);
  DF_ASSIGN_OR_RETURN(auto all_settings, topic_settings_of(*cluster, {name}));
  const std::vector<TopicSetting>& settings = all_settings[name];
  int64_t records = 0;
  for (const auto& [partition, range] : ranges) records += range.end - range.first;
  Facts facts;
  facts.add("name", name);
  facts.add("partitions", uint64_t{topic.partitions.size()}, CellKind::kNumber);
  facts.add("records", records, CellKind::kNumber);
  facts.add("size", total_size(topic, sizes), CellKind::kBytes);
  facts.add("retention_ms", number_setting(settings, "retention.ms"), CellKind::kDuration);
  facts.add("cleanup_policy", text_setting(settings, "cleanup.policy"));
  const Listing partitions = partition_listing(topic, ranges, sizes);
  if (session.structured()) {
    Document object = Document::object();
    facts.put_into(object);
    object.put("config", settings_document(settings, session.wide()));
    Document every = settings_document(settings, true);
    object.put("effective_config", std::move(every));
    object.put("partition_list", partitions.to_document());
    print_document(session.out(), session.format(), object);
    return {};
  }
  session.out().write(facts.to_table(session.wide()) + "\n" + partitions.to_table(session.wide()));
  const Listing own = setting_listing(settings, session.wide());
  if (!own.empty()) session.out().write("\n" + own.to_table(true));
  return {};
}

Status alter_stream(Session& session, const StreamAlter& options) {
  DF_ASSIGN_OR_RETURN(auto settings,
                      topic_settings(options.configs, options.retention, options.retention_bytes));
  if (settings.empty() && options.deleted_configs.empty() && !options.partitions) {
    return usage_error(
        "say what to change: --partitions, --retention, --config or --delete-config");
  }
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(TopicPlace topic, cluster->topic(options.name));
  // Settings first: they are checked as a whole and change nothing when one of them is wrong.
  if (!settings.empty() || !options.deleted_configs.empty()) {
    DF_RETURN_IF_ERROR(change_settings(*cluster, options.name, settings, options.deleted_configs));
  }
  if (options.partitions && *options.partitions != static_cast<int32_t>(topic.partitions.size())) {
    Status grown = grow_partitions(*cluster, options.name, *options.partitions);
    if (!grown.ok() && !settings.empty())
      return grown.with_context("the settings were changed, but");
    DF_RETURN_IF_ERROR(grown);
  }
  session.note("changed stream " + quoted(options.name));
  if (options.partitions && *options.partitions > static_cast<int32_t>(topic.partitions.size())) {
    session.note("records with a key may go to another partition from now on than before");
  }
  if (session.structured()) {
    Document object = Document::object();
    object.put("name", options.name);
    object.put("altered", true);
    print_document(session.out(), session.format(), object);
  }
  return {};
}

Status delete_streams(Session& session, const std::vector<std::string>& names, bool yes,
                      bool if_exists) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(std::vector<TopicPlace> topics, cluster->topics());
  std::vector<std::string> there;
  DF_RETURN_IF_ERROR(refuse_unknown(names, topics, if_exists, there));
  if (!yes && !there.empty()) {
    std::string list;
    for (const std::string& name : there) list += (list.empty() ? "" : ", ") + quoted(name);
    DF_RETURN_IF_ERROR(confirm("Delete " + list + " with every record in " +
                               (there.size() == 1 ? "it?" : "them?")));
  }
  wire::DeleteTopicsResponse answer;
  if (!there.empty()) {
    wire::DeleteTopicsRequest request;
    request.topic_names = there;  // up to version 5; from 6 on the others
    for (const std::string& name : there) request.topics.emplace_back().name = name;
    request.timeout_ms = static_cast<int32_t>(session.timeout_ms());
    DF_ASSIGN_OR_RETURN(answer, cluster->call_controller(request));
  }
  Listing listing({{"name"}, {"deleted"}, {"error"}});
  Status worst;
  for (const auto& result : answer.responses) {
    const std::string name = result.name.value_or("");
    Status deleted =
        kafka_error(result.error_code, "deleting stream " + quoted(name), result.error_message);
    if (deleted.ok()) session.note("deleted stream " + quoted(name));
    if (!deleted.ok() && !worst.ok()) say(worst.message());
    if (!deleted.ok()) worst = deleted;
    listing.add({name, deleted.ok(), deleted.ok() ? Document() : Document(deleted.message())});
  }
  if (session.structured()) print_listing(session.out(), session.format(), listing);
  return worst;
}

}  // namespace dataflow::cli
