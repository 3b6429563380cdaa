#include "test_connectors.h"

#include "base/units.h"
#include "format/decoder.h"

namespace dataflow::jobs {

void TestInput::add(std::vector<GivenRow> rows) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    if (rows.empty()) return;
    for (GivenRow& row : rows) rows_.push_back(std::move(row));
    at_end_ = false;
    wake.swap(wake_);
  }
  if (wake) wake();
}

void TestInput::finish() {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    wake.swap(wake_);
  }
  if (wake) wake();
}

bool TestInput::at_end() const {
  const std::lock_guard lock(mutex_);
  return at_end_;
}

void TestInput::begin_again() {
  const std::lock_guard lock(mutex_);
  at_end_ = false;
  wake_ = nullptr;
}

TestInput::Run TestInput::read(size_t from) {
  Run run;
  const std::lock_guard lock(mutex_);
  for (size_t i = from; i < rows_.size(); ++i) {
    if (!run.rows.empty() && rows_[i].is_payload != run.rows.front().is_payload) break;
    run.rows.push_back(rows_[i]);
  }
  run.finished = finished_;
  return run;
}

void TestInput::listen(size_t from, std::function<void()> wake) {
  {
    const std::lock_guard lock(mutex_);
    if (rows_.size() <= from && !finished_) {
      wake_ = std::move(wake);
      wake = nullptr;
      at_end_ = true;
    }
  }
  if (wake) {
    wake();
  } else if (told_) {
    told_();
  }
}

size_t TestInput::size() const {
  const std::lock_guard lock(mutex_);
  return rows_.size();
}

std::string TestOutput::stage(std::vector<ActualRow> rows) {
  const std::lock_guard lock(mutex_);
  std::string name = std::to_string(next_++);
  staged_[name] = std::move(rows);
  return name;
}

void TestOutput::commit(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto found = staged_.extract(name);
  if (found.empty()) return;  // it is visible already
  for (ActualRow& row : found.mapped()) rows_.push_back(std::move(row));
}

std::vector<ActualRow> TestOutput::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(rows_, {});
}

namespace {

class Reader final : public engine::SplitReader {
 public:
  Reader(std::shared_ptr<TestInput> input, size_t from) : input_(std::move(input)), at_(from) {}

  Result<engine::Polled> poll(engine::Chunk& chunk) override {
    auto run = std::make_shared<TestInput::Run>(input_->read(at_));
    if (run->rows.empty()) return run->finished ? engine::Polled::kEnd : engine::Polled::kIdle;
    chunk.first_offset = static_cast<int64_t>(at_);
    at_ += run->rows.size();
    chunk.holder = std::move(run);
    return engine::Polled::kMore;
  }
  void wake_when_ready(std::function<void()> wake) override {
    input_->listen(at_, std::move(wake));
  }
  std::string position() const override { return std::to_string(at_); }
  int64_t lag() const override { return static_cast<int64_t>(input_->size() - at_); }

 private:
  const std::shared_ptr<TestInput> input_;
  size_t at_;
};

class RowDecoder final : public engine::ChunkDecoder {
 public:
  RowDecoder(std::shared_ptr<TestInput> input, const plan::SourceSpec& spec)
      : input_(std::move(input)), spec_(spec), schema_(plan::schema_read(spec)) {}

  Status open() {
    DF_ASSIGN_OR_RETURN(columns_, format::make_decoder("json", schema_, {}));
    const auto all = spec_.schema->fields();
    const std::vector<Field> payload(all.begin(),
                                     all.end() - static_cast<ptrdiff_t>(spec_.metadata.size()));
    std::vector<bool> read;
    for (const Field& field : payload) read.push_back(plan::is_read(spec_, field.name));
    DF_ASSIGN_OR_RETURN(const format::DecoderOptions options,
                        format::decoder_options(spec_.format, spec_.format_options));
    DF_ASSIGN_OR_RETURN(
        payload_,
        format::make_decoder(spec_.format, std::make_shared<const Schema>(payload), options, read));
    return {};
  }

  Status decode(const engine::Split& /*split*/, const engine::Chunk& chunk,
                engine::DecodedRows& rows, std::vector<engine::SourceFault>& faults) override {
    const auto& run = *static_cast<const TestInput::Run*>(chunk.holder.get());
    const bool payloads = run.rows.front().is_payload;
    format::Decoder& decoder = payloads ? *payload_ : *columns_;
    int64_t offset = chunk.first_offset;
    for (const GivenRow& row : run.rows) {
      std::string text = row.text;
      text.append(format::kPayloadPadding, '\0');
      const int64_t before = decoder.rows();
      RowFault why;
      if (decoder.add(std::string_view(text).substr(0, row.text.size()), why)) {
        rows.offsets.insert(rows.offsets.end(), static_cast<size_t>(decoder.rows() - before),
                            offset);
      } else {
        faults.push_back({offset, why.field, why.reason, row.text});
      }
      ++offset;
    }
    const int64_t count = decoder.rows();
    DF_ASSIGN_OR_RETURN(rows.batch.columns, decoder.take());
    rows.batch.schema = schema_;
    rows.batch.rows = count;
    // Nobody has told the metadata of a payload.
    for (size_t i = rows.batch.columns.size(); i < rows.batch.schema->size(); ++i) {
      const Type& type = (*rows.batch.schema)[i].type;
      DF_ASSIGN_OR_RETURN(
          ColumnPtr nulls,
          column_of(type, std::vector<Value>(static_cast<size_t>(count), Value::null(type))));
      rows.batch.columns.push_back(std::move(nulls));
    }
    return {};
  }

 private:
  const std::shared_ptr<TestInput> input_;
  const plan::SourceSpec spec_;
  const SchemaPtr schema_;  // of what is read
  std::unique_ptr<format::Decoder> columns_;
  std::unique_ptr<format::Decoder> payload_;
};

class TestSource final : public engine::Source {
 public:
  TestSource(std::shared_ptr<TestInput> input, const plan::SourceSpec& spec)
      : input_(std::move(input)), spec_(spec) {}

  SchemaPtr schema() const override { return plan::schema_read(spec_); }
  bool bounded() const override { return true; }
  Result<std::vector<engine::Split>> splits() override {
    return std::vector<engine::Split>{{"0", "0"}};
  }
  Result<std::unique_ptr<engine::SplitReader>> open(const engine::Split& split) override {
    DF_ASSIGN_OR_RETURN(const int64_t from, parse_int(split.position));
    return std::unique_ptr<engine::SplitReader>(
        std::make_unique<Reader>(input_, static_cast<size_t>(from)));
  }
  Result<std::unique_ptr<engine::ChunkDecoder>> make_decoder() override {
    auto decoder = std::make_unique<RowDecoder>(input_, spec_);
    DF_RETURN_IF_ERROR(decoder->open());
    return std::unique_ptr<engine::ChunkDecoder>(std::move(decoder));
  }
  void on_checkpoint(const std::vector<engine::Split>& /*positions*/) override {}

 private:
  const std::shared_ptr<TestInput> input_;
  const plan::SourceSpec spec_;
};

class Writer final : public engine::SinkWriter {
 public:
  explicit Writer(std::shared_ptr<TestOutput> output) : output_(std::move(output)) {}

  Status write(const Batch& batch, std::vector<RowFault>& /*faults*/) override {
    for (int64_t row = 0; row < batch.rows; ++row) {
      rows_.push_back({batch.kind(row), row_of(batch, row)});
    }
    return {};
  }
  Status on_barrier(engine::CheckpointId /*id*/, std::vector<std::string>& committables,
                    std::map<std::string, std::string>& /*named_state*/) override {
    if (!rows_.empty()) committables.push_back(output_->stage(std::exchange(rows_, {})));
    return {};
  }
  int64_t staged_bytes() const override { return 0; }

 private:
  const std::shared_ptr<TestOutput> output_;
  std::vector<ActualRow> rows_;
};

class Committer final : public engine::SinkCommitter {
 public:
  explicit Committer(std::shared_ptr<TestOutput> output) : output_(std::move(output)) {}

  Status restore(const std::map<std::string, std::string>& /*named_state*/) override { return {}; }
  Status prepare(engine::CheckpointId /*id*/, std::vector<std::string>& /*committables*/,
                 std::map<std::string, std::string>& /*named_state*/) override {
    return {};
  }
  Status commit(engine::CheckpointId /*id*/, const std::vector<std::string>& committables,
                bool /*after_restart*/) override {
    for (const std::string& name : committables) output_->commit(name);
    return {};
  }

 private:
  const std::shared_ptr<TestOutput> output_;
};

class TestSink final : public engine::Sink {
 public:
  explicit TestSink(std::shared_ptr<TestOutput> output) : output_(std::move(output)) {}

  plan::Guarantee guarantee() const override { return plan::Guarantee::kExactlyOnce; }
  Result<std::unique_ptr<engine::SinkWriter>> make_writer(
      int /*task*/, const std::map<std::string, std::string>& /*named_state*/) override {
    return std::unique_ptr<engine::SinkWriter>(std::make_unique<Writer>(output_));
  }
  Result<std::unique_ptr<engine::SinkCommitter>> make_committer() override {
    return std::unique_ptr<engine::SinkCommitter>(std::make_unique<Committer>(output_));
  }

 private:
  const std::shared_ptr<TestOutput> output_;
};

}  // namespace

Result<std::unique_ptr<engine::Source>> TestConnectors::make_source(
    const plan::SourceSpec& spec, const engine::ConnectorContext& context) {
  return std::unique_ptr<engine::Source>(
      std::make_unique<TestSource>(inputs.at(context.node), spec));
}

Result<std::unique_ptr<engine::Sink>> TestConnectors::make_sink(
    const plan::SinkSpec& /*spec*/, const SchemaPtr& /*schema*/,
    const engine::ConnectorContext& context) {
  return std::unique_ptr<engine::Sink>(std::make_unique<TestSink>(outputs.at(context.node)));
}

}  // namespace dataflow::jobs
