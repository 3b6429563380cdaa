#include "generator_source.h"

#include "base/units.h"
#include "generator_rules.h"
#include "numbered_source.h"

namespace dataflow::connect {
namespace {

class RuledRows final : public RowMaker {
 public:
  explicit RuledRows(std::vector<ColumnRule> rules) : rules_(std::move(rules)) {}

  Result<std::vector<ColumnPtr>> make(int64_t first, int64_t stride, int64_t rows,
                                      int64_t began_ms) const override {
    std::vector<ColumnPtr> columns;
    for (const ColumnRule& rule : rules_) {
      DF_ASSIGN_OR_RETURN(ColumnPtr column, generate_column(rule, first, stride, rows, began_ms));
      columns.push_back(std::move(column));
    }
    return columns;
  }

 private:
  const std::vector<ColumnRule> rules_;  // as the schema
};

Status read_pace(OptionReader& options, bool timers, bool bounded, NumberedRows& out) {
  DF_ASSIGN_OR_RETURN(out.splits, options.integer("splits", 4, 1, 256));
  DF_ASSIGN_OR_RETURN(const int64_t rows, options.integer("rows", -1, 0, kMostNumberedRows));
  if (rows >= 0) out.rows = rows;
  if (bounded && !out.rows) return options.wrong("rows", "a bounded job needs a source that ends");
  if (const std::optional<std::string> text = options.text("rate"); text && *text != "unlimited") {
    const Result<double> rate = parse_double(*text);
    if (!rate.ok() || !(*rate > 0) || *rate > kMostNumberedRate) {
      return options.wrong("rate", "give rows a second, or `unlimited`");
    }
    out.rate = *rate;
    if (!timers) return options.wrong("rate", "there is no clock here");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<engine::Source>> make_generator_source(
    Env& env, TimerQueue* timers, const plan::SourceSpec& spec,
    const engine::ConnectorContext& context) {
  NumberedRows out;
  std::vector<ColumnRule> rules;
  out.where = "source `" + context.node + "`";
  out.schema = plan::schema_read(spec);
  if (!spec.metadata.empty()) {
    return Status::invalid(out.where + ": column `" + spec.metadata[0].column +
                           "`: this source has no metadata");
  }
  OptionReader options(out.where, spec.options);
  DF_RETURN_IF_ERROR(read_pace(options, timers != nullptr, context.bounded, out));
  DF_ASSIGN_OR_RETURN(const int64_t seed, options.integer("seed", 1, 0, kMostNumberedRows));
  for (const Field& field : spec.schema->fields()) {
    DF_ASSIGN_OR_RETURN(ColumnRule rule,
                        read_column_rule(options, field, static_cast<uint64_t>(seed)));
    // Without a rate a thousand rows stand for a second.
    if (rule.spacing_us == 0) rule.spacing_us = out.rate > 0 ? 1e6 / out.rate : 1000;
    if (plan::is_read(spec, field.name)) rules.push_back(std::move(rule));
  }
  DF_RETURN_IF_ERROR(options.refuse_others());
  return make_numbered_source(env, timers, std::move(out),
                              std::make_shared<const RuledRows>(std::move(rules)));
}

}  // namespace dataflow::connect
