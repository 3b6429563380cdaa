// 'connector' = 'datagen': our generator, with Flink's defaults.
#include <algorithm>
#include <limits>

#include "base/units.h"
#include "table_options.h"

namespace dataflow::sql {
namespace {

// The least and the greatest value that Flink draws of a type; empty: the type has no limits to
// draw between.
std::pair<std::string, std::string> limits_of(const Type& type) {
  switch (type.id()) {
    case TypeId::kInt8: return {"-128", "127"};
    case TypeId::kInt16: return {"-32768", "32767"};
    case TypeId::kInt32: return {"-2147483648", "2147483647"};
    case TypeId::kInt64: return {"-9000000000000000000", "9000000000000000000"};
    case TypeId::kFloat32: return {"0", "3.4e38"};
    case TypeId::kFloat64: return {"0", "4.4e307"};
    case TypeId::kDecimal:
      return {"0", std::string(static_cast<size_t>(type.precision() - type.scale()), '9')};
    default: return {};
  }
}

class Fields {
 public:
  Fields(TableOptions& options, plan::Options& out) : options_(options), out_(out) {}

  Status read(const ColumnDefinition& column) {
    const std::string ours = "fields." + column.name + ".";
    DF_ASSIGN_OR_RETURN(const std::string kind,
                        options_.word(ours + "kind", {"random", "sequence"}, "random"));
    options_.pass({ours + "var-len"});
    if (const auto share = options_.text(ours + "null-rate")) out_[ours + "null_share"] = *share;
    return kind == "sequence" ? sequence(column, ours) : random(column, ours);
  }
  // How many rows the shortest sequence has.
  std::optional<int64_t> rows() const { return rows_; }

 private:
  Status sequence(const ColumnDefinition& column, const std::string& ours) {
    DF_ASSIGN_OR_RETURN(const std::string start, options_.required(ours + "start"));
    DF_ASSIGN_OR_RETURN(const std::string end, options_.required(ours + "end"));
    constexpr int64_t kLeast = std::numeric_limits<int64_t>::min() / 2;
    DF_ASSIGN_OR_RETURN(const int64_t first, options_.integer(ours + "start", 0, kLeast));
    DF_ASSIGN_OR_RETURN(const int64_t last, options_.integer(ours + "end", 0, first));
    out_[ours + "kind"] = "sequence";
    out_[ours + "start"] = start;
    (void)column;
    rows_ = std::min(rows_.value_or(std::numeric_limits<int64_t>::max()), last - first + 1);
    return {};
  }

  Status random(const ColumnDefinition& column, const std::string& ours) {
    const std::optional<std::string> length = options_.text(ours + "length");
    const std::optional<std::string> least = options_.text(ours + "min");
    const std::optional<std::string> most = options_.text(ours + "max");
    DF_ASSIGN_OR_RETURN(const auto past, options_.duration_ms(ours + "max-past"));
    const TypeId id = column.type.id();
    if (id == TypeId::kString || id == TypeId::kBytes) {
      out_[ours + "length"] = length.value_or("100");
    } else if (column.type.is_timestamp()) {
      // Of now, at the rate's pace, and up to so much earlier.
      out_[ours + "kind"] = "time";
      out_[ours + "start"] = "now";
      if (past && *past > 0) out_[ours + "disorder"] = std::to_string(*past) + "ms";
    } else if (const auto [low, high] = limits_of(column.type); !low.empty()) {
      out_[ours + "kind"] = "random";
      out_[ours + "min"] = least.value_or(low);
      out_[ours + "max"] = most.value_or(high);
    }
    return {};
  }

  TableOptions& options_;
  plan::Options& out_;
  std::optional<int64_t> rows_;
};

}  // namespace

Result<Connection> connect_datagen(TableOptions& options) {
  Connection made;
  made.no_sink = "'datagen' makes rows and takes none";
  made.source.connector = "generator";
  plan::Options& out = made.source.options;
  // One split: sequences come in their order.
  out["splits"] = "1";
  out["rate"] = options.text_or("rows-per-second", "10000");
  DF_ASSIGN_OR_RETURN(const int64_t wanted, options.integer("number-of-rows", -1, 0));
  options.pass({"scan.parallelism"});
  Fields fields(options, out);
  for (const ColumnDefinition& column : options.table().columns) {
    if (column.kind == ColumnKind::kPhysical) DF_RETURN_IF_ERROR(fields.read(column));
  }
  std::optional<int64_t> rows = fields.rows();
  if (wanted >= 0) rows = std::min(wanted, rows.value_or(wanted));
  if (rows) out["rows"] = std::to_string(*rows);
  return made;
}

}  // namespace dataflow::sql
