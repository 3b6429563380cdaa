// The source "counter": numbers from 0 on, with a key and a time, in as many splits as asked for.
//
//   counter: {connector: counter, rows: 100000, splits: 2, keys: 5,
//             schema: {key: STRING, number: BIGINT, time: TIMESTAMP(3)}}
#include <string>

#include "parts.h"

namespace example {
namespace {

constexpr int64_t kStartMs = 1'700'000'000'000;

struct Options {
  int64_t rows = 0;  // of each split; 0: without end
  int64_t splits = 1;
  int64_t keys = 1;
  int64_t pause_ms = 0;  // after each batch
  size_t key_column = 0, number_column = 0, time_column = 0;
};

class CounterReader final : public df::SplitReader {
 public:
  CounterReader(const Options& options, int64_t split, int64_t next)
      : options_(options), split_(split), next_(next) {}

  df::Read read(int64_t most_rows, df::BatchBuilder& rows) override {
    if (options_.rows > 0 && next_ >= options_.rows) return df::Read::end();
    if (options_.pause_ms > 0) {
      paused_ = !paused_;
      if (paused_) return df::Read::nothing(options_.pause_ms);
      most_rows = std::min<int64_t>(most_rows, 10);
    }
    for (; most_rows > 0 && (options_.rows == 0 || next_ < options_.rows); --most_rows, ++next_) {
      const int64_t number = next_ * options_.splits + split_;
      rows.text(options_.key_column, "key_" + std::to_string(number % options_.keys));
      rows.integer(options_.number_column, number);
      rows.integer(options_.time_column, kStartMs + next_);
    }
    return df::Read::rows();
  }
  std::string position() const override { return std::to_string(next_); }
  int64_t lag() const override { return options_.rows > 0 ? options_.rows - next_ : 0; }

 private:
  const Options options_;
  const int64_t split_;
  int64_t next_;
  bool paused_ = false;
};

class Counter final : public df::Source {
 public:
  explicit Counter(const Options& options) : options_(options) {}

  bool bounded() const override { return options_.rows > 0; }
  std::vector<df::Split> splits() override {
    std::vector<df::Split> splits;
    for (int64_t i = 0; i < options_.splits; ++i) splits.push_back({std::to_string(i), "0"});
    return splits;
  }
  std::unique_ptr<df::SplitReader> open(const std::string& split,
                                        const std::string& position) override {
    return std::make_unique<CounterReader>(options_, std::stoll(split), std::stoll(position));
  }

 private:
  const Options options_;
};

// The pipeline says which columns there are; the source, which it can fill.
size_t column_of(const df::Schema& schema, const std::string& name, const std::string& type) {
  const size_t column = schema.require(name);
  if (schema[column].type == type) return column;
  throw df::Error("column `" + name + "` is " + schema[column].type + "; it must be " + type);
}

}  // namespace

std::unique_ptr<df::Source> make_counter(const df::Request& request) {
  Options options;
  options.rows = request.options.integer("rows", 0, 0);
  options.splits = request.options.integer("splits", 1, 1, 128);
  options.keys = request.options.integer("keys", 1, 1);
  options.pause_ms = request.options.integer("pause_ms", 0, 0, 60'000);
  if (request.schema.size() != 3) throw df::Error("fills three columns: key, number, time");
  options.key_column = column_of(request.schema, "key", "STRING");
  options.number_column = column_of(request.schema, "number", "BIGINT");
  options.time_column = column_of(request.schema, "time", "TIMESTAMP(3)");
  return std::make_unique<Counter>(options);
}

}  // namespace example
