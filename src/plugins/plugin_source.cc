#include <charconv>
#include <mutex>

#include "base/timer_queue.h"
#include "parts.h"

namespace dataflow::plugins {
namespace {

constexpr int64_t kMostRows = 4096;
constexpr int64_t kMostWaitMs = 60'000;
constexpr int64_t kEmptyWaitMs = 50;  // as df::Read::nothing() has it

// Calls to a source, from whichever task, come one at a time.
struct SharedSource {
  std::mutex mutex;
  std::unique_ptr<abi::SourcePart, Release> part;
  SchemaPtr schema;
  std::shared_ptr<arrow::Schema> arrow_schema;
  std::string node;
  TimerQueue* timers = nullptr;
};

Status failed(const SharedSource& source, const TextList& error) {
  return Status::internal("source `" + source.node + "`: " + error.words());
}

// A position is "<rows before it>;<the plug-in's words>": rows are numbered by it, so that a split
// is cut into the same stretches after a restart.
struct Position {
  int64_t rows = 0;
  std::string words;
};

std::string to_text(const Position& position) {
  return std::to_string(position.rows) + ";" + position.words;
}

Result<Position> parse_position(const std::string& text) {
  Position position;
  const char* const end = text.data() + text.size();
  const auto [at, problem] = std::from_chars(text.data(), end, position.rows);
  if (problem != std::errc() || at == end || *at != ';' || position.rows < 0) {
    return Status::corrupt("`" + text + "` is no position of a plug-in's source");
  }
  position.words.assign(at + 1, end);
  return position;
}

class PluginReader final : public engine::SplitReader {
 public:
  PluginReader(std::shared_ptr<SharedSource> source, abi::ReaderPart* part, Position position)
      : source_(std::move(source)), part_(part), position_(std::move(position)) {}
  ~PluginReader() override { cancel_wake(); }

  Result<engine::Polled> poll(engine::Chunk& chunk) override {
    TextList error;
    ArrowArray columns{};
    again_ms_ = 0;
    switch (part_->read(kMostRows, &columns, &again_ms_, error)) {
      case abi::Polled::kRows: break;
      case abi::Polled::kNothingNow: return engine::Polled::kIdle;
      case abi::Polled::kEnd: return engine::Polled::kEnd;
      default: return failed(*source_, error);
    }
    DF_ASSIGN_OR_RETURN(Batch batch,
                        take_rows(&columns, nullptr, source_->schema, source_->arrow_schema));
    TextList words;
    if (!part_->position(words, error)) return failed(*source_, error);
    chunk.first_offset = position_.rows;
    position_.rows += batch.rows;
    position_.words = words.all.empty() ? std::string() : std::move(words.all.front());
    if (batch.rows == 0) {  // kMore would have it read again at once, for ever
      again_ms_ = kEmptyWaitMs;
      return engine::Polled::kIdle;
    }
    chunk.holder = std::make_shared<const Batch>(std::move(batch));
    return engine::Polled::kMore;
  }
  void wake_when_ready(std::function<void()> wake) override {
    cancel_wake();
    if (source_->timers == nullptr) return;
    const int64_t wait_ms = std::clamp<int64_t>(again_ms_, 1, kMostWaitMs);
    timer_ = source_->timers->schedule_after(wait_ms * 1'000'000, std::move(wake));
  }
  std::string position() const override { return to_text(position_); }
  int64_t lag() const override { return part_->lag(); }

 private:
  void cancel_wake() {
    if (timer_ != TimerId{}) source_->timers->cancel(timer_);
    timer_ = TimerId{};
  }

  const std::shared_ptr<SharedSource> source_;
  const std::unique_ptr<abi::ReaderPart, Release> part_;
  Position position_;
  int64_t again_ms_ = 0;
  TimerId timer_{};
};

// A chunk holds its rows already.
class PluginDecoder final : public engine::ChunkDecoder {
 public:
  Status decode(const engine::Split& /*split*/, const engine::Chunk& chunk,
                engine::DecodedRows& rows, std::vector<engine::SourceFault>& /*faults*/) override {
    rows.batch = *static_cast<const Batch*>(chunk.holder.get());
    for (int64_t i = 0; i < rows.batch.rows; ++i) rows.offsets.push_back(chunk.first_offset + i);
    return {};
  }
};

class PluginSource final : public engine::Source {
 public:
  explicit PluginSource(std::shared_ptr<SharedSource> shared) : shared_(std::move(shared)) {}

  SchemaPtr schema() const override { return shared_->schema; }
  bool bounded() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->part->bounded();
  }
  Result<std::vector<engine::Split>> splits() override {
    TextList found, error;
    {
      const std::lock_guard lock(shared_->mutex);
      if (!shared_->part->splits(found, error)) return failed(*shared_, error);
    }
    std::vector<engine::Split> splits;
    for (size_t i = 0; i + 1 < found.all.size(); i += 2) {
      for (const engine::Split& other : splits) {
        if (other.id != found.all[i]) continue;
        return Status::internal("source `" + shared_->node + "` gives two splits `" + other.id +
                                "`");
      }
      splits.push_back({found.all[i], to_text({0, found.all[i + 1]})});
    }
    return splits;
  }
  Result<std::unique_ptr<engine::SplitReader>> open(const engine::Split& split) override {
    DF_ASSIGN_OR_RETURN(Position position, parse_position(split.position));
    TextList error;
    abi::ReaderPart* part = nullptr;
    {
      const std::lock_guard lock(shared_->mutex);
      part = shared_->part->open(to_abi(split.id), to_abi(position.words), error);
    }
    if (part == nullptr) return failed(*shared_, error);
    return std::unique_ptr<engine::SplitReader>(
        std::make_unique<PluginReader>(shared_, part, std::move(position)));
  }
  Result<std::unique_ptr<engine::ChunkDecoder>> make_decoder() override {
    return std::unique_ptr<engine::ChunkDecoder>(std::make_unique<PluginDecoder>());
  }
  void on_checkpoint(const std::vector<engine::Split>& /*positions*/) override {}

 private:
  const std::shared_ptr<SharedSource> shared_;
};

}  // namespace

Result<std::unique_ptr<engine::Source>> make_plugin_source(
    abi::SourceFactory& factory, TimerQueue* timers, const plan::SourceSpec& spec,
    const engine::ConnectorContext& context) {
  if (!spec.metadata.empty()) {
    return Status::invalid("source `" + context.node + "`: connector `" + spec.connector +
                           "` has no metadata; leave out `metadata`");
  }
  auto shared = std::make_shared<SharedSource>();
  const RequestParts parts(context, spec.options, *spec.schema, {});
  TextList error;
  shared->part.reset(factory.make(parts.request(), error));
  if (shared->part == nullptr) {
    return Status::invalid("source `" + context.node + "`: " + error.words());
  }
  shared->schema = spec.schema;
  shared->arrow_schema = arrow_schema_of(*spec.schema);
  shared->node = context.node;
  shared->timers = timers;
  return std::unique_ptr<engine::Source>(std::make_unique<PluginSource>(std::move(shared)));
}

}  // namespace dataflow::plugins
