// TUMBLE, HOP, CUMULATE and SESSION as tables: Flink's TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), …)),
// by position or by name, and the short TUMBLE(t, ts, …).
#include <array>

#include "base/edit_distance.h"
#include "binder.h"
#include "in_zone.h"
#include "open_windows.h"

namespace dataflow::sql {
namespace {

struct WindowFunction {
  std::string_view name;
  plan::WindowKind kind;
  std::array<std::string_view, 4> parameters;  // behind DATA and TIMECOL
};
constexpr WindowFunction kFunctions[] = {
    {"TUMBLE", plan::WindowKind::kTumbling, {"SIZE", "OFFSET"}},
    {"HOP", plan::WindowKind::kHopping, {"SLIDE", "SIZE", "OFFSET"}},
    {"CUMULATE", plan::WindowKind::kCumulative, {"STEP", "SIZE", "OFFSET"}},
    {"SESSION", plan::WindowKind::kSession, {"GAP"}},
};

const WindowFunction* find_function(std::string_view name) {
  for (const WindowFunction& function : kFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

// The arguments by parameter; null where none was given.
struct Arguments {
  const TableArgument* data = nullptr;
  const TableArgument* time = nullptr;
  std::array<const TableArgument*, 4> others = {};
};

Result<Arguments> arguments_of(const TableFunction& call, const WindowFunction& function,
                               Place place) {
  Arguments arguments;
  std::vector<std::string> names = {"DATA", "TIMECOL"};
  for (std::string_view name : function.parameters) {
    if (!name.empty()) names.emplace_back(name);
  }
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const TableArgument& argument = call.arguments[i];
    size_t at = i;
    if (!argument.name.empty()) {
      for (at = 0; at < names.size() && !same_name(names[at], argument.name); ++at) {
      }
    }
    if (at >= names.size()) {
      std::string all;
      for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
      return at_place(
          argument.place.line > 0 ? argument.place : place,
          call.name +
              (argument.name.empty() ? " takes no more than these: "
                                     : " has no parameter " + argument.name +
                                           suggestion(argument.name, names) + "; it has ") +
              all);
    }
    const TableArgument*& to = at == 0   ? arguments.data
                               : at == 1 ? arguments.time
                                         : arguments.others[at - 2];
    if (to != nullptr) return at_place(argument.place, call.name + ": " + names[at] + " twice");
    to = &argument;
  }
  if (arguments.data == nullptr || arguments.time == nullptr) {
    return at_place(place, call.name + " is written " + call.name +
                               "(TABLE t, DESCRIPTOR(time column), INTERVAL …)");
  }
  return arguments;
}

Result<Name> time_name(const TableArgument& argument, const std::string& function) {
  if (const auto* names = std::get_if<std::vector<Name>>(&argument.value)) {
    if (names->size() == 1) return names->front();
    return at_place(argument.place, function + " takes one time column");
  }
  if (const auto* expression = std::get_if<ExpressionPtr>(&argument.value)) {
    if ((*expression)->kind == expr::Kind::kColumn) {
      return Name{{(*expression)->name}, (*expression)->place};
    }
  }
  return at_place(argument.place, function + ": the time column is written DESCRIPTOR(ts)");
}

// What a window may go by but the event time of its rows.
enum class OtherTimes : uint8_t { kNone, kAnyAtEnd, kAnyOpen };

// Which column is the windows' time, and whether it is the clock's. Zoned times are those of the
// session's clocks, as in Flink.
Status set_time(const TableArgument& argument, const std::string& function, const Rel& rel,
                const Names& names, OtherTimes others, const Settings& settings,
                WindowTableRel& window, bool& open) {
  const std::string zone = is_utc(settings.time_zone()) ? "" : settings.time_zone();
  DF_ASSIGN_OR_RETURN(const Name time, time_name(argument, function));
  DF_ASSIGN_OR_RETURN(const ExpressionPtr column,
                      names.resolve(expr::column(time.last(), time.place)));
  if (rel.processing_times.contains(column->name)) {
    window.time = plan::TimeKind::kProcessing;
    window.time_zone = zone;
    return {};
  }
  window.time_column = column->name;
  const Type& type = (*rel.schema)[*rel.schema->find(column->name)].type;
  if (!type.is_timestamp()) {
    return at_place(time.place, "`" + time.last() + "` is " + type.to_string() +
                                    "; windows need a TIMESTAMP or TIMESTAMP_LTZ");
  }
  if (type.id() == TypeId::kTimestampTz) window.time_zone = zone;
  if (others == OtherTimes::kAnyAtEnd || rel.event_time == column->name) return {};
  open = others == OtherTimes::kAnyOpen && window.kind != plan::WindowKind::kSession;
  if (open && !window.time_zone.empty()) {
    return at_place(time.place,
                    "windows that never close begin in UTC; over TIMESTAMP_LTZ with another "
                    "table.local-time-zone they need `" +
                        time.last() + "` as the table's event time (WATERMARK FOR)");
  }
  if (open) return {};
  return at_place(time.place, "`" + time.last() + "` is not the event time of the rows" +
                                  (rel.event_time && !rel.event_time->starts_with('$')
                                       ? ", which is `" + *rel.event_time + "`"
                                       : "; declare it in the table: WATERMARK FOR " + time.last() +
                                             " AS " + time.last() + " - INTERVAL '5' SECOND"));
}

Status set_spans(const Arguments& arguments, const WindowFunction& function,
                 const std::string& called, Place place, WindowTableRel& window) {
  for (size_t i = 0; i < function.parameters.size() && !function.parameters[i].empty(); ++i) {
    const TableArgument* argument = arguments.others[i];
    const std::string_view name = function.parameters[i];
    if (argument == nullptr) {
      if (name == "OFFSET") continue;
      return at_place(place, called + ": " + std::string(name) + " is missing");
    }
    const auto* value = std::get_if<ExpressionPtr>(&argument->value);
    if (value == nullptr) {
      return at_place(argument->place, called + ": " + std::string(name) + " is an INTERVAL");
    }
    DF_ASSIGN_OR_RETURN(const int64_t span,
                        milliseconds_of(*value, called + ": " + std::string(name)));
    if (name != "OFFSET" && span <= 0) {
      return at_place((*value)->place,
                      called + ": " + std::string(name) + " must be longer than nothing");
    }
    (name == "OFFSET"                    ? window.offset_ms
     : name == "SLIDE" || name == "STEP" ? window.slide_ms
                                         : window.size_ms) = span;
  }
  if (function.kind == plan::WindowKind::kCumulative && window.size_ms % window.slide_ms != 0) {
    return at_place(place, "CUMULATE: SIZE must be a whole number of STEPs");
  }
  if (function.kind == plan::WindowKind::kHopping && window.size_ms % window.slide_ms != 0) {
    return at_place(place, "HOP: SIZE must be a whole number of SLIDEs");
  }
  return {};
}

}  // namespace

Result<int64_t> milliseconds_of(const ExpressionPtr& expression, std::string_view role) {
  const std::string wanted = std::string(role) +
                             " must be an interval of days to seconds, as "
                             "INTERVAL '10' MINUTE";
  if (expression->kind != expr::Kind::kLiteral ||
      expression->value.type().id() != TypeId::kMillis || expression->value.is_null()) {
    return at_place(expression->place, wanted);
  }
  return expression->value.as_int();
}

Result<Relation> Binder::bind_function(const TableFunction& function, Place place) {
  if (find_function(function.name) != nullptr) return bind_window_table(function, place);
  std::vector<std::string> names = {"UNNEST"};
  for (const WindowFunction& known : kFunctions) names.emplace_back(known.name);
  return at_place(place,
                  "there is no table function " + function.name + suggestion(function.name, names));
}

Result<Relation> Binder::bind_window_table(const TableFunction& call, Place place) {
  const WindowFunction& function = *find_function(call.name);
  DF_ASSIGN_OR_RETURN(const Arguments arguments, arguments_of(call, function, place));
  const auto* table = std::get_if<TableRefPtr>(&arguments.data->value);
  TableRefPtr data = table != nullptr ? *table : nullptr;
  if (const auto* word = std::get_if<ExpressionPtr>(&arguments.data->value)) {
    if ((*word)->kind == expr::Kind::kColumn) {
      TableRef named;
      named.what = NamedTable{Name{{(*word)->name}, (*word)->place}, {}, nullptr};
      named.place = (*word)->place;
      data = std::make_shared<const TableRef>(std::move(named));
    }
  }
  if (data == nullptr) return at_place(arguments.data->place, call.name + " takes a table first");
  DF_ASSIGN_OR_RETURN(const From from, bind_from(data));

  WindowTableRel window;
  window.kind = function.kind;
  const OtherTimes others = settings_.mode() == RuntimeMode::kBatch ? OtherTimes::kAnyAtEnd
                            : windows_stay_open_                    ? OtherTimes::kAnyOpen
                                                                    : OtherTimes::kNone;
  bool open = false;
  DF_RETURN_IF_ERROR(
      set_time(*arguments.time, call.name, *from.rel, from.names, others, settings_, window, open));
  DF_RETURN_IF_ERROR(set_spans(arguments, function, call.name, place, window));
  for (const ExpressionPtr& key : arguments.data->partition_by) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr resolved, from.names.resolve(key));
    if (resolved->kind != expr::Kind::kColumn) {
      return at_place(key->place, "PARTITION BY of a window table takes columns");
    }
    window.partition_by.push_back(resolved->name);
  }
  Relation relation;
  for (const VisibleTable& each : from.names.tables()) {
    for (const VisibleColumn& column : each.columns) {
      if (!column.qualified_only) relation.columns.push_back(column);
    }
  }
  DF_ASSIGN_OR_RETURN(relation.rel, open ? make_open_windows(from.rel, window)
                                         : make_window_table(from.rel, std::move(window)));
  std::set<std::string> taken;
  for (const VisibleColumn& each : relation.columns) taken.insert(each.name);
  // The window's own columns are the last ones.
  const Schema& schema = *relation.rel->schema;
  for (size_t i = schema.size() - 3; i < schema.size(); ++i) {
    relation.columns.push_back({free_name(schema[i].name, taken), schema[i].name});
  }
  return relation;
}

}  // namespace dataflow::sql
