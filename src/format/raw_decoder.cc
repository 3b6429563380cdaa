// A payload as it is: one column of bytes or of a string.
#include <simdjson.h>

#include "decoders.h"

namespace dataflow::format {
namespace {

class RawDecoder final : public Decoder {
 public:
  RawDecoder(const Field& field, bool read) : name_(field.name), column_(field.type), read_(read) {}

  bool add(std::string_view payload, RowFault& fault) override {
    if (!read_) {
      ++rows_;
      return true;
    }
    if (column_.type().id() != TypeId::kBytes &&
        !simdjson::validate_utf8(payload.data(), payload.size())) {
      fault = {rows(), name_, "the payload is not UTF-8"};
      return false;
    }
    if (!column_.append_text(payload)) {
      fault = {rows(), name_, "the batch holds too much text"};
      return false;
    }
    ++rows_;
    return true;
  }
  int64_t rows() const override { return rows_; }
  Result<std::vector<ColumnPtr>> take() override {
    rows_ = 0;
    if (!read_) return std::vector<ColumnPtr>();
    DF_ASSIGN_OR_RETURN(ColumnPtr column, column_.take());
    return std::vector<ColumnPtr>{std::move(column)};
  }

 private:
  std::string name_;
  ColumnBuffer column_;
  const bool read_;  // else rows are only counted
  int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_raw_decoder(const SchemaPtr& schema, bool read) {
  return std::make_unique<RawDecoder>((*schema)[0], read);
}

}  // namespace dataflow::format
