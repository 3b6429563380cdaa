#include "over_functions.h"

#include <algorithm>

#include "faulty_rows.h"
#include "plan/aggregate.h"

namespace dataflow::engine {

using plan::OverFunctionKind;
using state::ValueKind;

namespace {

constexpr int64_t kMicrosInMilli = 1000;
constexpr int64_t kRowsOut = 8192;
// Columns of a group's row of state.
constexpr size_t kRows = 0;
constexpr size_t kPlaces = 1;
const std::vector<ValueKind> kCounts = {ValueKind::kInt64, ValueKind::kInt64};

}  // namespace

Status OverRows::drop(const std::vector<uint8_t>& gone) {
  std::vector<int32_t> kept;
  for (OverPart& part : parts) {
    const OverPart before = part;
    part.begin = kept.size();
    for (size_t row = before.begin; row < before.end; ++row) {
      if (row == before.fresh) part.fresh = kept.size();
      if (gone[row] == 0) kept.push_back(static_cast<int32_t>(row));
    }
    part.end = kept.size();
    if (before.fresh == before.end) part.fresh = part.end;
  }
  for (size_t i = 0; i < kept.size(); ++i) {
    places[i] = places[static_cast<size_t>(kept[i])];
    rows[i] = rows[static_cast<size_t>(kept[i])];
  }
  places.resize(kept.size());
  rows.resize(kept.size());
  DF_ASSIGN_OR_RETURN(batch, take(batch, kept));
  return {};
}

OverFunctions::OverFunctions(const plan::OverSpec& spec, SchemaPtr output, bool streaming)
    : spec_(spec),
      schema_(std::move(output)),
      streaming_(streaming),
      first_output_(schema_->size() - spec.aggregates.size()) {}

Result<std::unique_ptr<OverFunctions>> OverFunctions::make(const plan::OverSpec& spec,
                                                           const Schema& input, SchemaPtr output,
                                                           bool streaming) {
  std::unique_ptr<OverFunctions> made(new OverFunctions(spec, std::move(output), streaming));
  if (!streaming) {
    DF_ASSIGN_OR_RETURN(made->ranges_, RangeFrames::make(spec, input));
  }
  // Frames whose beginnings move merge only what merges exactly.
  std::vector<size_t> merged, others;
  for (size_t i = 0; i < spec.aggregates.size(); ++i) {
    const plan::Aggregate& aggregate = spec.aggregates[i];
    if (plan::find_over_function(aggregate.function) != nullptr) {
      DF_RETURN_IF_ERROR(made->add_function(aggregate, i, input));
      continue;
    }
    const bool merges =
        made->beginning_moves() && FrameAggregates::merges_exactly(aggregate, input);
    (merges ? merged : others).push_back(i);
  }
  const bool any_frames = !merged.empty() || !others.empty();
  if (any_frames && made->beginning_moves()) {
    if (spec.unit == plan::FrameUnit::kRows) {
      made->rows_back_ = std::max(made->rows_back_, spec.preceding);
    } else if (spec.preceding > 0) {
      made->millis_back_ = spec.preceding;
    }
  }
  made->adds_up_ = any_frames && streaming && !made->beginning_moves();
  DF_RETURN_IF_ERROR(made->add_frames(merged, input));
  DF_RETURN_IF_ERROR(made->add_frames(others, input));
  return made;
}

Status OverFunctions::add_function(const plan::Aggregate& aggregate, size_t output,
                                   const Schema& input) {
  Function function{plan::find_over_function(aggregate.function)->kind};
  function.output = output;
  switch (function.kind) {
    case OverFunctionKind::kNtile: function.number = plan::buckets_of(aggregate); break;
    case OverFunctionKind::kNthValue: takes_nth_ = true; [[fallthrough]];
    case OverFunctionKind::kLag:
    case OverFunctionKind::kLead: {
      function.number = plan::offset_of(aggregate);
      DF_ASSIGN_OR_RETURN(function.value, expr::bind(aggregate.argument, input));
      DF_ASSIGN_OR_RETURN(function.instead, plan::default_of(aggregate, function.value->type()));
      if (streaming_) rows_back_ = std::max(rows_back_, function.number);
      break;
    }
    default: counts_ |= streaming_; break;
  }
  functions_.push_back(std::move(function));
  return {};
}

Status OverFunctions::add_frames(const std::vector<size_t>& outputs, const Schema& input) {
  if (outputs.empty()) return {};
  std::vector<plan::Aggregate> aggregates;
  for (const size_t output : outputs) aggregates.push_back(spec_.aggregates[output]);
  DF_ASSIGN_OR_RETURN(
      auto frames,
      FrameAggregates::make(aggregates, input, *schema_,
                            adds_up_ ? kCounts : std::vector<ValueKind>(), beginning_moves()));
  frames_.push_back({std::move(frames), outputs});
  return {};
}

std::vector<ValueKind> OverFunctions::group_columns() const {
  return adds_up_ ? frames_.front().aggregates->columns() : kCounts;
}

Status OverFunctions::open(OperatorContext& context, state::KeyedTable* groups) {
  context_ = &context;
  groups_ = groups;
  if (!adds_up_) return {};
  return frames_.front().aggregates->open(context, *groups);
}

// False where rows failed: they are dropped, and the others are to be evaluated anew.
Result<bool> OverFunctions::evaluate(OverRows& rows) {
  for (const Frames& frames : frames_) {
    DF_ASSIGN_OR_RETURN(const std::vector<uint8_t> faulty,
                        frames.aggregates->evaluate(*context_, rows.batch));
    if (faulty.empty()) continue;
    DF_RETURN_IF_ERROR(rows.drop(faulty));
    return false;
  }
  eval_.now_millis = context_->now_millis();
  eval_.faults.clear();
  values_.assign(functions_.size(), nullptr);
  for (size_t i = 0; i < functions_.size(); ++i) {
    if (functions_[i].value == nullptr) continue;
    DF_ASSIGN_OR_RETURN(values_[i], functions_[i].value->evaluate(rows.batch, {}, eval_));
  }
  if (eval_.faults.empty()) return true;
  DF_RETURN_IF_ERROR(send_faults(*context_, rows.batch, eval_.faults));
  std::vector<uint8_t> faulty(static_cast<size_t>(rows.batch.rows));
  for (const RowFault& fault : eval_.faults) faulty[static_cast<size_t>(fault.row)] = 1;
  DF_RETURN_IF_ERROR(rows.drop(faulty));
  return false;
}

Status OverFunctions::emit(OverRows& rows, Collector& out) {
  while (rows.batch.rows > 0) {
    DF_ASSIGN_OR_RETURN(const bool all, evaluate(rows));
    if (all) break;
  }
  if (rows.batch.rows == 0) return {};
  DF_RETURN_IF_ERROR(compute(rows));
  return leave(rows, out);
}

// Those that left already are no peers of those that leave: in a stream they all leave at once.
void OverFunctions::find_peers(const OverRows& rows, const OverPart& part) {
  int64_t places = part.group && counts_ ? groups_->ints(kPlaces)[*part.group] : 0;
  for (size_t row = part.fresh; row < part.end;) {
    size_t end = row + 1;
    while (end < part.end && rows.places[end] == rows.places[row]) ++end;
    ++places;
    for (size_t peer = row; peer < end; ++peer) {
      peers_begin_[peer] = row;
      peers_end_[peer] = end;
      dense_[peer] = places;
    }
    row = end;
  }
}

FrameAggregates::Frame OverFunctions::frame_of_rows(const OverPart& part, size_t row) const {
  const auto back = static_cast<int64_t>(row - part.begin);
  const auto ahead = static_cast<int64_t>(part.end - row);
  const auto at = [&](int64_t step) {
    return static_cast<size_t>(static_cast<int64_t>(row) + std::clamp(step, -back, ahead));
  };
  // A distance may be as large as a number can be.
  const int64_t far = std::min(spec_.following, ahead + back);
  Frame frame{part.begin, part.end};
  if (beginning_moves()) frame.begin = at(spec_.begins_ahead ? spec_.preceding : -spec_.preceding);
  if (spec_.following != plan::kWithoutBound) frame.end = at((spec_.ends_before ? -far : far) + 1);
  frame.end = std::max(frame.begin, frame.end);
  return frame;
}

void OverFunctions::find_frames(const OverRows& rows, const OverPart& part) {
  of_part_.clear();
  if (ranges_ != nullptr) return ranges_->find(part.begin, part.end, of_part_);
  const bool by_rows = spec_.unit == plan::FrameUnit::kRows;
  // What is added up in state stands before all rows at hand.
  const size_t first = adds_up_ ? part.fresh : part.begin;
  size_t begin = first;
  for (size_t row = part.fresh; row < part.end; ++row) {
    if (by_rows) {
      of_part_.push_back(frame_of_rows(part, row));
      if (!beginning_moves()) of_part_.back().begin = first;
      continue;
    }
    if (!beginning_moves()) {
      begin = first;
    } else if (spec_.preceding == 0) {
      begin = peers_begin_[row];
    } else {
      const int64_t from = rows.places[row] - spec_.preceding * kMicrosInMilli;
      while (rows.places[begin] < from) ++begin;
    }
    // By time frames reach ahead in bounded jobs only.
    const size_t end = spec_.following == plan::kWithoutBound ? part.end : peers_end_[row];
    of_part_.push_back({begin, end});
  }
}

Status OverFunctions::compute(const OverRows& rows) {
  writers_.clear();
  for (size_t i = first_output_; i < schema_->size(); ++i) {
    writers_.emplace_back((*schema_)[i].type);
  }
  const auto count = static_cast<size_t>(rows.batch.rows);
  peers_begin_.resize(count);
  peers_end_.resize(count);
  dense_.resize(count);
  for (Frames& frames : frames_) {
    frames.writers.clear();
    for (const size_t output : frames.outputs) frames.writers.push_back(&writers_[output]);
  }
  if (ranges_ != nullptr) ranges_->read(rows.batch);
  for (Function& function : functions_) function.chosen.clear();
  for (const OverPart& part : rows.parts) {
    if (part.fresh == part.end) continue;
    find_peers(rows, part);
    if (!frames_.empty() || takes_nth_) find_frames(rows, part);
    const auto group = adds_up_ ? part.group : std::nullopt;
    for (const Frames& frames : frames_) {
      DF_RETURN_IF_ERROR(frames.aggregates->run(of_part_, group, frames.writers));
    }
    put_places(part);
    for (Function& function : functions_) {
      if (function.value != nullptr) choose(function, rows, part);
    }
  }
  return {};
}

void OverFunctions::put_places(const OverPart& part) {
  for (const Function& function : functions_) {
    if (function.value != nullptr) continue;
    put_place(function, part, writers_[function.output]);
  }
  if (!counts_ || !part.group) return;
  groups_->ints(kRows)[*part.group] += static_cast<int64_t>(part.end - part.fresh);
  groups_->ints(kPlaces)[*part.group] = dense_[part.end - 1];
}

void OverFunctions::put_place(const Function& function, const OverPart& part,
                              ColumnWriter& writer) const {
  const int64_t before = part.group && counts_ ? groups_->ints(kRows)[*part.group] : 0;
  const auto all = static_cast<int64_t>(part.end - part.fresh);
  // Of NTILE: the first parts have one row more than the others.
  const int64_t size = function.number > 0 ? all / function.number : 0;
  const int64_t larger = function.number > 0 ? all % function.number : 0;
  for (size_t row = part.fresh; row < part.end; ++row) {
    const auto at = static_cast<int64_t>(row - part.fresh);
    const auto first_peer = static_cast<int64_t>(peers_begin_[row] - part.fresh);
    switch (function.kind) {
      case OverFunctionKind::kRowNumber: writer.put_int(before + at + 1); break;
      case OverFunctionKind::kRank: writer.put_int(before + first_peer + 1); break;
      case OverFunctionKind::kDenseRank: writer.put_int(dense_[row]); break;
      case OverFunctionKind::kPercentRank:
        writer.put_float(all == 1 ? 0
                                  : static_cast<double>(first_peer) / static_cast<double>(all - 1));
        break;
      case OverFunctionKind::kCumeDist:
        writer.put_float(static_cast<double>(peers_end_[row] - part.fresh) /
                         static_cast<double>(all));
        break;
      default: {
        const int64_t in_larger = larger * (size + 1);
        writer.put_int(at < in_larger ? at / (size + 1) + 1 : larger + (at - in_larger) / size + 1);
      }
    }
  }
}

// Where there is no such row it is the one behind all.
void OverFunctions::choose(Function& function, const OverRows& rows, const OverPart& part) const {
  const int64_t number = function.number;
  for (size_t row = part.fresh; row < part.end; ++row) {
    // An offset may be as large as a number can be.
    const auto at = static_cast<int64_t>(row);
    const auto back = static_cast<int64_t>(row - part.begin);
    const auto ahead = static_cast<int64_t>(part.end - row) - 1;
    int64_t chosen = rows.batch.rows;
    if (function.kind == OverFunctionKind::kNthValue) {
      const Frame& frame = of_part_[row - part.fresh];
      if (number <= static_cast<int64_t>(frame.end - frame.begin)) {
        chosen = static_cast<int64_t>(frame.begin) + number - 1;
      }
    } else if (function.kind == OverFunctionKind::kLag) {
      if (number <= back) chosen = at - number;
    } else if (number <= ahead) {
      chosen = at + number;
    }
    function.chosen.push_back(static_cast<int32_t>(chosen));
  }
}

Result<ColumnPtr> OverFunctions::chosen_of(const Function& function, const ColumnPtr& values,
                                           const OverRows& rows) {
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{"value", function.value->type()}});
  DF_ASSIGN_OR_RETURN(const Batch all, concat({Batch{schema, rows.batch.rows, {values}},
                                               Batch{schema, 1, {function.instead}}}));
  DF_ASSIGN_OR_RETURN(Batch taken, take(all, function.chosen));
  return std::move(taken.columns.front());
}

// Parts of a few thousand rows leave, whatever a partition has.
Status OverFunctions::leave(const OverRows& rows, Collector& out) {
  std::vector<int32_t> fresh;
  for (const OverPart& part : rows.parts) {
    for (size_t row = part.fresh; row < part.end; ++row) {
      fresh.push_back(static_cast<int32_t>(row));
    }
  }
  if (fresh.empty()) return {};
  Batch made = rows.batch;
  if (std::ssize(fresh) != made.rows) {
    DF_ASSIGN_OR_RETURN(made, take(rows.batch, fresh));
  }
  made.schema = schema_;
  made.columns.resize(schema_->size());
  for (const Frames& frames : frames_) {
    for (const size_t output : frames.outputs) {
      DF_ASSIGN_OR_RETURN(made.columns[first_output_ + output], writers_[output].take());
    }
  }
  for (size_t i = 0; i < functions_.size(); ++i) {
    const size_t output = functions_[i].output;
    if (functions_[i].value == nullptr) {
      DF_ASSIGN_OR_RETURN(made.columns[first_output_ + output], writers_[output].take());
    } else {
      DF_ASSIGN_OR_RETURN(made.columns[first_output_ + output],
                          chosen_of(functions_[i], values_[i], rows));
    }
  }
  for (int64_t from = 0; from < made.rows; from += kRowsOut) {
    DF_RETURN_IF_ERROR(out.emit(slice(made, from, std::min(kRowsOut, made.rows - from))));
  }
  return {};
}

void OverFunctions::before_barrier() {
  if (adds_up_) frames_.front().aggregates->before_barrier();
}

size_t OverFunctions::memory_bytes() const {
  size_t bytes = 0;
  for (const Frames& frames : frames_) bytes += frames.aggregates->memory_bytes();
  return bytes;
}

}  // namespace dataflow::engine
