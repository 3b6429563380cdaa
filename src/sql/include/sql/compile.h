// Statements become plans.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql/settings.h"

namespace dataflow::sql {

struct Compiled {
  plan::Plan plan;                    // validated
  std::vector<std::string> warnings;  // state that can only grow, and how to bound it
};

// INSERT INTO … or a statement set: one plan for all of them, with shared sources. Errors are
// kInvalid with the place in the script, its line and a caret.
Result<Compiled> compile(const std::vector<Insert>& inserts, const Catalog& catalog,
                         const Settings& settings, const std::string& script);

struct OutputColumn {
  std::string name;
  Type type;
  bool nullable = true;
};
struct CompiledQuery {
  Compiled compiled;  // ends in a sink of connector "collect" with the id kCollect
  std::vector<OutputColumn> columns;
  // What is done with the rows that stand at the end.
  struct SortKey {
    size_t column;
    bool descending, nulls_first;
  };
  std::vector<SortKey> order_by;
  size_t hidden = 0;  // columns behind `columns` that are only for sorting
  std::optional<int64_t> limit;
  int64_t offset = 0;
};
inline constexpr std::string_view kCollect = "result";
inline constexpr std::string_view kViewSink = "view";

// A SELECT whose rows are wanted here. A bounded one (`following` false) gives final rows only.
Result<CompiledQuery> compile(const Query& query, const Catalog& catalog, const Settings& settings,
                              const std::string& script, bool following);

// A materialized view: the table that keeps its rows, and the plan that writes them there. Its key
// is what the statement says, or what tells the query's rows apart. kInvalid, with its place, where
// rows change and nothing tells them apart.
struct CompiledView {
  Table table;
  Compiled compiled;
};
Result<CompiledView> compile_view(const CreateView& create, const Catalog& catalog,
                                  const Settings& settings, const std::string& script);

// What a view's columns would be called, and typed; refuses what compile() would.
Result<std::vector<OutputColumn>> describe_query(const Query& query, const Catalog& catalog,
                                                 const Settings& settings,
                                                 const std::string& script);

// Those of a table or view.
Result<std::vector<OutputColumn>> describe_relation(const std::string& name, const Catalog& catalog,
                                                    const Settings& settings);

// How a table is read and written: Flink's options (connector, format, path, topic, …) in the words
// of our connectors. kInvalid with the place of the option, and the nearest known one.
Result<plan::SourceSpec> source_of(const Table& table, const std::vector<OptionText>& hints,
                                   const Settings& settings, const std::string& script);
// A table without WITH as what it is: a topic of its name in JSON, by key where it has one.
Table as_topic(const Table& table);
Result<plan::SinkSpec> sink_of(const Table& table, const Settings& settings,
                               const std::string& script);

}  // namespace dataflow::sql
