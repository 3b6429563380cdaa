#include "kept_copy.h"

#include <algorithm>

#include "sql/compile.h"

namespace dataflow::jobs {
namespace {

constexpr const char* kMode = "execution.runtime-mode";

bool is_kept(const plan::SourceSpec& source, const sql::Catalog& catalog) {
  const auto topic = source.options.find("topic");
  if (source.connector != "log" || topic == source.options.end()) return false;
  const sql::Table* const table = catalog.find_table(topic->second);
  const sql::View* const view = catalog.find_view(topic->second);
  return (table != nullptr && table->managed) || (view != nullptr && view->kept != nullptr);
}

}  // namespace

bool is_kept_copy(const sql::Insert& insert, const sql::Catalog& catalog, sql::Settings settings,
                  const std::string& text) {
  if (settings.given().contains(kMode)) return false;
  if (std::holds_alternative<sql::Values>(insert.query->body)) return false;
  const sql::Table* const table = catalog.find_table(insert.target.last());
  if (table == nullptr || !table->managed) return false;
  if (!settings.set(kMode, "batch").ok()) return false;
  const Result<sql::Compiled> made = sql::compile({insert}, catalog, settings, text);
  if (!made.ok()) return false;
  bool any = false;
  for (const plan::Node& node : made->plan.nodes) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    if (source == nullptr || source->connector == "values") continue;
    if (!is_kept(*source, catalog)) return false;
    any = true;
  }
  return any;
}

}  // namespace dataflow::jobs
