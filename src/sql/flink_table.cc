#include "flink_table.h"

#include <algorithm>

#include "expr/print.h"
#include "same_name.h"
#include "sql/compile.h"

namespace dataflow::sql {
namespace {

using Option = std::pair<std::string, std::string>;

// The options as Flink takes them, in the order in which they were written.
class FlinkOptions {
 public:
  FlinkOptions(const Table& table, const FlinkTarget& target) : table_(table), target_(target) {
    for (const OptionText& option : table.options) options_.emplace_back(option.key, option.value);
  }

  Result<std::vector<Option>> take() {
    const std::string name = value("connector");
    if (same_name(name, "kafka")) DF_RETURN_IF_ERROR(kafka());
    if (same_name(name, "upsert-kafka")) DF_RETURN_IF_ERROR(upsert_kafka());
    if (same_name(name, "filesystem")) DF_RETURN_IF_ERROR(filesystem());
    for (const char* own : {"log", "file", "generator", "console", "http", "metrics"}) {
      if (same_name(name, own)) return own_connector(own);
    }
    for (const auto& [key, value] : options_) {
      if (key.ends_with("csv.header") && same_name(value, "true")) {
        return refused("Flink's csv has no line of names ('" + key + "')");
      }
    }
    std::erase_if(options_, [](const Option& each) { return each.first.ends_with("csv.header"); });
    return std::move(options_);
  }

 private:
  Status refused(const std::string& why) const {
    return Status::invalid("table `" + table_.name + "`: " + why);
  }
  bool has(std::string_view key) const {
    return std::ranges::any_of(options_, [&](const Option& each) { return each.first == key; });
  }
  std::string value(std::string_view key) const {
    for (const auto& [known, value] : options_) {
      if (known == key) return value;
    }
    return {};
  }
  void put(const std::string& key, const std::string& value) {
    if (!has(key)) options_.emplace_back(key, value);
  }
  Status no_metadata(const char* key) const {
    for (const ColumnDefinition& column : table_.columns) {
      if (column.kind != ColumnKind::kMetadata) continue;
      if (key == (column.metadata.empty() ? column.name : column.metadata)) {
        return refused("Flink has no metadata '" + std::string(key) + "' (column `" + column.name +
                       "`)");
      }
    }
    return {};
  }

  void topic() {
    if (target_.names_kafka != nullptr) *target_.names_kafka = true;
    put("properties.bootstrap.servers", target_.kafka_address);
    if (target_.bounded) put("scan.bounded.mode", "latest-offset");
    if (table_.watermark && target_.idle_timeout_ms > 0 && !target_.bounded) {
      put("scan.watermark.idle-timeout", std::to_string(target_.idle_timeout_ms) + " ms");
    }
    if (value("sink.delivery-guarantee") == "exactly-once") {
      put("sink.transactional-id-prefix", table_.name);
    }
  }
  Status kafka() {
    DF_RETURN_IF_ERROR(no_metadata("key"));
    topic();
    // What a group that has read nothing begins with; without a group Flink would ask for one.
    if (!has("properties.group.id")) put("scan.startup.mode", "earliest-offset");
    if (!has("scan.startup.mode") || value("scan.startup.mode") == "group-offsets") {
      put("properties.auto.offset.reset", "earliest");
    }
    return {};
  }
  Status upsert_kafka() {
    DF_RETURN_IF_ERROR(no_metadata("key"));
    topic();
    if (has("value.format")) return {};
    for (auto& option : options_) {
      std::string& key = option.first;
      const bool of_format =
          key == "format" || std::ranges::any_of(std::vector<std::string>{"csv.", "json.", "raw."},
                                                 [&](const std::string& beginning) {
                                                   return key.starts_with(beginning);
                                                 });
      if (of_format) key.insert(0, "value.");
    }
    return {};
  }
  Status filesystem() {
    if (value("path").find_first_of("*?[{") != std::string::npos) {
      return refused(
          "Flink's 'path' takes no patterns; give the folder, and 'source.path.regex-pattern'");
    }
    return no_metadata("offset");
  }
  Status own_connector(const std::string& name) const {
    std::string of;
    if (name == "log") of = "kafka";
    if (name == "file") of = "filesystem";
    if (name == "generator") of = "datagen";
    if (name == "console") of = "print";
    if (of.empty()) return refused("Flink has no connector '" + name + "'");
    return refused("'" + name + "' is ours; declare the table with Flink's '" + of +
                   "', which is read and written here too");
  }

  const Table& table_;
  const FlinkTarget& target_;
  std::vector<Option> options_;
};

std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const ColumnDefinition& column : table.columns) names.push_back(column.name);
  return names;
}

Result<std::string> column_text(const Table& table, const ColumnDefinition& column,
                                FlinkQueries& queries) {
  std::string text = flink_name(column.name) + " ";
  if (column.kind == ColumnKind::kComputed) {
    DF_ASSIGN_OR_RETURN(const std::string of, queries.text(column.computed, names_of(table)));
    return text + "AS " + of;
  }
  text += flink_type(column.type);
  if (!column.nullable) text += " NOT NULL";
  if (column.kind == ColumnKind::kMetadata) {
    text += " METADATA";
    if (!column.metadata.empty()) text += " FROM " + expr::quoted_text(column.metadata);
    if (column.is_virtual) text += " VIRTUAL";
  }
  if (!column.comment.empty()) text += " COMMENT " + expr::quoted_text(column.comment);
  return text;
}

}  // namespace

bool is_keyed_topic(const Table& table) {
  if (table.managed) return !table.primary_key.empty();
  return std::ranges::any_of(table.options, [](const OptionText& option) {
    return option.key == "connector" && same_name(option.value, "upsert-kafka");
  });
}

Result<std::string> flink_table(const Table& table, const FlinkTarget& target,
                                FlinkQueries& queries) {
  if (table.managed) return flink_table(as_topic(table), target, queries);
  DF_ASSIGN_OR_RETURN(const std::vector<Option> options, FlinkOptions(table, target).take());
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ",\n  ") + part; };
  for (const ColumnDefinition& column : table.columns) {
    DF_ASSIGN_OR_RETURN(const std::string part, column_text(table, column, queries));
    add(part);
  }
  if (table.watermark) {
    const std::vector<std::string> names = names_of(table);
    DF_ASSIGN_OR_RETURN(const std::string by, queries.text(table.watermark->expression, names));
    FlinkSpelling spelling;
    spelling.open(names);
    std::string column;
    for (const std::string& part : table.watermark->column.parts) {
      column += (column.empty() ? "" : ".") + flink_name(spelling.of(part));
    }
    add("WATERMARK FOR " + column + " AS " + by);
  }
  if (!table.primary_key.empty()) {
    add("PRIMARY KEY " + flink_names(table.primary_key) + " NOT ENFORCED");
  }
  text = "CREATE TABLE IF NOT EXISTS " + flink_name(table.name) + " (\n  " + text + "\n)";
  if (!table.comment.empty()) text += " COMMENT " + expr::quoted_text(table.comment);
  if (!table.partitioned_by.empty()) text += " PARTITIONED BY " + flink_names(table.partitioned_by);
  for (const auto& [key, value] : options) {
    text += &key == &options.front().first ? " WITH (\n  " : ",\n  ";
    text += expr::quoted_text(key) + " = " + expr::quoted_text(value);
  }
  return text + "\n);\n";
}

}  // namespace dataflow::sql
