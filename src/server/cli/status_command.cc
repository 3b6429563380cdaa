// dataflow status
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command_tree.h"
#include "cli/exit_codes.h"
#include "cli/http_get.h"

namespace dataflow::cli {
namespace {

Status print_cluster(Session& session) {
  DF_ASSIGN_OR_RETURN(std::unique_ptr<KafkaCluster> cluster, session.connect());
  DF_ASSIGN_OR_RETURN(std::vector<TopicPlace> topics, cluster->topics());
  Listing brokers({{"broker", CellKind::kNumber}, {"address"}, {"controller"}});
  for (const auto& [id, address] : cluster->facts().brokers) {
    brokers.add({id, address.to_string(), id == cluster->facts().controller ? "yes" : "no"});
  }
  Facts facts;
  facts.add("kafka", cluster->bootstrap().to_string());
  facts.add("cluster_id", cluster->facts().cluster_id);
  facts.add("streams", uint64_t{topics.size()}, CellKind::kNumber);
  if (!session.structured()) {
    session.out().write(facts.to_table(session.wide()) + "\n" + brokers.to_table(session.wide()));
    return {};
  }
  Document object = Document::object();
  facts.put_into(object);
  object.put("brokers", brokers.to_document());
  print_document(session.out(), session.format(), object);
  return {};
}

// The members that matter most, in this order; the rest behind them as the server has it.
std::vector<std::pair<std::string, Document>> in_order(const Document& object) {
  std::vector<std::pair<std::string, Document>> out;
  for (const char* first : {"name", "topic", "partition", "version", "kafka", "http", "metrics",
                            "uptime_seconds", "data_dir"}) {
    if (const Document* value = object.find(first)) out.emplace_back(first, *value);
  }
  const size_t ordered = out.size();
  for (const auto& [name, value] : object.members()) {
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(ordered);
    const bool known =
        std::any_of(out.begin(), end, [&](const auto& one) { return one.first == name; });
    if (!known) out.emplace_back(name, value);
  }
  return out;
}

// A list of objects as a table.
std::string table_of(const Document& list, bool wide) {
  std::vector<Column> columns;
  for (const auto& [key, cell] : in_order(list.items()[0])) {
    const CellKind kind = key == "bytes"              ? CellKind::kBytes
                          : cell.integer() != nullptr ? CellKind::kNumber
                                                      : CellKind::kText;
    columns.push_back({key, kind, key == "id"});
  }
  Listing listing(columns);
  for (const Document& item : list.items()) {
    std::vector<Document> row;
    for (const Column& column : columns) {
      const Document* cell = item.find(column.key);
      row.push_back(cell == nullptr ? Document() : *cell);
    }
    listing.add(std::move(row));
  }
  return listing.to_table(wide);
}

// Scalars as lines, lists of objects as tables behind them.
void print_page(Session& session, const Document& page) {
  Facts facts;
  std::string tables;
  for (const auto& [name, value] : in_order(page)) {
    if (!value.is_array()) {
      const bool time = name == "uptime_seconds" && value.integer() != nullptr;
      facts.add(time ? "uptime" : name, time ? Document(*value.integer() * 1000) : value,
                time ? CellKind::kDuration : CellKind::kText);
      continue;
    }
    facts.add(name == "topics" ? "streams" : name, uint64_t{value.items().size()},
              CellKind::kNumber);
    if (value.items().empty() || !value.items()[0].is_object()) continue;
    tables += "\n" + table_of(value, session.wide());
  }
  session.out().write(facts.to_table(session.wide()) + tables);
}

Status print_status(Session& session) {
  if (!session.endpoint().kafka.empty()) return print_cluster(session);
  DF_ASSIGN_OR_RETURN(HttpEndpoint http, find_http_endpoint(session.endpoint()));
  Result<HttpAnswer> answer = http_get(http.address, "/status", session.timeout_ms());
  if (!answer.ok()) return no_answer(http, answer.status());
  Result<Document> page = parse_json(answer->body);
  if (answer->status != 200 || !page.ok() || !page->is_object()) {
    return Status::internal("the server at " + http.address.to_string() +
                            " answered /status with HTTP " + std::to_string(answer->status) +
                            " and no status page");
  }
  if (session.structured()) {
    print_document(session.out(), session.format(), *page);
  } else {
    print_page(session, *page);
  }
  return {};
}

}  // namespace

void add_status_command(CommandTree& tree) {
  CLI::App& command = add_command(*tree.root, "status",
                                  "show the server: addresses, streams, partitions in trouble",
                                  {"dataflow status", "dataflow status -o json",
                                   "dataflow status --kafka 127.0.0.1:9092   of any Kafka broker"});
  set_action(tree, command, print_status);
}

}  // namespace dataflow::cli
