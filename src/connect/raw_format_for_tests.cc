// The formats' factories for tests, of the format "raw" alone, until the room `format` has them.
#include <arrow/array.h>
#include <arrow/builder.h>

#include "format/decoder.h"
#include "format/encoder.h"
#include "types/arrow_status.h"

namespace dataflow::format {
namespace {

class PlainDecoder final : public Decoder {
 public:
  bool add(std::string_view payload, RowFault& fault) override {
    if (payload.starts_with("bad")) {
      fault = {rows(), "payload", "it is bad"};
      return false;
    }
    return builder_.Append(payload).ok();
  }
  int64_t rows() const override { return builder_.length(); }
  Result<std::vector<ColumnPtr>> take() override {
    DF_ASSIGN_OR_RETURN(ColumnPtr column, from_arrow(builder_.Finish()));
    return std::vector<ColumnPtr>{column};
  }

 private:
  arrow::StringBuilder builder_;
};

class PlainEncoder final : public Encoder {
 public:
  Status encode(const Batch& batch, EncodedRows& out, std::vector<RowFault>&) override {
    const auto& column = static_cast<const arrow::StringArray&>(*batch.columns[0]);
    for (int64_t row = 0; row < batch.rows; ++row) {
      out.bytes.append(column.GetView(row));
      out.ends.push_back(out.bytes.size());
    }
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_decoder(const std::string&, SchemaPtr,
                                              const DecoderOptions&) {
  return std::unique_ptr<Decoder>(std::make_unique<PlainDecoder>());
}
Result<std::unique_ptr<Encoder>> make_encoder(const std::string&, SchemaPtr,
                                              const EncoderOptions&) {
  return std::unique_ptr<Encoder>(std::make_unique<PlainEncoder>());
}

}  // namespace dataflow::format
