// OperatorBed: one operator's tasks without a job around them, for tests: the test says when rows,
// watermarks and barriers come and what the clock shows, and may end the tasks behind a barrier and
// begin them anew at another parallelism.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/operator.h"
#include "key_columns.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class OperatorBed {
 public:
  using Make = std::function<Result<std::unique_ptr<Operator>>()>;
  // Rows go to the task that owns their key; of a second input by its own columns.
  OperatorBed(Make make, std::vector<size_t> keys, std::vector<size_t> second_keys = {});
  ~OperatorBed();

  // Ends what runs, and begins from the last barrier.
  Status start(int parallelism);
  Status batch(const Batch& batch, size_t input = 0);
  // The input has, at all tasks.
  Status caught_up(size_t input);
  Status watermark(int64_t millis);
  Status watermark_of(int task, int64_t millis);
  // Takes a barrier through all tasks and keeps their state. The rows of the deltas that it took.
  Result<size_t> barrier();
  Status end();
  // The clock, and timers that are due by it.
  Status set_clock(int64_t millis);

  // What left by each output, "+I {…}", in order.
  const std::vector<std::string>& rows(size_t output) { return rows_[output]; }
  // Batches that ended with what a row was (-U), so that what it is (+U) came in the next.
  size_t split_pairs() const { return split_pairs_; }
  const std::vector<std::string>& dead() const { return dead_; }
  // How often an operator broke off and had to go on.
  size_t breaks() const { return breaks_; }
  // What the operator lets go on of the last watermark.
  int64_t forwarded() const;
  // Rows in all tables of all tasks.
  size_t state_rows() const;

 private:
  class Task;

  Status finish(Task& task);

  const Make make_;
  std::array<KeyColumns, 2> keys_;  // by input
  int64_t clock_ = 0;
  int64_t watermark_ = INT64_MIN;
  size_t breaks_ = 0;
  size_t split_pairs_ = 0;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::map<size_t, std::vector<std::string>> rows_;
  std::vector<std::string> dead_;
  // As of the last barrier.
  std::map<std::string, std::vector<state::DeltaBlock>> deltas_;
  std::map<std::string, std::string> named_;
};

}  // namespace dataflow::engine
