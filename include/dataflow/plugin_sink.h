// Sink: where rows go.
//
// At least once: write rows out, at the latest in checkpoint(); after a crash those since the last
// checkpoint come again. Exactly once: keep rows back, hand them over as committables at each
// checkpoint, and make them visible in commit(), where a second commit of the same must change
// nothing.
#pragma once

#include <dataflow/plugin_request.h>

namespace dataflow::plugin {

// Takes rows that a sink cannot write; they become dead letters.
class Faults {
 public:
  explicit Faults(abi::Faults& faults) : faults_(&faults) {}
  void add(int64_t row, std::string_view reason) { faults_->add(row, to_abi(reason)); }

 private:
  abi::Faults* faults_;
};

// One a task; used by one thread at a time.
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  virtual void write(const Batch& batch, Faults& faults) = 0;
  virtual void on_end() {}  // checkpoint() is called once more
  // What shall become visible once this checkpoint is durable: everything that was written since
  // the last one, in bytes of the sink's own. Of a sink at least once: nothing, but then all must
  // be out when it returns.
  virtual std::vector<std::string> checkpoint(int64_t id) = 0;
  virtual int64_t staged_bytes() const { return 0; }  // much brings the next checkpoint forward
};

// Calls are never concurrent.
class Sink {
 public:
  virtual ~Sink() = default;
  // Both are asked once, when it is made.
  virtual bool exactly_once() const { return false; }
  // Whether it can tell of others than kInsert.
  virtual bool takes_updates() const { return false; }
  virtual std::unique_ptr<SinkWriter> open(int task) = 0;
  // The checkpoint is durable: make its committables visible, durably. `again`: they may be so
  // already, for the process ended before it knew.
  virtual void commit(int64_t /*checkpoint*/, const std::vector<std::string>& /*committables*/,
                      bool /*again*/) {}
};

namespace detail {

class WriterAdapter final : public abi::WriterPart {
 public:
  WriterAdapter(std::unique_ptr<SinkWriter> writer, const Schema& schema)
      : writer_(std::move(writer)), schema_(schema) {}

  void release() noexcept override { delete this; }
  bool write(const abi::Rows& rows, abi::Faults& faults, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      Faults given(faults);
      writer_->write(Batch(rows, schema_), given);
    });
  }
  bool on_end(abi::Texts& error) noexcept override {
    return guarded(error, [&] { writer_->on_end(); });
  }
  bool checkpoint(int64_t id, abi::Texts& committables, abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      for (const std::string& one : writer_->checkpoint(id)) committables.add(to_abi(one));
    });
  }
  int64_t staged_bytes() noexcept override {
    return number_or_zero([&] { return writer_->staged_bytes(); });
  }

 private:
  std::unique_ptr<SinkWriter> writer_;
  const Schema schema_;
};

class SinkAdapter final : public abi::SinkPart {
 public:
  SinkAdapter(std::unique_ptr<Sink> sink, Schema schema)
      : sink_(std::move(sink)),
        schema_(std::move(schema)),
        exactly_once_(sink_->exactly_once()),
        takes_updates_(sink_->takes_updates()) {}

  void release() noexcept override { delete this; }
  bool exactly_once() noexcept override { return exactly_once_; }
  bool takes_updates() noexcept override { return takes_updates_; }
  abi::WriterPart* open(int task, abi::Texts& error) noexcept override {
    abi::WriterPart* made = nullptr;
    guarded(error,
            [&] { made = new WriterAdapter(made_by("open()", sink_->open(task)), schema_); });
    return made;
  }
  bool commit(int64_t checkpoint, const abi::Text* committables, size_t count, bool again,
              abi::Texts& error) noexcept override {
    return guarded(error, [&] {
      std::vector<std::string> given;
      for (size_t i = 0; i < count; ++i) given.emplace_back(from_abi(committables[i]));
      sink_->commit(checkpoint, given, again);
    });
  }

 private:
  std::unique_ptr<Sink> sink_;
  const Schema schema_;
  const bool exactly_once_, takes_updates_;  // asked once, where failing has words
};

}  // namespace detail
}  // namespace dataflow::plugin
