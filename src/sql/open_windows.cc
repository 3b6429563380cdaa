#include "open_windows.h"

namespace dataflow::sql {
namespace {

using plan::NamedExpression;

ExpressionPtr span(int64_t millis) { return expr::literal(Value::integer(Type::millis(), millis)); }

ExpressionPtr sum(ExpressionPtr time, int64_t millis) {
  return expr::call("+", {std::move(time), span(millis)});
}

// Where the window of that width begins that the time is in.
ExpressionPtr bin(const ExpressionPtr& time, int64_t width, int64_t offset) {
  const Type type = Type::timestamp(3);
  return expr::call("DATE_BIN", {span(width), time, expr::literal(Value::integer(type, offset))});
}

ExpressionPtr series(ExpressionPtr from, ExpressionPtr to, int64_t step) {
  return expr::call("GENERATE_SERIES", {std::move(from), std::move(to), span(step)});
}

// Of tumbling windows the one, of others all: starts of hopping ones, ends of cumulating ones.
struct Marks {
  ExpressionPtr start;
  ExpressionPtr all;
};

Marks marks_of(const ExpressionPtr& time, const WindowTableRel& window) {
  const int64_t size = window.size_ms;
  const int64_t slide = window.slide_ms;
  Marks marks;
  if (window.kind == plan::WindowKind::kTumbling) {
    marks.start = bin(time, size, window.offset_ms);
  } else if (window.kind == plan::WindowKind::kHopping) {
    const ExpressionPtr last = bin(time, slide, window.offset_ms);
    marks.all = series(sum(last, slide - size), last, slide);
  } else {
    marks.start = bin(time, size, window.offset_ms);
    marks.all =
        series(sum(bin(time, slide, window.offset_ms), slide), sum(marks.start, size), slide);
  }
  return marks;
}

}  // namespace

Result<RelPtr> make_open_windows(RelPtr input, const WindowTableRel& window) {
  std::set<std::string> taken;
  for (const Field& field : input->schema->fields()) taken.insert(field.name);
  const auto free = [&](const std::string& name) {
    const std::string made = free_name(name, taken);
    taken.insert(made);
    return made;
  };
  const std::string start = free("window_start");
  const std::string end = free("window_end");
  const std::string time = free("window_time");
  const std::string mark = free("$mark");
  const ExpressionPtr moment = expr::cast(expr::column(window.time_column), Type::timestamp(3));
  const Marks marks = marks_of(moment, window);

  std::vector<NamedExpression> columns;
  for (const Field& field : input->schema->fields()) {
    columns.push_back({field.name, expr::column(field.name)});
  }
  const Place place = input->place;
  const ExpressionPtr known =
      expr::call("IS NOT NULL", {expr::column(window.time_column, place)}, place);
  DF_ASSIGN_OR_RETURN(RelPtr rel, make_filter(std::move(input), known));
  if (marks.all != nullptr) {
    UnnestRel unnest;
    unnest.collection = marks.all;
    unnest.columns = {mark};
    DF_ASSIGN_OR_RETURN(rel, make_unnest(std::move(rel), std::move(unnest), place));
  }
  const bool cumulates = window.kind == plan::WindowKind::kCumulative;
  const ExpressionPtr begins = marks.start != nullptr ? marks.start : expr::column(mark);
  const ExpressionPtr ends = cumulates ? expr::column(mark) : sum(begins, window.size_ms);
  columns.push_back({start, begins});
  columns.push_back({end, ends});
  columns.push_back({time, sum(ends, -1)});
  return make_project(std::move(rel), std::move(columns));
}

}  // namespace dataflow::sql
