// The operator "moving_average": to each row it adds the mean of a column over the last rows of the
// row's key, this one included.
//
//   averages: {from: counter, operator: moving_average, group_by: [key],
//              options: {column: number, rows: 3, as: mean}}
#include "parts.h"

namespace example {
namespace {

struct Options {
  explicit Options(const df::Request& request)
      : column(request.options.require("column")),
        rows(request.options.integer("rows", 10, 1, 1'000'000)),
        as(request.options.text("as", "moving_average")) {}

  std::string column;
  int64_t rows;
  std::string as;
};

// State by key: under number -1 how many rows there were; under 0 .. rows - 1, as a ring, the
// values of the last ones.
class MovingAverage final : public df::Operator {
 public:
  MovingAverage(const Options& options, const df::Schema& input, const df::Schema& output)
      : options_(options), column_(input.require(options.column)), output_(output) {}

  void open(df::OperatorContext& context) override {
    context_ = &context;
    table_.emplace(context.table({"values", {df::ValueKind::kInt64, df::ValueKind::kFloat64}}));
  }

  void on_batch(const df::Batch& batch, df::Output& out) override {
    const df::Column& values = batch.column(column_);
    for (int64_t row = 0; row < batch.size(); ++row) {
      if (values.is_null(row)) {
        context_->dead_letter(row, options_.column, "has no value to average");
        continue;
      }
      for (size_t i = 0; i < batch.schema().size(); ++i) output_.copy(i, batch.column(i), row);
      output_.real(batch.schema().size(), add(batch.key(row), values.real(row)));
    }
    out.emit(output_);
  }

 private:
  double add(const df::Key& key, double value) {
    const df::Table::Row head = table_->upsert(key, -1);
    const int64_t before = table_->integer(head, 0);
    table_->set_integer(head, 0, before + 1);
    table_->set_real(table_->upsert(key, before % options_.rows), 1, value);
    const int64_t there = std::min(before + 1, options_.rows);
    double sum = 0;
    for (int64_t i = 0; i < there; ++i) sum += table_->real(*table_->find(key, i), 1);
    return sum / static_cast<double>(there);
  }

  const Options options_;
  const size_t column_;
  df::BatchBuilder output_;
  df::OperatorContext* context_ = nullptr;
  std::optional<df::Table> table_;
};

}  // namespace

df::Shape shape_of_moving_average(const df::Request& request) {
  const Options options(request);
  if (request.keys.empty()) throw df::Error("averages by key: give the step `group_by`");
  const df::Field& column = request.schema[request.schema.require(options.column)];
  if (df::layout_of(column.type) > df::Layout::kDouble) {
    throw df::Error("column `" + column.name + "` is " + column.type + ", which has no average");
  }
  std::vector<df::Field> fields = request.schema.fields();
  fields.push_back({options.as, "DOUBLE", false});
  return df::Shape(df::Schema(fields));
}

std::unique_ptr<df::Operator> make_moving_average(const df::Request& request) {
  return std::make_unique<MovingAverage>(Options(request), request.schema,
                                         shape_of_moving_average(request).schema);
}

}  // namespace example
