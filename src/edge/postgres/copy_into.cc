#include "copy_into.h"

#include <algorithm>
#include <utility>

#include "read_value.h"

namespace dataflow::postgres {
namespace {

constexpr size_t kMostRowsAtOnce = 500;
constexpr size_t kMostParameters = 65'535;

}  // namespace

CopyInto::CopyInto(jobs::SqlSession& session, std::string target, const CopyOptions& options,
                   std::vector<CopyColumn> columns)
    : session_(session),
      target_(std::move(target)),
      binary_(options.format == CopyFormat::kBinary),
      columns_(std::move(columns)),
      rows_at_once_(std::clamp<size_t>(kMostParameters / std::max<size_t>(columns_.size(), 1), 1,
                                       kMostRowsAtOnce)),
      reader_(make_copy_rows(options, columns_.size())) {}

Status CopyInto::feed(std::string_view part) {
  DF_RETURN_IF_ERROR(reader_->feed(part, pending_));
  return take(rows_at_once_);
}

Status CopyInto::finish() {
  DF_RETURN_IF_ERROR(reader_->finish(pending_));
  return take(1);
}

Status CopyInto::take(size_t least) {
  size_t taken = 0;
  while (pending_.size() - taken >= least) {
    const size_t count = std::min(rows_at_once_, pending_.size() - taken);
    DF_RETURN_IF_ERROR(insert(std::span(pending_).subspan(taken, count)));
    taken += count;
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(taken));
  return {};
}

Status CopyInto::insert(std::span<const CopyFields> rows) {
  const size_t count = rows.size();
  std::unique_ptr<jobs::PreparedStatement> few;
  std::unique_ptr<jobs::PreparedStatement>& prepared = count == rows_at_once_ ? many_ : few;
  if (!prepared) {
    std::string text = "INSERT INTO " + target_ + " VALUES ";
    std::vector<std::optional<Type>> types;
    for (size_t row = 0; row < count; ++row) {
      text += row == 0 ? "(" : ", (";
      for (size_t i = 0; i < columns_.size(); ++i) {
        types.emplace_back(columns_[i].type);
        text += (i == 0 ? "$" : ", $") + std::to_string(types.size());
      }
      text += ")";
    }
    DF_ASSIGN_OR_RETURN(const std::vector<sql::StatementAst> parsed, session_.parse(text));
    DF_ASSIGN_OR_RETURN(prepared, session_.prepare(parsed.front(), text, types));
  }
  std::vector<Value> values;
  for (size_t row = 0; row < count; ++row) {
    if (Status status = values_of(rows[row], values); !status.ok()) {
      return status.with_context("COPY, row " + std::to_string(written_ + row + 1));
    }
  }
  DF_RETURN_IF_ERROR(prepared->execute(values).status());
  written_ += count;
  return {};
}

Status CopyInto::values_of(const CopyFields& row, std::vector<Value>& to) const {
  for (size_t i = 0; i < row.size(); ++i) {
    const CopyColumn& column = columns_[i];
    if (!row[i]) {
      to.push_back(Value::null(column.type));
      continue;
    }
    Result<Value> value = binary_ ? read_value_binary(column.type, column.oid, *row[i])
                                  : read_value_text(column.type, *row[i]);
    if (!value.ok()) return value.status().with_context("column " + column.name);
    to.push_back(std::move(*value));
  }
  return {};
}

}  // namespace dataflow::postgres
