// A decoder whose rows are read as text.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "format/decoder.h"

namespace dataflow::format {

inline SchemaPtr schema_of(std::string_view row) {
  const auto type = parse_type(row);
  EXPECT_TRUE(type.ok()) << type.status();
  return std::make_shared<const Schema>(type->fields());
}

class Reader {
 public:
  // `read`: as of make_decoder().
  explicit Reader(std::string_view row, const DecoderOptions& options = {},
                  const std::string& format = "json", const std::vector<bool>& read = {})
      : schema_(schema_of(row)) {
    auto made = make_decoder(format, schema_, options, read);
    EXPECT_TRUE(made.ok()) << made.status();
    decoder_ = std::move(*made);
    if (read.empty()) return;
    std::vector<Field> fields;
    for (size_t i = 0; i < schema_->size(); ++i) {
      if (read[i]) fields.push_back((*schema_)[i]);
    }
    schema_ = std::make_shared<const Schema>(std::move(fields));
  }

  // "" or "field: reason".
  std::string add(const std::string& payload) {
    const int64_t before = decoder_->rows();
    RowFault fault{};
    const std::string padded = payload + std::string(kPayloadPadding, '\\');
    if (decoder_->add(std::string_view(padded).substr(0, payload.size()), fault)) return "";
    EXPECT_EQ(fault.row, before);
    EXPECT_EQ(decoder_->rows(), before);
    return fault.field + ": " + fault.reason;
  }
  // The rows since the last call, "a=1, b=NULL" each.
  std::vector<std::string> rows() {
    const int64_t count = decoder_->rows();
    auto columns = decoder_->take();
    EXPECT_TRUE(columns.ok());
    EXPECT_EQ(decoder_->rows(), 0);
    const Batch batch{schema_, count, *columns, nullptr, nullptr};
    std::vector<std::string> out;
    for (int64_t row = 0; row < count; ++row) {
      const std::string text =
          Value::list(Type::row(schema_->fields()), row_of(batch, row)).to_string();
      out.push_back(text.substr(1, text.size() - 2));
    }
    return out;
  }
  std::string one(const std::string& payload) {
    const std::string fault = add(payload);
    if (!fault.empty()) return fault;
    return rows().back();
  }

 private:
  SchemaPtr schema_;
  std::unique_ptr<Decoder> decoder_;
};

using Rows = std::vector<std::string>;

}  // namespace dataflow::format
