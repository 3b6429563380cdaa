// How far an operator has come in time, as named state by ranges of key groups: after a restore it
// knows what it has closed. In event time that is the watermark, in processing time the last moment
// at which a task closed what was due; the clock does not go back behind it.
//
// Two tasks may stand at different times when one barrier reaches them (a split that wakes up may
// hold back one and come too late for the other). A task that takes over groups of both begins at
// the later time; what the others have open until then is due at once: see is_behind().
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/operator.h"

namespace dataflow::engine {

// The watermark less some time: what may go on where rows so far behind it may yet leave.
Watermark held_back(Watermark watermark, int64_t by_ms);

class WatermarkState {
 public:
  Status open(OperatorContext& context);
  Watermark value() const { return value_; }
  // False if it is no news: after a restore the inputs tell again what was known before.
  bool advance(Watermark watermark);
  void before_barrier(OperatorContext& context);

  // Since open(): groups of this task had not come as far as value(). Whoever owns this closes for
  // each of them what lies between, with the first event, and then says so.
  bool is_behind() const { return is_behind_; }
  Watermark of(state::KeyGroup group) const { return of_group_[group.value()]; }
  void has_caught_up() { is_behind_ = false; }

 private:
  Status take(const std::string& name, const std::string& text, state::KeyGroupRange own);

  std::string name_;
  Watermark value_ = kNoWatermark;
  std::array<Watermark, state::kKeyGroups> of_group_;
  bool is_behind_ = false;
  bool changed_ = false;
  std::vector<std::string> to_forget_;  // names of ranges that are no task's any more
};

}  // namespace dataflow::engine
