#include "view_progress.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "script_answers.h"
#include "table_indexes.h"

namespace dataflow::jobs {
namespace {

constexpr int64_t kAll = 100;  // percent

// What a view's pipeline has read of its sources.
struct Read {
  int64_t done = 0;
  int64_t behind = 0;
  std::string sources;  // "orders: 12, users: 0"
};

Read read_of(const PipelineView& pipeline) {
  Read read;
  if (!pipeline.job) return read;
  std::map<std::string, int64_t> behind;
  for (const engine::SplitStats& split : pipeline.job->splits) {
    behind[split.source] += split.lag;
    read.behind += split.lag;
    const plan::Node* const node = pipeline.plan->find(split.source);
    const auto* const source =
        node == nullptr ? nullptr : std::get_if<plan::SourceSpec>(&node->spec);
    const bool records = source != nullptr && source->connector == "log";
    // A position begins with the offset.
    read.done += records ? std::strtoll(split.position.c_str(), nullptr, 10)
                         : static_cast<int64_t>(split.rows);
  }
  for (const auto& [source, count] : behind) {
    read.sources += (read.sources.empty() ? "" : ", ") + source + ": " + std::to_string(count);
  }
  return read;
}

Value watermark_of(const PipelineView& pipeline) {
  const Type type = Type::timestamp_tz(3);
  if (!pipeline.job) return Value::null(type);
  for (const engine::OperatorStats& stats : pipeline.job->operators) {
    if (stats.id != sql::kViewSink) continue;
    const bool any = stats.watermark_ms != INT64_MIN && stats.watermark_ms != INT64_MAX;
    return any ? Value::integer(type, stats.watermark_ms) : Value::null(type);
  }
  return Value::null(type);
}

}  // namespace

std::vector<sql::OutputColumn> view_progress_columns() {
  return {{"view name", Type::string(), false},       {"state", Type::string(), false},
          {"percent read", Type::int64(), true},      {"behind", Type::int64(), true},
          {"sources", Type::string(), true},          {"rows", Type::int64(), true},
          {"watermark", Type::timestamp_tz(3), true}, {"reason", Type::string(), true}};
}

std::vector<Row> view_progress(SqlClient& client, const sql::Show& what,
                               const sql::Catalog& catalog) {
  const Value no_number = Value::null(Type::int64());
  const Value no_text = Value::null(Type::string());
  std::vector<Row> rows;
  const Result<ResultTable> names = show(what, catalog, client.settings, "");
  if (!names.ok()) return rows;
  for (const Row& named : names->rows) {
    const std::string& name = named.front().as_text();
    const auto pipeline = client.server.parts().pipelines.describe(pipeline_of_view(name));
    if (!pipeline.ok()) {
      rows.push_back({named.front(), Value::string("failed"), no_number, no_number, no_text,
                      no_number, Value::null(Type::timestamp_tz(3)),
                      Value::string("it has no pipeline")});
      continue;
    }
    const Read read = read_of(*pipeline);
    const bool known = pipeline->job.has_value();
    const int64_t all = read.done + read.behind;
    const int64_t percent = all == 0 ? kAll : kAll * read.done / all;
    const auto index = client.server.indexes().facts(name);
    rows.push_back({named.front(), Value::string(pipeline->state),
                    known ? Value::int64(percent) : no_number,
                    known ? Value::int64(read.behind) : no_number,
                    known ? Value::string(read.sources) : no_text,
                    index ? Value::int64(static_cast<int64_t>(index->rows)) : no_number,
                    watermark_of(*pipeline),
                    pipeline->reason.empty() ? no_text : Value::string(pipeline->reason)});
  }
  return rows;
}

}  // namespace dataflow::jobs
