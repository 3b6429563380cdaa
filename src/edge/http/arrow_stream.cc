#include "arrow_stream.h"

#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>
#include <vector>

#include "types/arrow_status.h"

namespace dataflow::http {
namespace {

class TextSink final : public arrow::io::OutputStream {
 public:
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return before_ + static_cast<int64_t>(size()); }
  arrow::Status Write(const void* data, int64_t bytes) override {
    text_.append(static_cast<const char*>(data), static_cast<size_t>(bytes));
    return arrow::Status::OK();
  }
  using Writable::Write;

  std::string take() {
    before_ += static_cast<int64_t>(size());
    return std::exchange(text_, {});
  }

 private:
  size_t size() const { return text_.size(); }

  std::string text_;
  int64_t before_ = 0;
  bool closed_ = false;
};

class Stream final : public ArrowStream {
 public:
  Status open(const Schema& schema) {
    arrow::FieldVector fields;
    for (const Field& field : schema.fields()) {
      fields.push_back(arrow::field(field.name, arrow_type(field.type), field.nullable));
    }
    schema_ = arrow::schema(std::move(fields));
    DF_ASSIGN_OR_RETURN(writer_, from_arrow(arrow::ipc::MakeStreamWriter(sink_, schema_)));
    return {};
  }

  Status add(const Batch& batch) override {
    const auto whole = arrow::RecordBatch::Make(schema_, batch.rows, batch.columns);
    return from_arrow(writer_->WriteRecordBatch(*whole));
  }
  Status end() override { return from_arrow(writer_->Close()); }
  std::string take() override { return sink_->take(); }

 private:
  const std::shared_ptr<TextSink> sink_ = std::make_shared<TextSink>();
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<ArrowStream>> ArrowStream::begin(const SchemaPtr& schema) {
  auto stream = std::make_unique<Stream>();
  DF_RETURN_IF_ERROR(stream->open(*schema));
  return std::unique_ptr<ArrowStream>(std::move(stream));
}

}  // namespace dataflow::http
