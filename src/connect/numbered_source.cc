#include "numbered_source.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace dataflow::connect {
namespace {

constexpr int64_t kChunkRows = 4096;
constexpr int64_t kPauseNanos = 5'000'000;  // between two looks at what the rate allows

// How many rows the split has.
int64_t rows_of(const NumberedRows& all, int64_t split) {
  if (!all.rows) return kMostNumberedRows;
  return *all.rows > split ? (*all.rows - split - 1) / all.splits + 1 : 0;
}

// What the reader tells the decoder.
struct Order {
  int64_t from = 0;  // of the split's rows
  int64_t rows = 0;
  int64_t began_ms = 0;
};

// "1234;began=1700000000000": the next row, and when the job first began.
std::string position_text(int64_t next, int64_t began_ms) {
  return std::to_string(next) + ";began=" + std::to_string(began_ms);
}

bool parse_position(std::string_view text, int64_t& next, int64_t& began_ms) {
  constexpr std::string_view kBegan = ";began=";
  const size_t mark = text.find(kBegan);
  if (mark == std::string_view::npos) return false;
  const auto number = [](std::string_view digits, int64_t& out) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  return number(text.substr(0, mark), next) && next >= 0 &&
         number(text.substr(mark + kBegan.size()), began_ms);
}

std::string split_id(int64_t split, int64_t splits) {
  return std::to_string(split) + "-of-" + std::to_string(splits);
}

int64_t split_of(const std::string& id) {
  int64_t split = 0;
  std::from_chars(id.data(), id.data() + id.size(), split);
  return split;
}

class NumberedReader final : public engine::SplitReader {
 public:
  NumberedReader(Env& env, TimerQueue* timers, std::shared_ptr<const NumberedRows> spec,
                 int64_t split, int64_t next, int64_t began_ms)
      : env_(env),
        timers_(timers),
        spec_(std::move(spec)),
        end_(rows_of(*spec_, split)),
        began_ms_(began_ms),
        opened_nanos_(env.monotonic_nanos()),
        opened_at_(next),
        next_(next) {}
  ~NumberedReader() override { cancel_wake(); }

  Result<engine::Polled> poll(engine::Chunk& chunk) override {
    if (next_ >= end_) return engine::Polled::kEnd;
    const int64_t allowed = allowed_end();
    if (next_ >= allowed) return engine::Polled::kIdle;
    // To a round number: where a job goes on has no say in what a chunk is.
    const int64_t to = std::min({end_, allowed, (next_ / kChunkRows + 1) * kChunkRows});
    const auto order = std::make_shared<const Order>(Order{next_, to - next_, began_ms_});
    chunk.holder = order;
    chunk.bytes = {reinterpret_cast<const char*>(order.get()), sizeof(Order)};
    chunk.first_offset = next_;
    next_ = to;
    return engine::Polled::kMore;
  }
  void wake_when_ready(std::function<void()> wake) override {
    cancel_wake();
    timer_ = timers_->schedule_after(kPauseNanos, std::move(wake));
  }
  std::string position() const override { return position_text(next_, began_ms_); }
  int64_t lag() const override { return spec_->rows ? end_ - next_ : 0; }

 private:
  // Behind the last row that the rate allows by now.
  int64_t allowed_end() const {
    if (spec_->rate == 0) return kMostNumberedRows;
    const double seconds = static_cast<double>(env_.monotonic_nanos() - opened_nanos_) / 1e9;
    const double rows = seconds * spec_->rate / static_cast<double>(spec_->splits);
    return opened_at_ + static_cast<int64_t>(std::min(rows, 1e18)) + 1;
  }
  void cancel_wake() {
    if (timer_ != TimerId{}) timers_->cancel(timer_);
    timer_ = TimerId{};
  }

  Env& env_;
  TimerQueue* const timers_;
  std::shared_ptr<const NumberedRows> spec_;
  const int64_t end_;
  const int64_t began_ms_;
  const int64_t opened_nanos_;
  const int64_t opened_at_;
  int64_t next_;
  TimerId timer_{};
};

class NumberedDecoder final : public engine::ChunkDecoder {
 public:
  NumberedDecoder(std::shared_ptr<const NumberedRows> spec, std::shared_ptr<const RowMaker> maker)
      : spec_(std::move(spec)), maker_(std::move(maker)) {}

  Status decode(const engine::Split& split, const engine::Chunk& chunk, engine::DecodedRows& rows,
                std::vector<engine::SourceFault>&) override {
    Order order;
    std::memcpy(&order, chunk.bytes.data(), sizeof order);
    const int64_t first = order.from * spec_->splits + split_of(split.id);
    rows.batch.schema = spec_->schema;
    rows.batch.rows = order.rows;
    DF_ASSIGN_OR_RETURN(rows.batch.columns,
                        maker_->make(first, spec_->splits, order.rows, order.began_ms));
    rows.offsets.resize(static_cast<size_t>(order.rows));
    for (size_t i = 0; i < rows.offsets.size(); ++i) {
      rows.offsets[i] = order.from + static_cast<int64_t>(i);
    }
    return {};
  }

 private:
  std::shared_ptr<const NumberedRows> spec_;
  std::shared_ptr<const RowMaker> maker_;
};

class NumberedSource final : public engine::Source {
 public:
  NumberedSource(Env& env, TimerQueue* timers, NumberedRows spec,
                 std::shared_ptr<const RowMaker> maker)
      : env_(env),
        timers_(timers),
        spec_(std::make_shared<const NumberedRows>(std::move(spec))),
        maker_(std::move(maker)) {}

  SchemaPtr schema() const override { return spec_->schema; }
  bool bounded() const override { return spec_->rows.has_value(); }
  Result<std::vector<engine::Split>> splits() override {
    std::vector<engine::Split> splits;
    const int64_t now = env_.now().value();
    for (int64_t i = 0; i < spec_->splits; ++i) {
      splits.push_back({split_id(i, spec_->splits), position_text(0, now)});
    }
    return splits;
  }
  Result<std::unique_ptr<engine::SplitReader>> open(const engine::Split& split) override {
    int64_t next = 0;
    int64_t began_ms = 0;
    if (!parse_position(split.position, next, began_ms)) {
      return Status::corrupt(spec_->where + ": the position `" + split.position +
                             "` cannot be read");
    }
    return std::unique_ptr<engine::SplitReader>(
        std::make_unique<NumberedReader>(env_, timers_, spec_, split_of(split.id), next, began_ms));
  }
  Result<std::unique_ptr<engine::ChunkDecoder>> make_decoder() override {
    return std::unique_ptr<engine::ChunkDecoder>(std::make_unique<NumberedDecoder>(spec_, maker_));
  }
  void on_checkpoint(const std::vector<engine::Split>&) override {}

 private:
  Env& env_;
  TimerQueue* const timers_;
  std::shared_ptr<const NumberedRows> spec_;
  std::shared_ptr<const RowMaker> maker_;
};

}  // namespace

std::unique_ptr<engine::Source> make_numbered_source(Env& env, TimerQueue* timers,
                                                     NumberedRows spec,
                                                     std::shared_ptr<const RowMaker> maker) {
  return std::make_unique<NumberedSource>(env, timers, std::move(spec), std::move(maker));
}

}  // namespace dataflow::connect
