#include "values_source.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <nlohmann/json.hpp>

#include "expr/expression.h"
#include "options.h"

namespace dataflow::connect {
namespace {

constexpr int64_t kChunkRows = 4096;

struct Rows {
  std::string where;
  SchemaPtr schema;
  std::vector<std::vector<Value>> rows;

  int64_t size() const { return std::ssize(rows); }
};

// What a chunk holds instead of bytes: which rows.
struct Range {
  int64_t from = 0;
  int64_t rows = 0;
};

class ValuesReader final : public engine::SplitReader {
 public:
  ValuesReader(std::shared_ptr<const Rows> rows, int64_t next)
      : rows_(std::move(rows)), next_(next) {}

  Result<engine::Polled> poll(engine::Chunk& chunk) override {
    if (next_ >= rows_->size()) return engine::Polled::kEnd;
    const auto range =
        std::make_shared<const Range>(Range{next_, std::min(kChunkRows, rows_->size() - next_)});
    chunk.holder = range;
    chunk.bytes = {reinterpret_cast<const char*>(range.get()), sizeof(Range)};
    chunk.first_offset = next_;
    next_ += range->rows;
    return engine::Polled::kMore;
  }
  void wake_when_ready(std::function<void()> wake) override { wake(); }
  std::string position() const override { return std::to_string(next_); }
  int64_t lag() const override { return rows_->size() - next_; }

 private:
  const std::shared_ptr<const Rows> rows_;
  int64_t next_;
};

class ValuesDecoder final : public engine::ChunkDecoder {
 public:
  explicit ValuesDecoder(std::shared_ptr<const Rows> rows) : rows_(std::move(rows)) {}

  Status decode(const engine::Split&, const engine::Chunk& chunk, engine::DecodedRows& rows,
                std::vector<engine::SourceFault>&) override {
    Range range;
    std::memcpy(&range, chunk.bytes.data(), sizeof range);
    const auto first = rows_->rows.begin() + range.from;
    DF_ASSIGN_OR_RETURN(rows.batch, batch_of(rows_->schema, {first, first + range.rows}));
    for (int64_t i = 0; i < range.rows; ++i) rows.offsets.push_back(range.from + i);
    return {};
  }

 private:
  const std::shared_ptr<const Rows> rows_;
};

class ValuesSource final : public engine::Source {
 public:
  explicit ValuesSource(Rows rows) : rows_(std::make_shared<const Rows>(std::move(rows))) {}

  SchemaPtr schema() const override { return rows_->schema; }
  bool bounded() const override { return true; }
  Result<std::vector<engine::Split>> splits() override {
    return std::vector<engine::Split>{{"values", "0"}};
  }
  Result<std::unique_ptr<engine::SplitReader>> open(const engine::Split& split) override {
    int64_t next = 0;
    const char* const end = split.position.data() + split.position.size();
    const auto [at, error] = std::from_chars(split.position.data(), end, next);
    if (error != std::errc() || at != end || next < 0) {
      return Status::corrupt(rows_->where + ": the position `" + split.position +
                             "` cannot be read");
    }
    return std::unique_ptr<engine::SplitReader>(std::make_unique<ValuesReader>(rows_, next));
  }
  Result<std::unique_ptr<engine::ChunkDecoder>> make_decoder() override {
    return std::unique_ptr<engine::ChunkDecoder>(std::make_unique<ValuesDecoder>(rows_));
  }
  void on_checkpoint(const std::vector<engine::Split>&) override {}

 private:
  const std::shared_ptr<const Rows> rows_;
};

Result<Value> value_of(const nlohmann::json& cell, const Field& field) {
  DF_ASSIGN_OR_RETURN(const expr::ExpressionPtr literal, expr::expression_from_json(cell.dump()));
  if (literal->kind != expr::Kind::kLiteral) return Status::invalid("it is no literal");
  if (literal->value.is_null()) {
    if (field.nullable) return Value::null(field.type);
    return Status::invalid("it is NULL, the column is NOT NULL");
  }
  if (literal->value.type() == field.type) return literal->value;
  return Status::invalid("it is " + literal->value.type().to_string() + ", the column is " +
                         field.type.to_string());
}

}  // namespace

Result<std::unique_ptr<engine::Source>> make_values_source(
    const plan::SourceSpec& spec, const engine::ConnectorContext& context) {
  Rows made{"source `" + context.node + "`", spec.schema, {}};
  OptionReader options(made.where, spec.options);
  DF_ASSIGN_OR_RETURN(const std::string text, options.required("rows"));
  DF_RETURN_IF_ERROR(options.refuse_others());
  const nlohmann::json rows = nlohmann::json::parse(text, nullptr, false);
  if (!rows.is_array()) return options.wrong("rows", "give a JSON array of rows");
  for (const nlohmann::json& row : rows) {
    if (!row.is_array() || row.size() != spec.schema->size()) {
      return options.wrong("rows", "each row is an array of as many values as there are columns");
    }
    made.rows.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      Result<Value> value = value_of(row[i], (*spec.schema)[i]);
      if (!value.ok()) {
        return options.wrong("rows", "row " + std::to_string(made.rows.size()) + ", column `" +
                                         (*spec.schema)[i].name + "`: " + value.status().message());
      }
      made.rows.back().push_back(std::move(*value));
    }
  }
  return std::unique_ptr<engine::Source>(std::make_unique<ValuesSource>(std::move(made)));
}

}  // namespace dataflow::connect
