// SourceDriver: the splits of one source in one task. It chooses which split to read, makes rows of
// its chunks, and tells event time.
//
// Of several splits the one furthest behind in event time is read first. A split's watermark moves
// only where a row's offset passes a multiple of `batch_rows` (or of what the source says), or
// where the split has nothing more for now: so where it moves does not hang on how the bytes were
// cut into chunks. It is the greatest time seen less the delay.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "chain.h"
#include "engine/job.h"
#include "engine/source.h"
#include "expr/bound.h"
#include "plan/plan.h"
#include "state/job_store.h"

namespace dataflow::engine {

struct SourceDriverOptions {
  std::string node;
  SchemaPtr
      schema;  // of what goes on: the source's columns, or some of them, and the computed ones
  std::optional<plan::WatermarkSpec> watermark;
  bool bounded = false;  // no watermark before the end, no guard against the future
  int64_t batch_rows = 4096;
  std::vector<plan::NamedExpression> computed;
};

class SourceDriver {
 public:
  // `wake` is called from any thread when step() may have something to do again.
  SourceDriver(Source& source, SourceDriverOptions options, std::function<void()> wake);
  ~SourceDriver();

  // Where the split stood, if a checkpoint knows it.
  Status add_split(const Split& split, const std::string* saved);
  Status open();

  // Before step(): those behind learn how far time was, and whether the source is at its end
  // already. Does nothing when it is called again.
  Status begin(Chain& chain);
  enum class Step : uint8_t { kWorked, kIdle, kEnded };
  // Reads one chunk into the chain, or finds nothing to do.
  Result<Step> step(Chain& chain);
  // The moment at which an idle split stops holding the watermark, if there is one to come.
  std::optional<int64_t> next_timer() const { return next_idle_; }
  // Positions that changed since the last call.
  void collect(TaskPart& part);

  // Safe from other threads.
  std::vector<SplitStats> stats() const;

 private:
  struct Reading;

  Reading* furthest_behind();
  // Leaves out the columns that the source gives and nobody reads.
  void choose_columns(Batch& batch) const;
  Result<Step> read_chunk(Reading& reading, const Chunk& chunk, Chain& chain);
  // Adds the computed columns; rows for which one fails are dead.
  Status compute(Reading& reading, DecodedRows& rows, Chain& chain);
  Status send_rows(Reading& reading, DecodedRows& rows, Chain& chain);
  // Takes out rows without a usable time; true if any was.
  Status check_times(Reading& reading, Batch& batch, std::vector<int64_t>& offsets, Chain& chain);
  Status advance(Reading& reading, Chain& chain);
  Status send_progress(Chain& chain);
  // All of it was read, and there will be no more.
  bool is_over() const;
  // Of a value of the time column.
  int64_t millis(int64_t time) const {
    return time_units_ == 1 ? time : (time - (time < 0 ? time_units_ - 1 : 0)) / time_units_;
  }
  // To those behind, once: each split was at its end. Of a source that ends, its end says so.
  void tell_caught_up(Chain& chain);
  void wait_for(Reading& reading);
  SplitStats stats_of(const Reading& reading) const;
  void publish();
  void publish(const Reading& reading);

  Source& source_;
  const SourceDriverOptions options_;
  const int64_t stretch_;  // offsets of a split between two moves of its watermark
  const std::shared_ptr<std::function<void()>> wake_;
  SchemaPtr given_;                            // of what goes on, without the computed columns
  std::optional<std::vector<size_t>> chosen_;  // of the source's columns; absent: all
  std::optional<size_t> time_column_;
  int64_t time_units_ = 1;
  std::unique_ptr<ChunkDecoder> decoder_;
  std::vector<expr::BoundPtr> computed_;
  expr::EvalContext eval_;
  std::vector<std::unique_ptr<Reading>> readings_;
  DecodedRows rows_;
  std::vector<SourceFault> faults_;
  Watermark sent_ = kNoWatermark;
  bool sent_idle_ = false;
  bool begun_ = false;
  bool told_caught_up_ = false;
  std::optional<int64_t> next_idle_;

  mutable std::mutex stats_mutex_;
  std::vector<SplitStats> stats_;
};

}  // namespace dataflow::engine
