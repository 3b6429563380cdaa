#include "plain_sinks.h"

#include <cstdio>

#include "engine/nothing_to_commit.h"
#include "format/encoder.h"
#include "options.h"

namespace dataflow::connect {
namespace {

class Blackhole final : public engine::SinkWriter {
 public:
  Status write(const Batch&, std::vector<RowFault>&) override { return {}; }
  Status on_barrier(engine::CheckpointId, std::vector<std::string>&,
                    std::map<std::string, std::string>&) override {
    return {};
  }
  int64_t staged_bytes() const override { return 0; }
};

class ConsoleWriter final : public engine::SinkWriter {
 public:
  ConsoleWriter(std::unique_ptr<format::Encoder> encoder, std::string prefix, bool is_row,
                std::FILE* stream)
      : encoder_(std::move(encoder)),
        prefix_(std::move(prefix)),
        is_row_(is_row),
        stream_(stream) {}

  Status write(const Batch& batch, std::vector<RowFault>& faults) override {
    const size_t faults_before = faults.size();
    rows_.clear();
    DF_RETURN_IF_ERROR(encoder_->encode(batch, rows_, faults));
    std::string lines;
    size_t next_fault = faults_before;
    for (size_t row = 0; row < rows_.size(); ++row) {
      if (next_fault < faults.size() && faults[next_fault].row == static_cast<int64_t>(row)) {
        ++next_fault;
        continue;
      }
      const RowKind kind = batch.kind(static_cast<int64_t>(row));
      lines += prefix_;
      // Flink's "+I[1, a]".
      if (is_row_) {
        lines += row_kind_name(kind);
      } else if (batch.kinds != nullptr) {
        lines += std::string(row_kind_name(kind)) + " ";
      }
      lines += rows_[row];
      lines += '\n';
    }
    return print(lines);
  }
  Status on_barrier(engine::CheckpointId, std::vector<std::string>&,
                    std::map<std::string, std::string>&) override {
    return {};
  }
  int64_t staged_bytes() const override { return 0; }

 private:
  // One call a batch, so that the lines of several tasks do not mix.
  Status print(const std::string& lines) const {
    if (std::fwrite(lines.data(), 1, lines.size(), stream_) == lines.size() &&
        std::fflush(stream_) == 0) {
      return {};
    }
    return Status::io_error("writing rows to standard output failed");
  }

  std::unique_ptr<format::Encoder> encoder_;
  const std::string prefix_;
  const bool is_row_;
  std::FILE* const stream_;
  format::EncodedRows rows_;
};

class BlackholeSink final : public engine::Sink {
 public:
  plan::Guarantee guarantee() const override { return plan::Guarantee::kExactlyOnce; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int, const std::map<std::string, std::string>&) override {
    return std::unique_ptr<engine::SinkWriter>(std::make_unique<Blackhole>());
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return std::unique_ptr<engine::SinkCommitter>(std::make_unique<engine::NothingToCommit>());
  }
};

class ConsoleSink final : public engine::Sink {
 public:
  ConsoleSink(std::string format, SchemaPtr schema, format::EncoderOptions options,
              std::string prefix, std::FILE* stream)
      : format_(std::move(format)),
        schema_(std::move(schema)),
        options_(std::move(options)),
        prefix_(std::move(prefix)),
        stream_(stream) {}

  plan::Guarantee guarantee() const override { return plan::Guarantee::kAtLeastOnce; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int, const std::map<std::string, std::string>&) override {
    DF_ASSIGN_OR_RETURN(std::unique_ptr<format::Encoder> encoder,
                        format::make_encoder(format_, schema_, options_));
    return std::unique_ptr<engine::SinkWriter>(
        std::make_unique<ConsoleWriter>(std::move(encoder), prefix_, format_ == "row", stream_));
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return std::unique_ptr<engine::SinkCommitter>(std::make_unique<engine::NothingToCommit>());
  }

 private:
  const std::string format_;
  const SchemaPtr schema_;
  const format::EncoderOptions options_;
  const std::string prefix_;
  std::FILE* const stream_;
};

}  // namespace

Result<std::unique_ptr<engine::Sink>> make_console_sink(const plan::SinkSpec& spec,
                                                        const SchemaPtr& schema,
                                                        const engine::ConnectorContext& context) {
  const std::string where = "sink `" + context.node + "`";
  OptionReader reader(where, spec.options);
  std::string prefix = reader.text("prefix").value_or("");
  DF_ASSIGN_OR_RETURN(const size_t stream, reader.choice("stream", {"stdout", "stderr"}));
  DF_RETURN_IF_ERROR(reader.refuse_others());
  const std::string format = spec.format.empty() ? "json" : spec.format;
  if (format == "row") {
    return std::unique_ptr<engine::Sink>(std::make_unique<ConsoleSink>(
        format, schema, format::EncoderOptions(), prefix, stream == 0 ? stdout : stderr));
  }
  DF_ASSIGN_OR_RETURN(format::EncoderOptions options,
                      in_place(format::encoder_options(format, spec.format_options), where));
  return std::unique_ptr<engine::Sink>(std::make_unique<ConsoleSink>(
      format, schema, options, std::move(prefix), stream == 0 ? stdout : stderr));
}

Result<std::unique_ptr<engine::Sink>> make_blackhole_sink(const plan::SinkSpec& spec,
                                                          const engine::ConnectorContext& context) {
  DF_RETURN_IF_ERROR(OptionReader("sink `" + context.node + "`", spec.options).refuse_others());
  return std::unique_ptr<engine::Sink>(std::make_unique<BlackholeSink>());
}

}  // namespace dataflow::connect
