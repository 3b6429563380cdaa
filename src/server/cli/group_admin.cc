#include "cli/group_admin.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "base/env.h"
#include "cli/exit_codes.h"
#include "cli/group_offsets.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/describe_groups.h"
#include "wire/messages/list_groups.h"

namespace dataflow::cli {
namespace {

using GroupView = wire::DescribeGroupsResponse::Group;

constexpr const char* kEmpty = "Empty";
constexpr const char* kDead = "Dead";

Result<std::vector<wire::ListGroupsResponse::Group>> all_groups(KafkaCluster& cluster) {
  std::vector<wire::ListGroupsResponse::Group> groups;
  for (const auto& [broker, address] : cluster.facts().brokers) {
    wire::ListGroupsRequest request;
    DF_ASSIGN_OR_RETURN(wire::ListGroupsResponse answer, cluster.call(broker, request));
    DF_RETURN_IF_ERROR(kafka_error(answer.error_code, "listing the groups"));
    groups.insert(groups.end(), answer.groups.begin(), answer.groups.end());
  }
  std::sort(groups.begin(), groups.end(),
            [](const auto& a, const auto& b) { return a.group_id < b.group_id; });
  return groups;
}

Status unknown_group(KafkaCluster& cluster, const std::string& group) {
  std::vector<std::string> names;
  auto groups = all_groups(cluster);
  if (groups.ok()) {
    for (const auto& one : *groups) names.push_back(one.group_id);
  }
  return Status::not_found("there is no group \"" + group + "\"" + suggestion(group, names) +
                           "\n  see what there is:  dataflow group list");
}

Result<GroupView> view_of(KafkaCluster& cluster, const std::string& group) {
  DF_ASSIGN_OR_RETURN(int32_t coordinator, cluster.coordinator(group));
  wire::DescribeGroupsRequest request;
  request.groups = {group};
  DF_ASSIGN_OR_RETURN(wire::DescribeGroupsResponse answer, cluster.call(coordinator, request));
  if (answer.groups.size() != 1) return Status::internal("the server's answer names no group");
  GroupView& view = answer.groups.front();
  // A group that was never there is told as dead, or not found, as the version has it.
  if (view.error_code == wire::ErrorCode::kGroupIdNotFound) view.group_state = kDead;
  if (view.error_code == wire::ErrorCode::kGroupIdNotFound) return view;
  DF_RETURN_IF_ERROR(kafka_error(view.error_code, "looking at group \"" + group + "\""));
  return view;
}

// Who reads what, by partition: the member's index in the view.
std::map<OffsetQuestion, size_t> readers_of(const GroupView& view) {
  std::map<OffsetQuestion, size_t> out;
  for (size_t i = 0; i < view.members.size(); ++i) {
    Result<PartitionsByTopic> assigned = decode_assignment(view.members[i].member_assignment);
    if (!assigned.ok()) continue;
    for (const auto& [topic, partitions] : *assigned) {
      for (const int32_t partition : partitions) out[{topic, partition}] = i;
    }
  }
  return out;
}

// The topics named, as far as they are there.
Result<std::vector<TopicPlace>> topics_named(KafkaCluster& cluster,
                                             const std::vector<std::string>& names) {
  DF_ASSIGN_OR_RETURN(std::vector<TopicPlace> topics, cluster.topics());
  std::erase_if(topics, [&](const TopicPlace& topic) {
    return std::find(names.begin(), names.end(), topic.name) == names.end();
  });
  return topics;
}

std::vector<std::string> topic_names(const std::map<OffsetQuestion, size_t>& readers,
                                     const OffsetsByPartition& offsets) {
  std::vector<std::string> names;
  for (const auto& [place, member] : readers) names.push_back(place.topic);
  for (const auto& [place, offset] : offsets) names.push_back(place.topic);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

struct LagView {
  Listing partitions{{{"stream"},
                      {"partition", CellKind::kNumber},
                      {"committed", CellKind::kNumber},
                      {"end_offset", CellKind::kNumber},
                      {"lag", CellKind::kNumber},
                      {"client_id"},
                      {"host", CellKind::kText, true},
                      {"member_id", CellKind::kText, true}}};
  int64_t lag = 0;
};

LagView lag_view(const GroupView& view, const std::map<OffsetQuestion, size_t>& readers,
                 const OffsetsByPartition& committed, const OffsetsByPartition& first,
                 const OffsetsByPartition& end) {
  LagView out;
  std::map<OffsetQuestion, bool> places;
  for (const auto& [place, member] : readers) places[place] = true;
  for (const auto& [place, offset] : committed) places[place] = true;
  for (const auto& [place, yes] : places) {
    const auto at = committed.find(place);
    const auto last = end.find(place);
    const auto start = first.find(place);
    Document lag;
    if (last != end.end() && start != first.end()) {
      // Without an offset everything that is there is still to be read; what retention took is not.
      const int64_t from =
          at == committed.end() ? start->second : std::max(at->second, start->second);
      lag = std::max<int64_t>(0, last->second - from);
      out.lag += *lag.integer();
    }
    const auto reader = readers.find(place);
    const auto* member = reader == readers.end() ? nullptr : &view.members[reader->second];
    out.partitions.add({place.topic, place.partition,
                        at == committed.end() ? Document() : Document(at->second),
                        last == end.end() ? Document() : Document(last->second), lag,
                        member == nullptr ? Document() : Document(member->client_id),
                        member == nullptr ? Document() : Document(member->client_host),
                        member == nullptr ? Document() : Document(member->member_id)});
  }
  return out;
}

// New offsets for every partition of the topic.
Status plan_reset(KafkaCluster& cluster, const std::string& topic, const StartPoint& to,
                  OffsetsByPartition& plan) {
  DF_ASSIGN_OR_RETURN(TopicPlace place, cluster.topic(topic));
  DF_ASSIGN_OR_RETURN(auto offsets, resolve_start(cluster, place, to));
  for (const auto& [partition, offset] : offsets) plan[{topic, partition}] = offset;
  return {};
}

// So many records on from where the group is; partitions that it has no offset of stay so.
Status plan_shift(KafkaCluster& cluster, const std::string& topic, int64_t shift,
                  const OffsetsByPartition& before, OffsetsByPartition& plan) {
  DF_ASSIGN_OR_RETURN(TopicPlace place, cluster.topic(topic));
  DF_ASSIGN_OR_RETURN(auto ranges, offset_ranges(cluster, place));
  for (const auto& [partition, range] : ranges) {
    const auto at = before.find({topic, partition});
    if (at == before.end()) continue;
    const int64_t end = std::max(range.first, range.end);
    const int64_t from = std::clamp(at->second, range.first, end);
    // Within what is there, so that no sum leaves the numbers.
    plan[{topic, partition}] = from + std::clamp(shift, range.first - from, end - from);
  }
  return {};
}

Status make_plan(KafkaCluster& cluster, const GroupReset& options,
                 const std::vector<std::string>& topics, const OffsetsByPartition& before,
                 OffsetsByPartition& plan) {
  StartPoint to;
  if (!options.shift) {
    DF_ASSIGN_OR_RETURN(to, parse_start_point(options.to, posix_env().now().value()));
  }
  for (const std::string& topic : topics) {
    DF_RETURN_IF_ERROR(options.shift ? plan_shift(cluster, topic, *options.shift, before, plan)
                                     : plan_reset(cluster, topic, to, plan));
  }
  if (plan.empty()) {
    return usage_error("group \"" + options.group +
                       "\" has no offsets there that could be shifted: say --to where it starts");
  }
  return {};
}

Status refuse_active(const GroupView& view, const std::string& doing) {
  if (view.group_state == kEmpty || view.group_state == kDead) return {};
  return Status::conflict(doing + " group \"" + view.group_id + "\": it has " +
                          plural(static_cast<int64_t>(view.members.size()), "member") + " (it is " +
                          view.group_state + "); stop them first:  dataflow group describe " +
                          view.group_id);
}

}  // namespace

Status list_groups(Session& session) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(auto groups, all_groups(*cluster));
  Listing listing({{"group"},
                   {"state"},
                   {"members", CellKind::kNumber},
                   {"protocol"},
                   {"assignor", CellKind::kText, true}});
  for (const auto& group : groups) {
    DF_ASSIGN_OR_RETURN(GroupView view, view_of(*cluster, group.group_id));
    listing.add({group.group_id, view.group_state, uint64_t{view.members.size()},
                 group.protocol_type, view.protocol_data});
  }
  print_listing(session.out(), session.format(), listing);
  if (listing.empty() && !session.structured()) {
    session.note(
        "there are no groups yet; one comes to be with:  dataflow consume STREAM --group NAME");
  }
  return {};
}

Result<std::vector<std::string>> group_names(Session& session) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(auto groups, all_groups(*cluster));
  std::vector<std::string> names;
  names.reserve(groups.size());
  for (const auto& group : groups) names.push_back(group.group_id);
  return names;
}

Status describe_group(Session& session, const std::string& group) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(GroupView view, view_of(*cluster, group));
  DF_ASSIGN_OR_RETURN(OffsetsByPartition committed,
                      fetch_group_offsets(*cluster, group, std::nullopt, false));
  if (view.group_state == kDead && committed.empty()) return unknown_group(*cluster, group);
  const auto readers = readers_of(view);
  DF_ASSIGN_OR_RETURN(std::vector<TopicPlace> topics,
                      topics_named(*cluster, topic_names(readers, committed)));
  DF_ASSIGN_OR_RETURN(OffsetsByPartition first, list_offsets(*cluster, topics, kEarliestTimestamp));
  DF_ASSIGN_OR_RETURN(OffsetsByPartition end, list_offsets(*cluster, topics, kLatestTimestamp));
  const LagView lag = lag_view(view, readers, committed, first, end);
  Facts facts;
  facts.add("group", group);
  facts.add("state", view.group_state);
  facts.add("members", uint64_t{view.members.size()}, CellKind::kNumber);
  facts.add("assignor", view.protocol_data.empty() ? Document() : Document(view.protocol_data));
  facts.add("lag", lag.lag, CellKind::kNumber);
  if (session.structured()) {
    Document object = Document::object();
    facts.put_into(object);
    object.put("partitions", lag.partitions.to_document());
    print_document(session.out(), session.format(), object);
    return {};
  }
  session.out().write(facts.to_table(session.wide()));
  if (!lag.partitions.empty()) session.out().write("\n" + lag.partitions.to_table(session.wide()));
  return {};
}

Status reset_group(Session& session, const GroupReset& options) {
  if (options.to.empty() == !options.shift) {
    return usage_error("say where to: either --to WHERE or --shift N");
  }
  if (!options.shift) {
    DF_RETURN_IF_ERROR(parse_start_point(options.to, posix_env().now().value()).status());
  }
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(GroupView view, view_of(*cluster, options.group));
  DF_ASSIGN_OR_RETURN(OffsetsByPartition before,
                      fetch_group_offsets(*cluster, options.group, std::nullopt, false));
  std::vector<std::string> topics =
      options.topics.empty() ? topic_names({}, before) : options.topics;
  if (topics.empty()) {
    if (view.group_state == kDead) return unknown_group(*cluster, options.group);
    return usage_error("group \"" + options.group +
                       "\" has no offsets yet: name the stream with --topic");
  }
  if (!options.dry_run) DF_RETURN_IF_ERROR(refuse_active(view, "resetting"));
  OffsetsByPartition plan;
  DF_RETURN_IF_ERROR(make_plan(*cluster, options, topics, before, plan));
  Listing listing({{"stream"},
                   {"partition", CellKind::kNumber},
                   {"before", CellKind::kNumber},
                   {"after", CellKind::kNumber}});
  for (const auto& [place, offset] : plan) {
    const auto old = before.find(place);
    listing.add({place.topic, place.partition,
                 old == before.end() ? Document() : Document(old->second), offset});
  }
  if (!options.dry_run) {
    DF_ASSIGN_OR_RETURN(int32_t coordinator, cluster->coordinator(options.group));
    DF_ASSIGN_OR_RETURN(wire::ErrorCode error,
                        commit_group_offsets(*cluster, coordinator, options.group, {}, plan));
    DF_RETURN_IF_ERROR(kafka_error(error, "resetting group \"" + options.group + "\""));
  }
  print_listing(session.out(), session.format(), listing);
  session.note(options.dry_run ? "a dry run: nothing was changed"
                               : "reset group \"" + options.group + "\"");
  return {};
}

Status delete_groups(Session& session, const std::vector<std::string>& groups, bool yes) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  for (const std::string& group : groups) {
    DF_ASSIGN_OR_RETURN(GroupView view, view_of(*cluster, group));
    if (view.group_state == kDead) return unknown_group(*cluster, group);
    DF_RETURN_IF_ERROR(refuse_active(view, "deleting"));
  }
  if (!yes) {
    DF_RETURN_IF_ERROR(confirm("Delete " + plural(static_cast<int64_t>(groups.size()), "group") +
                               " with the committed offsets?"));
  }
  Listing listing({{"group"}, {"deleted"}, {"error"}});
  Status worst;
  for (const std::string& group : groups) {
    DF_ASSIGN_OR_RETURN(int32_t coordinator, cluster->coordinator(group));
    wire::DeleteGroupsRequest request;
    request.groups_names = {group};
    DF_ASSIGN_OR_RETURN(wire::DeleteGroupsResponse answer, cluster->call(coordinator, request));
    const wire::ErrorCode error = answer.results.empty() ? wire::ErrorCode::kUnknownServerError
                                                         : answer.results[0].error_code;
    Status deleted = kafka_error(error, "deleting group \"" + group + "\"");
    if (deleted.ok()) session.note("deleted group \"" + group + "\"");
    if (!deleted.ok() && !worst.ok()) say(worst.message());
    if (!deleted.ok()) worst = deleted;
    listing.add({group, deleted.ok(), deleted.ok() ? Document() : Document(deleted.message())});
  }
  if (session.structured()) print_listing(session.out(), session.format(), listing);
  return worst;
}

}  // namespace dataflow::cli
