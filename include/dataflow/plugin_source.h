// Source: where rows come from.
#pragma once

#include <dataflow/plugin_builder.h>
#include <dataflow/plugin_request.h>

namespace dataflow::plugin {

// A part of a source that is read in its own order.
struct Split {
  std::string id;        // stays the same over restarts: positions are kept under it
  std::string position;  // where to begin if there is none: the source's own words
};

struct Read {
  abi::Polled how = abi::Polled::kRows;
  int64_t again_ms = 0;

  static Read rows() { return {}; }
  // Nothing now; ask again in so many milliseconds.
  static Read nothing(int64_t again_ms = 50) { return {abi::Polled::kNothingNow, again_ms}; }
  static Read end() { return {abi::Polled::kEnd, 0}; }  // nothing ever again
};

// Reads one split; used by one task at a time.
class SplitReader {
 public:
  virtual ~SplitReader() = default;
  // Puts up to so many rows into `rows` and returns Read::rows(), or says that there are none. A
  // few milliseconds is as long as it may take: other splits wait meanwhile. Read::rows() without
  // rows is the same as Read::nothing().
  virtual Read read(int64_t most_rows, BatchBuilder& rows) = 0;
  // Behind the last row that read() gave: a reader that is opened there goes on with the next one.
  virtual std::string position() const = 0;
  virtual int64_t lag() const { return 0; }  // rows that are there and were not read yet
};

// Calls are never concurrent.
class Source {
 public:
  virtual ~Source() = default;
  virtual bool bounded() const { return false; }  // its splits end; asked once
  // Those there are now. Asked again every now and then for new ones, unless bounded.
  virtual std::vector<Split> splits() = 0;
  // `position` is of splits(), or of a reader's position() at the last checkpoint.
  virtual std::unique_ptr<SplitReader> open(const std::string& split,
                                            const std::string& position) = 0;
};

namespace detail {

class ReaderAdapter final : public abi::ReaderPart {
 public:
  ReaderAdapter(std::unique_ptr<SplitReader> reader, const Schema& schema)
      : reader_(std::move(reader)), rows_(schema) {}

  void release() noexcept override { delete this; }
  abi::Polled read(int64_t most_rows, ArrowArray* columns, int64_t* again_ms,
                   abi::Texts& error) noexcept override {
    Read read;
    const bool ok = guarded(error, [&] {
      read = reader_->read(most_rows, rows_);
      if (read.how == abi::Polled::kRows) {
        *columns = rows_.finish();
      } else if (!rows_.empty()) {
        throw Error("the reader of a split gives rows, but says that there are none");
      }
    });
    *again_ms = read.again_ms;
    return ok ? read.how : abi::Polled::kFailed;
  }
  bool position(abi::Texts& out, abi::Texts& error) noexcept override {
    return guarded(error, [&] { out.add(to_abi(reader_->position())); });
  }
  int64_t lag() noexcept override {
    return number_or_zero([&] { return reader_->lag(); });
  }

 private:
  std::unique_ptr<SplitReader> reader_;
  BatchBuilder rows_;
};

class SourceAdapter final : public abi::SourcePart {
 public:
  SourceAdapter(std::unique_ptr<Source> source, Schema schema)
      : source_(std::move(source)), schema_(std::move(schema)), bounded_(source_->bounded()) {
    const BatchBuilder can_be_made(schema_);  // else it would throw in open(), with the job running
  }

  void release() noexcept override { delete this; }
  bool bounded() noexcept override { return bounded_; }
  bool splits(abi::Texts& out, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      for (const Split& split : source_->splits()) {
        out.add(to_abi(split.id));
        out.add(to_abi(split.position));
      }
    });
  }
  abi::ReaderPart* open(abi::Text split, abi::Text position, abi::Texts& error) noexcept override {
    abi::ReaderPart* made = nullptr;
    guarded(error, [&] {
      made = new ReaderAdapter(made_by("open()", source_->open(std::string(from_abi(split)),
                                                               std::string(from_abi(position)))),
                               schema_);
    });
    return made;
  }

 private:
  std::unique_ptr<Source> source_;
  const Schema schema_;
  const bool bounded_;  // asked once, where failing has words
};

}  // namespace detail
}  // namespace dataflow::plugin
