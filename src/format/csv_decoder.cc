// CSV to columns: a line is a row, its fields in the order of the schema or of a header line. A
// field in quotes may hold the delimiter, line ends and, doubled or behind the escape character,
// the quote. Only a field without quotes can be NULL.
#include <simdjson.h>

#include "decoders.h"

namespace dataflow::format {
namespace {

class CsvDecoder final : public Decoder {
 public:
  CsvDecoder(SchemaPtr schema, const DecoderOptions& options, const ReadStyle& style,
             const std::vector<bool>& read)
      : schema_(std::move(schema)),
        options_(options),
        style_(style),
        needs_header_(options.csv_header) {
    for (size_t i = 0; i < schema_->size(); ++i) {
      order_.push_back(static_cast<int>(i));
      const bool is_read = read.empty() || read[i];
      column_of_.push_back(is_read ? static_cast<int>(columns_.size()) : -1);
      if (is_read) columns_.emplace_back((*schema_)[i].type);
    }
  }

  bool add(std::string_view line, RowFault& fault) override {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    fault = {rows_, "", ""};
    if (!simdjson::validate_utf8(line.data(), line.size())) {
      fault.reason = "the line is not UTF-8";
      return false;
    }
    if (options_.csv_comments && line.starts_with('#')) return true;
    if (needs_header_) return read_header(line, fault);
    if (read_row(line, fault)) {
      ++rows_;
      return true;
    }
    for (ColumnBuffer& column : columns_) column.truncate(rows_);
    return false;
  }
  int64_t rows() const override { return rows_; }
  Result<std::vector<ColumnPtr>> take() override {
    rows_ = 0;
    return take_columns(columns_);
  }

 private:
  // One field from the front of `rest`, without the delimiter behind it, into `text`.
  bool next_field(std::string_view& rest, std::string_view& text, bool& quoted,
                  std::string& reason) {
    quoted = options_.csv_quote != '\0' && rest.starts_with(options_.csv_quote);
    if (!quoted) {
      const size_t end = std::min(rest.find(options_.csv_delimiter), rest.size());
      text = rest.substr(0, end);
      rest.remove_prefix(end);
      return true;
    }
    scratch_.clear();
    for (size_t i = 1; i < rest.size(); ++i) {
      const char c = rest[i];
      const bool more = i + 1 < rest.size();
      // A quote that escapes is one that is doubled, below.
      if (c == options_.csv_escape && c != '\0' && c != options_.csv_quote && more) {
        scratch_ += rest[++i];
      } else if (c != options_.csv_quote) {
        scratch_ += c;
      } else if (more && rest[i + 1] == options_.csv_quote) {
        scratch_ += rest[++i];
      } else if (more && rest[i + 1] != options_.csv_delimiter) {
        reason = "a quote stands within a field in quotes";
        return false;
      } else {
        rest.remove_prefix(i + 1);
        text = scratch_;
        return true;
      }
    }
    reason = "a quote is not closed";
    return false;
  }

  bool read_header(std::string_view line, RowFault& fault) {
    if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    std::vector<int> order;
    std::vector<bool> named(schema_->size(), false);
    for (bool more = true; more;) {
      std::string_view name;
      bool quoted = false;
      if (!next_field(line, name, quoted, fault.reason)) return false;
      const auto field = schema_->find(name);
      order.push_back(field ? static_cast<int>(*field) : -1);
      if (field && named[*field]) {
        fault.field = std::string(name);
        fault.reason = "the header names the field twice";
        return false;
      }
      if (field) named[*field] = true;
      more = !line.empty();
      if (more) line.remove_prefix(1);
    }
    for (size_t i = 0; i < named.size(); ++i) {
      if (named[i] || column_of_[i] < 0) continue;
      if ((*schema_)[i].nullable && !options_.fail_on_missing_field) continue;
      fault.field = (*schema_)[i].name;
      fault.reason = "the field is missing in the header";
      return false;
    }
    missing_.clear();
    for (size_t i = 0; i < named.size(); ++i) {
      if (!named[i] && column_of_[i] >= 0) missing_.push_back(column_of_[i]);
    }
    order_ = std::move(order);
    needs_header_ = false;
    return true;
  }

  bool read_row(std::string_view line, RowFault& fault) {
    size_t count = 0;
    for (bool more = true; more; ++count) {
      std::string_view text;
      bool quoted = false;
      const bool surplus = count >= order_.size();
      const int field = surplus ? -1 : order_[count];
      if (field >= 0) fault.field = (*schema_)[static_cast<size_t>(field)].name;
      if (!next_field(line, text, quoted, fault.reason)) return false;
      if (field >= 0 && !read_field(static_cast<size_t>(field), text, quoted, fault.reason)) {
        return false;
      }
      more = !line.empty();
      if (more) line.remove_prefix(1);
    }
    for (; options_.flink && count < order_.size(); ++count) {
      if (order_[count] < 0) continue;
      const auto field = static_cast<size_t>(order_[count]);
      fault.field = (*schema_)[field].name;
      if (!append_null(field, fault.reason)) return false;
    }
    if (count != order_.size()) {
      fault.field.clear();
      fault.reason = std::to_string(count) + (count == 1 ? " field was" : " fields were") +
                     " found, " + std::to_string(order_.size()) + " are expected";
      return false;
    }
    for (const int column : missing_) columns_[static_cast<size_t>(column)].append_null();
    return true;
  }

  bool read_field(size_t i, std::string_view text, bool quoted, std::string& reason) {
    if (column_of_[i] < 0) return true;
    if (is_null(i, text, quoted)) return append_null(i, reason);
    ColumnBuffer& column = columns_[static_cast<size_t>(column_of_[i])];
    if (append_text_value(text, style_, column, reason)) return true;
    if (!options_.ignore_parse_errors || !(*schema_)[i].nullable) return false;
    column.append_null();
    return true;
  }

  bool is_null(size_t i, std::string_view text, bool quoted) const {
    if (!options_.flink) return !quoted && text == options_.csv_null_literal;
    if (text.empty()) return (*schema_)[i].type.id() != TypeId::kString;
    return text == options_.csv_null_literal;
  }

  bool append_null(size_t i, std::string& reason) {
    if (column_of_[i] < 0) return true;
    if (!(*schema_)[i].nullable) {
      reason = "NULL was found, the field is NOT NULL";
      return false;
    }
    columns_[static_cast<size_t>(column_of_[i])].append_null();
    return true;
  }

  SchemaPtr schema_;
  DecoderOptions options_;
  ReadStyle style_;
  bool needs_header_;
  std::vector<ColumnBuffer> columns_;
  std::vector<int> order_;      // the schema's field of each of a line's; -1 for none
  std::vector<int> column_of_;  // the column of each of the schema's fields; -1: it is not read
  std::vector<int> missing_;    // columns that the header has not
  int64_t rows_ = 0;
  std::string scratch_;
};

}  // namespace

std::unique_ptr<Decoder> make_csv_decoder(SchemaPtr schema, const DecoderOptions& options,
                                          const ReadStyle& style, const std::vector<bool>& read) {
  return std::make_unique<CsvDecoder>(std::move(schema), options, style, read);
}

}  // namespace dataflow::format
