#include "table_like.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/edit_distance.h"
#include "table_definition.h"

namespace dataflow::sql {
namespace {

enum class Choice { kIncluding, kExcluding, kOverwriting };
using Choices = std::map<std::string, Choice>;

// Without a word of its own everything is taken, and options of the same key are replaced.
Choices usual_choices() {
  return {{"CONSTRAINTS", Choice::kIncluding}, {"DISTRIBUTION", Choice::kIncluding},
          {"GENERATED", Choice::kIncluding},   {"METADATA", Choice::kIncluding},
          {"OPTIONS", Choice::kOverwriting},   {"PARTITIONS", Choice::kIncluding},
          {"WATERMARKS", Choice::kIncluding}};
}

bool may_overwrite(const std::string& what) {
  return what == "GENERATED" || what == "METADATA" || what == "OPTIONS" || what == "WATERMARKS";
}

Result<Choices> read_choices(const LikeClause& like, const std::string& script) {
  Choices choices = usual_choices();
  const auto wrong = [&](const std::string& words) {
    return wrong_at(script, like.table.place, "LIKE: " + words);
  };
  std::vector<std::string> names = {"ALL"};
  for (const auto& [name, choice] : choices) names.push_back(name);
  std::vector<std::string> seen;
  for (const bool all : {true, false}) {
    for (const auto& [word, what] : like.choices) {
      if ((what == "ALL") != all) continue;
      if (std::find(names.begin(), names.end(), what) == names.end()) {
        return wrong("there is no " + what + " to choose" + suggestion(what, names));
      }
      if (std::find(seen.begin(), seen.end(), what) != seen.end()) {
        return wrong(what + " is chosen twice");
      }
      seen.push_back(what);
      const Choice choice = word == "EXCLUDING"     ? Choice::kExcluding
                            : word == "OVERWRITING" ? Choice::kOverwriting
                                                    : Choice::kIncluding;
      if (choice == Choice::kOverwriting && !all && !may_overwrite(what)) {
        return wrong("OVERWRITING " + what +
                     " means nothing; OPTIONS, GENERATED, METADATA and WATERMARKS can be "
                     "overwritten");
      }
      if (!all) {
        choices[what] = choice;
        continue;
      }
      for (auto& [name, each] : choices) {
        if (choice != Choice::kOverwriting || may_overwrite(name)) each = choice;
      }
    }
  }
  return choices;
}

Status add_columns(const CreateTable& statement, const Choices& choices, const std::string& script,
                   Table& table) {
  for (const ColumnDefinition& column : statement.columns) {
    const auto same =
        std::find_if(table.columns.begin(), table.columns.end(),
                     [&](const ColumnDefinition& other) { return other.name == column.name; });
    if (same == table.columns.end()) {
      table.columns.push_back(column);
      continue;
    }
    const char* const kind = column.kind == ColumnKind::kMetadata ? "METADATA" : "GENERATED";
    if (column.kind == ColumnKind::kPhysical || same->kind != column.kind ||
        choices.at(kind) != Choice::kOverwriting) {
      std::string words = "the table that LIKE names has a column `" + column.name + "`";
      if (column.kind != ColumnKind::kPhysical && same->kind == column.kind) {
        words += std::string("; OVERWRITING ") + kind + " or EXCLUDING " + kind + " lets it be " +
                 "another one";
      }
      return wrong_at(script, column.place, words);
    }
    *same = column;
  }
  return {};
}

Status add_options(const CreateTable& statement, const Choices& choices, const std::string& script,
                   Table& table) {
  for (const OptionText& option : statement.options) {
    const auto same =
        std::find_if(table.options.begin(), table.options.end(),
                     [&](const OptionText& other) { return other.key == option.key; });
    if (same == table.options.end()) {
      table.options.push_back(option);
    } else if (choices.at("OPTIONS") == Choice::kOverwriting) {
      *same = option;
    } else {
      return wrong_at(script, option.place,
                      "the table that LIKE names has an option '" + option.key +
                          "'; OVERWRITING OPTIONS replaces it");
    }
  }
  return {};
}

}  // namespace

Result<Table> begin_like(const CreateTable& statement, const Table& base,
                         const std::string& script) {
  DF_ASSIGN_OR_RETURN(const Choices choices, read_choices(*statement.like, script));
  const auto takes = [&](const char* what) { return choices.at(what) != Choice::kExcluding; };
  Table table;
  for (const ColumnDefinition& column : base.columns) {
    if (column.kind == ColumnKind::kComputed && !takes("GENERATED")) continue;
    if (column.kind == ColumnKind::kMetadata && !takes("METADATA")) continue;
    table.columns.push_back(column);
  }
  if (takes("CONSTRAINTS")) table.primary_key = base.primary_key;
  if (takes("PARTITIONS")) table.partitioned_by = base.partitioned_by;
  if (takes("OPTIONS")) table.options = base.options;
  if (takes("WATERMARKS")) table.watermark = base.watermark;
  DF_RETURN_IF_ERROR(add_columns(statement, choices, script, table));
  DF_RETURN_IF_ERROR(add_options(statement, choices, script, table));
  if (statement.watermark) {
    if (table.watermark && choices.at("WATERMARKS") != Choice::kOverwriting) {
      return wrong_at(script, statement.watermark->place,
                      "the table that LIKE names has a watermark; OVERWRITING WATERMARKS or "
                      "EXCLUDING WATERMARKS lets it be another one");
    }
    table.watermark = statement.watermark;
  }
  return table;
}

}  // namespace dataflow::sql
